"""Keeps the code of a run below `files/code/`: the main script, or all of a project's."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _notice
from tracker_core import _records as records
from tracker_core._media.place import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker_core._folder import RunFolder

FOLDER = "code"

_SKIPPED = frozenset(("__pycache__", "node_modules", "site-packages"))
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
_GIT_TIMEOUT = 10.0


def save_script(path: str, base: str, folder: RunFolder, time: float) -> records.File:
    """Keeps one script or notebook under its path relative to `base` (its bare name when it lies elsewhere).

    The record asks for another copy of a notebook at the end, since it is saved while it runs. Raises OSError when
    the script cannot be read.
    """
    relative = os.path.relpath(path, base)
    if relative.startswith(os.pardir):
        relative = Path(path).name
    record = _keep(Path(path), Path(FOLDER, relative), folder, time)
    if path.endswith(".ipynb"):
        return msgspec.structs.replace(record, policy="end", source=path)
    return record


def log_code(
    folder: RunFolder,
    time: float,
    *,
    root: str | os.PathLike[str] = ".",
    name: str | None = None,
    include_fn: Callable[..., bool] | None = None,
    exclude_fn: Callable[..., bool] | None = None,
) -> list[records.File]:
    """Keeps the code below `root`: `.py`, requirements and Docker files, or what `include_fn` wants and `exclude_fn`
    does not.

    Both are asked with the absolute path, and with `root` when they take a second argument. Left out from the start
    are hidden folders, environments, the tracker's own folder, and what git ignores or, outside of a repository, would
    ignore. With `name` the files come below `code/<name>/`. Returns a record for each.
    """
    top = Path(root).resolve()
    include = _asker(include_fn, str(top)) if include_fn else _is_source
    exclude = _asker(exclude_fn, str(top)) if exclude_fn else None
    target = Path(FOLDER, safe(name)) if name else Path(FOLDER)
    kept = []
    for path in _candidates(top, folder.root.resolve()):
        absolute = str(path)
        if include(absolute) and not (exclude and exclude(absolute)):
            kept.append(_keep(path, target / path.relative_to(top), folder, time))
    if not kept:
        _notice.mention(f"log_code({os.fspath(root)!r}) found no source files in {top}")
    return kept


def _keep(source: Path, relative: Path, folder: RunFolder, time: float) -> records.File:
    target = folder.files / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    return records.File(time=time, path=relative.as_posix(), size=target.stat().st_size)


def _candidates(top: Path, own: Path) -> Iterator[Path]:
    """Every regular file that could be somebody's source, in order of its path."""
    skipped: dict[Path, bool] = {top: False}

    def is_skipped(directory: Path) -> bool:
        if directory not in skipped:
            skipped[directory] = is_skipped(directory.parent) or _is_foreign(directory, own)
        return skipped[directory]

    for path in sorted(_listed_by_git(top) or _not_ignored(top, _walk(top, is_skipped))):
        if not is_skipped(path.parent) and path.is_file():
            yield path


def _is_foreign(directory: Path, own: Path) -> bool:
    name = directory.name
    if name in _SKIPPED or name.startswith(".") or directory == own:
        return True
    return any((directory / mark).exists() for mark in _ENVIRONMENT_MARKS)


def _listed_by_git(top: Path) -> list[Path]:
    """What git tracks or would track below `top`, in submodules too; nothing where there is no git or repository."""
    found: list[Path] = []
    for name in _git(top, "ls-files", "-co", "--exclude-standard", "-z"):
        path = top / name
        if path.is_dir() and not path.is_symlink():  # a submodule, or another repository
            found += _listed_by_git(path)
        else:
            found.append(path)
    return found


def _not_ignored(top: Path, found: list[Path]) -> list[Path]:
    """Without what `.gitignore` files below `top` name, though it is no repository: a copy on a cluster rarely is."""
    if not any(path.name == ".gitignore" for path in found):
        return found
    with tempfile.TemporaryDirectory(prefix="tracker-code-") as place:
        _git(Path(place), "init", "-q")
        there = (f"--git-dir={place}/.git", f"--work-tree={top}")
        asked = b"\0".join(os.fsencode(path.relative_to(top)) for path in found)
        ignored = {top / name for name in _git(top, *there, "check-ignore", "-z", "--stdin", given=asked)}
    return [path for path in found if path not in ignored]


def _git(place: Path, *arguments: str, given: bytes = b"") -> list[str]:
    """The names that git answers with; none where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - git itself, without a shell
            ["git", "-C", str(place), *arguments],  # noqa: S607 - the user's git
            input=given,
            capture_output=True,
            timeout=_GIT_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _walk(top: Path, is_skipped: Callable[[Path], bool]) -> list[Path]:
    found: list[Path] = []
    for folder, subfolders, names in os.walk(top):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if not is_skipped(here / name)]
        found += (here / name for name in names)
    return found


def _is_source(path: str) -> bool:
    return path.endswith(".py") or os.path.basename(path).startswith(("requirements", "Dockerfile"))  # noqa: PTH119 - called for every file


def _asker(function: Callable[..., bool], top: str) -> Callable[[str], bool]:
    """`function` as a question about a path alone."""
    try:
        wants_root = len(inspect.signature(function).parameters) > 1
    except (TypeError, ValueError):  # a built-in that tells nothing about itself
        wants_root = False
    arguments: tuple[Any, ...] = (top,) if wants_root else ()
    return lambda path: function(path, *arguments)
