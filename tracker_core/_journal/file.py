"""The open file of a journal."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tracker_core._folder import location

if TYPE_CHECKING:
    from pathlib import Path


class File:
    """An open file that survives a program which closes every descriptor it finds, as some daemons do.

    The number may then stand for a file of the user, which we must neither write nor cut nor close.
    """

    __slots__ = ("_descriptor", "_identity", "_path")

    def __init__(self, path: Path, flags: int = os.O_RDWR) -> None:
        self._path = path
        self._descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
        self._identity = _identity(os.fstat(self._descriptor))

    @property
    def ours(self) -> bool:
        """Whether the descriptor is still that of this file."""
        try:
            return _identity(os.fstat(self._descriptor)) == self._identity
        except OSError:
            return False

    def descriptor(self) -> int:
        """The descriptor, opened again if need be. Raises OSError when the file was deleted."""
        if not self.ours:
            again = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            if _identity(os.fstat(again)) != self._identity:
                os.close(again)
                raise FileNotFoundError(errno.ENOENT, "the file was replaced")
            self._descriptor = again
        if os.fstat(self._descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "the file was deleted")
        return self._descriptor

    def location(self) -> Path:
        """The path of the file now: a folder above it may have been renamed."""
        if not self._is_at(self._path) and self.ours:
            path = location(self._descriptor)
            if path is not None and self._is_at(path):
                self._path = path
        return self._path

    def close(self) -> None:
        """Closes the file; does nothing the second time."""
        descriptor, ours = self._descriptor, self.ours
        self._descriptor = -1
        if ours:
            os.close(descriptor)

    def _is_at(self, path: Path) -> bool:
        try:
            return _identity(path.stat()) == self._identity
        except OSError:
            return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
