"""Keeps the code of a run below `files/code/`: the main script, or all of a project's."""

from __future__ import annotations

import inspect
import itertools
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _notice
from tracker_core import _records as records
from tracker_core._file_tree import FileTree, is_loop, portable_name, printable
from tracker_core._folder import is_own
from tracker_core._media.place import safe
from tracker_core._secret import copy_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker_core._folder import RunFolder

FOLDER = "code"

_SKIPPED = frozenset(("__pycache__", "node_modules", "site-packages"))
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
_GIT_TIMEOUT = 10.0
_MOST_LINKED = 2_000
_GIT_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "safe.directory=*")
"""A checkout of another owner is read too, and none of its programs is run."""


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
    if not top.is_dir():
        _notice.mention(f"log_code({os.fspath(root)!r}) found no folder {printable(top)}")
        return []
    include = _asker(include_fn, str(top)) if include_fn else _is_source
    exclude = _asker(exclude_fn, str(top)) if exclude_fn else None
    target = Path(FOLDER, safe(name)) if name else Path(FOLDER)
    kept = []
    found = _Candidates(top, folder.root.resolve())
    for path in found:
        absolute = str(path)
        if include(absolute) and not (exclude and exclude(absolute)):
            try:
                kept.append(_keep(path, target / path.relative_to(top), folder, time))
            except OSError as error:
                found.tree.skip(path, (error.strerror or str(error)).lower())
    found.tree.warn(f"log_code({printable(root)!r})")
    if not kept:
        _notice.mention(f"log_code({os.fspath(root)!r}) found no source files in {top}")
    return kept


def _keep(source: Path, relative: Path, folder: RunFolder, time: float) -> records.File:
    path = portable_name(relative.as_posix())
    target = folder.files / path
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_code(source, target)
    return records.File(time=time, path=path, size=target.stat().st_size)


class _Candidates:
    """Every regular file that could be source code, in order of its path.

    Links to folders are followed while they hold at most `_MOST_LINKED` files: a link often leads to a data set.
    """

    def __init__(self, top: Path, own: Path) -> None:
        self.tree = FileTree(top, self._is_skipped)
        self._top = top
        self._own = own
        self._skipped: dict[Path, bool] = {top: False}

    def __iter__(self) -> Iterator[Path]:
        for path in sorted(_listed_by_git(self._top) or _not_ignored(self._top, self._walk())):
            if self._is_skipped(path.parent):
                continue
            if path.is_file():
                yield path
            elif path.is_symlink() and path.is_dir() and not self._is_skipped(path):
                yield from self._linked(path)

    def _walk(self) -> list[Path]:
        found: list[Path] = []
        for folder, subfolders, names in os.walk(self._top):
            here = Path(folder)
            subfolders[:] = [name for name in subfolders if not self._is_skipped(here / name)]
            found += (here / name for name in names)
            found += (here / name for name in subfolders if (here / name).is_symlink())
        return found

    def _linked(self, link: Path) -> list[Path]:
        """The files below a link to a folder; none of a folder that is too large or holds the link."""
        target = os.path.realpath(link)
        if is_loop(target, (str(link.parent),)):
            return []
        inside = os.path.realpath(self._top) + os.sep
        if target.startswith(inside):  # its files are in the list themselves
            return []
        linked = FileTree(link, self._is_skipped)
        found = list(itertools.islice(linked, _MOST_LINKED + 1))
        if len(found) > _MOST_LINKED:
            self.tree.skip(link, f"symbolic link to a directory of more than {_MOST_LINKED} files")
            return []
        return [path for path, _ in found]

    def _is_skipped(self, directory: Path) -> bool:
        if directory not in self._skipped:
            self._skipped[directory] = self._is_skipped(directory.parent) or _is_foreign(directory, self._own)
        return self._skipped[directory]


def _is_foreign(directory: Path, own: Path) -> bool:
    name = directory.name
    if name in _SKIPPED or name.startswith(".") or directory == own or is_own(directory):
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
            ["git", *_GIT_OPTIONS, "-C", str(place), *arguments],  # noqa: S607 - the user's git
            input=given,
            capture_output=True,
            timeout=_GIT_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


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
