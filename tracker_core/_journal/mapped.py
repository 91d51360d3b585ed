"""A segment that is written through a memory map: no system call a record, and nothing lost when the process dies."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SPARE = 512
"""Bytes kept free at the end, for the last words of a writer whose disk is full."""

_FIRST_STEP = 256 << 10
_LAST_STEP = 4 << 20
_WINDOW = 1 << 20
_PAGE = 4096


class MappedSegment:
    """A preallocated file and the map of the part of it that is being filled.

    Space is taken before it is mapped, since a page without space behind it would end the process with SIGBUS.
    It is taken in growing steps, so that a short run stays small and a long one asks seldom.
    """

    __slots__ = ("_allocated", "_descriptor", "_spare", "_step", "base", "window")

    def __init__(self, path: Path) -> None:
        """Takes over the empty file at `path`. Raises OSError where there is no space or no map."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._allocated = 0
        self._step = _FIRST_STEP
        self._spare = SPARE
        self.base = 0
        """Where in the file the window begins."""
        self.window: mmap.mmap | bytearray = bytearray()
        try:
            self.slide(0, _PAGE)
        except BaseException:
            os.close(self._descriptor)
            raise

    @property
    def end(self) -> int:
        """The offset in the file up to which the window may be filled."""
        return min(self.base + len(self.window), self._allocated - self._spare)

    def slide(self, offset: int, size: int) -> None:
        """Moves the window so that `size` bytes fit from `offset` on. Raises OSError when there is no space."""
        if offset + size + self._spare > self._allocated:
            self._grow(offset + size + self._spare)
        base = offset - offset % mmap.ALLOCATIONGRANULARITY
        length = min(max(_WINDOW, offset + size - base), self._allocated - base)
        window = mmap.mmap(self._descriptor, length, offset=base)
        left, self.window, self.base = self.window, window, base
        if isinstance(left, mmap.mmap):
            left.close()

    def release(self) -> None:
        """Gives the spare bytes free, for the last frames."""
        self._spare = 0

    def sync(self) -> None:
        """Waits until what was written is on the disk. May run while another thread writes."""
        os.fsync(self._descriptor)

    def close(self, offset: int) -> None:
        """Ends the file at `offset`."""
        self.abandon(cut=offset)

    def abandon(self, *, cut: int | None = None) -> None:
        """Lets go of the file as it is."""
        if isinstance(self.window, mmap.mmap):
            self.window.close()
        self.window = bytearray()
        with contextlib.suppress(OSError):
            if cut is not None:
                os.ftruncate(self._descriptor, cut)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _grow(self, needed: int) -> None:
        if os.fstat(self._descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "the file was deleted")
        size = max(needed, self._allocated + self._step)
        try:
            _allocate(self._descriptor, self._allocated, size)
        except OSError:
            # The last pages of a nearly full disk are better than none.
            size = needed + -needed % _PAGE
            _allocate(self._descriptor, self._allocated, size)
        self._allocated = size
        self._step = min(2 * self._step, _LAST_STEP)


def _allocate(descriptor: int, start: int, end: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, start, end - start)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        else:
            return
    while start < end:
        start += os.pwrite(descriptor, bytes(min(end - start, _WINDOW)), start)
