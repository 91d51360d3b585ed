"""A segment that is written through a memory map: no system call a record, and nothing lost when the process dies."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import sys
from typing import TYPE_CHECKING

from tracker_core._journal.file import File
from tracker_core._journal.segment import Window

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._journal.segment import Buffer

SPARE = 512
"""Bytes kept free at the end, for the last words of a writer whose disk is full."""

_FIRST_STEP = 256 << 10
_LAST_STEP = 4 << 20
_WINDOW = 1 << 20
_PAGE = 4096

_kept: list[mmap.mmap] = []


class MappedSegment:
    """A preallocated file, of which the part that is being filled is mapped.

    Space is taken before it is mapped, since a page without space behind it would end the process with SIGBUS.
    It is taken in growing steps, so that a short run stays small and a long one asks seldom.
    """

    __slots__ = ("_allocated", "_file", "_map", "_spare", "_step")

    def __init__(self, path: Path) -> None:
        """Takes over the empty file at `path`. Raises OSError where there is no space."""
        self._file = File(path)
        self._map: mmap.mmap | None = None
        self._allocated = 0
        self._step = _FIRST_STEP
        self._spare = SPARE
        try:
            self._grow(_PAGE)
        except BaseException:
            self._file.close()
            raise

    def slide(self, offset: int, size: int) -> Window:
        if offset + size + self._spare > self._allocated:
            self._grow(offset + size + self._spare)
        base = offset - offset % mmap.ALLOCATIONGRANULARITY
        length = min(max(_WINDOW, offset + size - base), self._allocated - base)
        # The map before is not closed here but with its last reference: a writer that is interrupted goes on in it.
        self._map = mmap.mmap(self._descriptor(), length, offset=base)
        return Window(self._map, base, min(base + length, self._allocated - self._spare))

    def settle(self, buffer: Buffer, base: int, offset: int) -> None:
        """Everything is in the file already."""

    def release(self) -> None:
        self._spare = 0

    def sync(self) -> None:
        descriptor = self._descriptor()
        if sys.platform != "linux":  # where fsync may leave out what was written through a map
            with mmap.mmap(descriptor, 0) as whole:
                whole.flush()
        os.fsync(descriptor)

    def close(self, offset: int) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor(), offset)
        self.abandon()

    def abandon(self) -> None:
        self._keep_map_of_others()
        self._map = None
        self._file.close()

    def _descriptor(self) -> int:
        self._keep_map_of_others()
        return self._file.descriptor()

    def _keep_map_of_others(self) -> None:
        """A map closes a descriptor of its own when it goes; keeps the map if that may be the user's by now."""
        if self._map is not None and not self._file.ours:
            _kept.append(self._map)
            self._map = None

    def _grow(self, needed: int) -> None:
        descriptor = self._descriptor()
        size = max(needed, self._allocated + self._step)
        try:
            _allocate(descriptor, self._allocated, size)
        except OSError:
            # The last pages of a nearly full disk are better than none.
            size = needed + -needed % _PAGE
            _allocate(descriptor, self._allocated, size)
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
