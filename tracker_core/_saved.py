"""Files that `run.save()` keeps in the run's folder."""

from __future__ import annotations

import glob
import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tracker_core import _records as records
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WILDCARDS = frozenset("*?[")


def keep(
    files: Path,
    pattern: str,
    base_path: str | os.PathLike[str] | None,
    policy: Literal["now", "live", "end"],
    time: float,
) -> list[records.File]:
    """Copies what `pattern` matches below `files` and returns a record for each.

    With the policies `live` and `end` the background process copies again later; a first copy is made all the same,
    so that a killed run has one. A file that cannot be read is left out with a warning.
    """
    if policy not in ("now", "live", "end"):
        raise UsageError(f"policy={policy!r} must be 'now', 'live' or 'end'")
    base = Path(base_path) if base_path is not None else _fixed_part(pattern)
    kept = []
    for source in _expand(pattern):
        path = _below(source, base.absolute(), pattern)
        try:
            record = _copy(source, files / path, path, policy, time)
        except OSError as error:
            warnings.warn(f"{source} could not be saved: {error}", stacklevel=4)
            continue
        kept.append(record)
    return kept


def _expand(pattern: str) -> Iterator[Path]:
    for name in sorted(glob.glob(pattern, recursive=True)) or [pattern]:  # noqa: PTH207 - patterns may be absolute
        path = Path(name).absolute()
        if path.is_dir():
            yield from (item for item in sorted(path.rglob("*")) if item.is_file())
        elif path.exists() or not _WILDCARDS & set(pattern):
            yield path


def _fixed_part(pattern: str) -> Path:
    """The folder above the first wildcard."""
    parts = Path(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if _WILDCARDS & set(part)), len(parts) - 1)
    return Path(*parts[:fixed])


def _below(source: Path, base: Path, pattern: str) -> Path:
    normal = Path(os.path.normpath(source))
    try:
        return normal.relative_to(os.path.normpath(base))
    except ValueError:
        raise UsageError(f"save({pattern!r}): {source} does not lie below base_path={str(base)!r}") from None


def _copy(source: Path, target: Path, path: Path, policy: Literal["now", "live", "end"], time: float) -> records.File:
    if not os.path.lexists(target) or not source.samefile(target):  # a file may be saved from where it is kept
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copy2(source, draft)
        draft.replace(target)
    return records.File(
        time=time,
        path=path.as_posix(),
        policy=policy,
        source=None if policy == "now" else str(source),
        size=target.stat().st_size,
    )
