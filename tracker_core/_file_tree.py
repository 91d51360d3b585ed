"""The files below a directory, with symbolic links to directories followed."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from tracker_core import _notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_REPORTED = 5
"""Paths that one warning names."""

_RAW_BYTE = re.compile("[\udc80-\udcff]")


class _Directory(NamedTuple):
    """`inside` holds the real paths that contain it: its own, and those of the followed links on the way to it.
    `entered` holds the targets met below the first of these links; None outside of a link."""

    path: Path
    prefix: str
    inside: tuple[str, ...]
    entered: set[str] | None


class FileTree:
    """Regular files below `root`, each with its path below it (POSIX separators): first the files of a directory, by
    name, then those of its subdirectories.

    Symbolic links are followed. A link back to a directory that contains it is not, and below a followed link every
    further link target is entered once, so the walk ends. Directories for which `exclude` returns true are left out;
    it gets their path below `root` as found. Everything else that is left out is in `skipped`, with the reason.
    """

    def __init__(self, root: Path, exclude: Callable[[Path], bool] | None = None) -> None:
        self.root = root
        self.skipped: list[tuple[Path, str]] = []
        self._exclude = exclude

    def __iter__(self) -> Iterator[tuple[Path, str]]:
        pending = [_Directory(self.root, "", (os.path.realpath(self.root),), None)]
        while pending:
            directory = pending.pop()
            subdirectories = []
            for path, mode in self._entries(directory.path):
                if stat.S_ISDIR(mode):
                    if not (self._exclude and self._exclude(path)) and (below := self._below(directory, path)):
                        subdirectories.append(below)
                elif stat.S_ISREG(mode):
                    yield path, directory.prefix + path.name
                else:
                    self.skip(path, "not a regular file")
            pending += reversed(subdirectories)

    def skip(self, path: Path, reason: str) -> None:
        """Record that a file of the tree could not be read."""
        self.skipped.append((path, reason))

    def warn(self, call: str) -> None:
        """Warn once about everything that was left out of `call`."""
        if not self.skipped:
            return
        named = ", ".join(f"{printable(path)} ({reason})" for path, reason in self.skipped[:_REPORTED])
        more = f" and {len(self.skipped) - _REPORTED} more" if len(self.skipped) > _REPORTED else ""
        _notice.mention(f"{call} left out {named}{more}")

    def _entries(self, directory: Path) -> Iterator[tuple[Path, int]]:
        """The entries of a directory by name, each with the mode of what it is or links to."""
        try:
            names = sorted(os.listdir(directory))  # noqa: PTH208 - names are enough
        except OSError as error:
            self.skip(directory, _reason(error))
            return
        for name in names:
            path = directory / name
            try:
                yield path, path.stat().st_mode
            except OSError as error:
                self.skip(path, "broken symbolic link" if path.is_symlink() else _reason(error))

    def _below(self, parent: _Directory, path: Path) -> _Directory | None:
        """The subdirectory `path` of `parent`; None for a link that is not followed."""
        prefix = f"{parent.prefix}{path.name}/"
        if not path.is_symlink():
            real = os.path.join(parent.inside[-1], path.name)  # noqa: PTH118 - of real paths
            return _Directory(path, prefix, (*parent.inside[:-1], real), parent.entered)
        target = os.path.realpath(path)
        if is_loop(target, parent.inside):
            self.skip(path, "symbolic link to a directory that contains it")
            return None
        entered = set() if parent.entered is None else parent.entered
        if target in entered:
            self.skip(path, "symbolic link to a directory that is included already")
            return None
        entered.add(target)
        return _Directory(path, prefix, (*parent.inside, target), entered)


def is_loop(target: str, inside: tuple[str, ...]) -> bool:
    """Whether the real path `target` is, or contains, one of the real paths `inside`."""
    start = target if target.endswith(os.sep) else target + os.sep
    return any(path == target or path.startswith(start) for path in inside)


def portable_name(name: str) -> str:
    """`name` as UTF-8 text: each byte of a file name that is not UTF-8 becomes %XX."""
    if name.isascii():
        return name
    escaped = _RAW_BYTE.sub(lambda match: f"%{ord(match[0]) - 0xDC00:02X}", name)
    return escaped.encode("utf-8", "replace").decode()


def draft_path(target: Path) -> Path:
    """Where this process writes `target` before it renames it. Long names are cut: at most 255 bytes are allowed."""
    name = f".{target.name}.{os.getpid()}"
    return target.with_name(name if len(os.fsencode(name)) <= 255 else f".{abs(hash(target.name)):x}.{os.getpid()}")


def printable(path: str | os.PathLike[str]) -> str:
    """`path` for a message, where a file name may hold line ends or bytes that are not UTF-8."""
    text = portable_name(os.fspath(path))
    return text if text.isprintable() else ascii(text)[1:-1]


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
