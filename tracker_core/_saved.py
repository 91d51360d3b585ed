"""Files that `run.save()` keeps in the run's folder and `run.restore()` takes out of it."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

from tracker_core import _notice, _past
from tracker_core import _records as records
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tracker_core._folder import RunFolder

_WILDCARDS = frozenset("*?[")


class Wanted(NamedTuple):
    """Files to be kept, as `asked` for; `base` is the folder that their paths begin below."""

    asked: str
    base: Path
    files: Iterable[Path]


def by_name(name: str) -> Wanted:
    """The one file that is called so, whatever signs are in its name."""
    return Wanted(name, _base(Path(name), Path(name).parent), [Path(name).absolute()])


def by_pattern(pattern: str) -> Wanted:
    """What a glob matches; all that is in a folder."""
    parts = Path(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if _WILDCARDS & set(part)), len(parts) - 1)
    return Wanted(pattern, _base(Path(pattern), Path(*parts[:fixed])), _expand(pattern))


def _base(asked: Path, fixed: Path) -> Path:
    """Below the current folder a file keeps its path; from elsewhere it comes without what is not its own."""
    return fixed if asked.is_absolute() or ".." in asked.parts else Path()


def keep(
    files: Path,
    wanted: Wanted,
    base_path: str | os.PathLike[str] | None,
    policy: Literal["now", "live", "end"],
    time: float,
) -> list[records.File]:
    """Copies what is wanted below `files` and returns a record for each.

    With the policies `live` and `end` the background process copies again later; a first copy is made all the same,
    so that a killed run has one. A file that cannot be read is left out with a warning.
    """
    if policy not in ("now", "live", "end"):
        raise UsageError(f"policy={policy!r} must be 'now', 'live' or 'end'")
    if "://" in wanted.asked:
        _notice.warn(f"save({wanted.asked!r}) keeps nothing: see Artifact.add_reference() for addresses")
        return []
    base = Path(base_path) if base_path is not None else wanted.base
    if base_path is None and files in (base.absolute(), *base.absolute().parents):
        base = files  # it was made where it is kept
    kept = []
    for source in wanted.files:
        path = _below(source, base.absolute(), wanted.asked)
        try:
            record = _copy(source, files / path, path, policy, time)
        except OSError as error:
            _notice.warn(f"{source} could not be saved: {error}")
            continue
        kept.append(record)
    if not kept and _WILDCARDS & set(wanted.asked):
        _notice.mention(f"save({wanted.asked!r}) found no file; a pattern is looked up once, when save() is called")
    return kept


def folder_of(root: Path, run_path: str, project: str) -> RunFolder | None:
    """Where the run "[[entity/]project/]id" below `root` lies; `project` is meant where none is named."""
    *place, run_id = run_path.strip("/").split("/")
    return next((folder for folder, _ in _past.occupants(root, place[-1] if place else project, run_id)), None)


def restore(files: Path, name: str, root: Path, *, replace: bool) -> IO[str] | None:
    """Opens a copy below `root` of the file `name` in `files`. A file that is there already is opened as it is, unless
    `replace`."""
    source, target = files / name, root / name
    if not source.is_file() or files.resolve() not in source.resolve().parents:
        return None
    if replace or not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    return target.open(encoding="utf-8")


def _expand(pattern: str) -> Iterator[Path]:
    for name in sorted(glob.glob(pattern, recursive=True)) or [pattern]:  # noqa: PTH207 - patterns may be absolute
        path = Path(name).absolute()
        if path.is_dir():
            yield from (item for item in sorted(path.rglob("*")) if item.is_file())
        elif path.exists() or not _WILDCARDS & set(pattern):
            yield path


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
