"""A segment that is written by a thread, for file systems on which a memory map is not safe.

What was appended in the last `INTERVAL` seconds dies with the process; everything else is as with a map.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from tracker_core._journal.file import File
from tracker_core._journal.format import FRAME_HEAD, MAP, ROW, decode_header
from tracker_core._journal.segment import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracker_core._journal.segment import Buffer

INTERVAL = 0.05
"""Seconds between two writes."""

QUEUE = 8 << 20
"""Bytes that may wait for a file system that fails or is slow."""

_WINDOW = 256 << 10
_RETRY = 1.0


class _Chunk(NamedTuple):
    """Whole frames for `offset` of a file; without data: the file is to be closed."""

    file: File
    offset: int
    data: bytes


class Flusher:
    """The thread that writes what the segments of one journal were filled with, in order.

    After a failed write it tries again every second, from the very byte where it stopped.
    """

    def __init__(self, stage: Callable[[], None], failed: Callable[[OSError], None]) -> None:
        """`stage` hands over what was appended since it was last called; `failed` hears of every failed write."""
        self._stage = stage
        self._failed = failed
        self._chunks: deque[_Chunk] = deque()
        self._written = 0
        self._failure: OSError | None = None
        self._writing = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracker-journal", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, chunk: _Chunk) -> None:
        self._chunks.append(chunk)

    def make_room(self) -> None:
        """Waits for the file system when it is slower than the log. Raises OSError when it fails."""
        if sum(len(chunk.data) for chunk in list(self._chunks)) > QUEUE:
            if self._failure is not None:
                raise OSError(*self._failure.args)
            self._write_all()

    def flush(self) -> None:
        """Writes everything appended so far. Raises OSError when that fails; what is left stays queued."""
        # Staging takes the writer's lock, and who holds that may wait for `_writing`: so never the other way round.
        self._stage()
        self._write_all()

    def _write_all(self) -> None:
        with self._writing:
            while self._chunks:
                chunk = self._chunks[0]
                try:
                    self._write(chunk)
                except OSError as error:
                    self._failure = error
                    raise
                # Cut short here it is written once more, which is harmless; the other order would skip bytes of the
                # next. A signal handler that flushed meanwhile has taken it away already.
                self._written = 0
                if self._chunks and self._chunks[0] is chunk:
                    self._chunks.popleft()
                if not chunk.data:
                    chunk.file.close()
            self._failure = None

    def finish(self) -> int:
        """Ends the thread and writes what is left; the number of records that could not be written."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            # Not for ever: a signal handler may call this while the thread waits for what was interrupted.
            self._thread.join(_RETRY)
        self._try()
        return self._give_up()

    def abandon(self) -> None:
        """In a forked child, where the thread does not exist."""
        self._chunks.clear()

    def _run(self) -> None:
        pause = INTERVAL
        while not self._stop.wait(pause):
            pause = INTERVAL if self._try() else _RETRY

    def _try(self) -> bool:
        try:
            self.flush()
        except OSError as error:
            self._failed(error)
            return False
        return True

    def _write(self, chunk: _Chunk) -> None:
        view = memoryview(chunk.data)
        while self._written < len(view):
            self._written += os.pwrite(chunk.file.descriptor(), view[self._written :], chunk.offset + self._written)

    def _give_up(self) -> int:
        lost = 0
        while self._chunks:
            chunk = self._chunks.popleft()
            lost += _records(chunk, self._written)
            self._written = 0
            if not chunk.data:
                chunk.file.close()
        return lost


class BufferedSegment:
    """A file that is filled in memory; `flusher` writes what is settled."""

    __slots__ = ("_file", "_flusher", "_settled")

    def __init__(self, path: Path, flusher: Flusher) -> None:
        self._file = File(path)
        self._flusher = flusher
        self._settled = 0

    def slide(self, offset: int, size: int) -> Window:
        self._flusher.make_room()
        length = max(_WINDOW, size)
        return Window(bytearray(length), offset, offset + length)

    def settle(self, buffer: Buffer, base: int, offset: int) -> None:
        if offset > self._settled:
            data = bytes(memoryview(buffer)[self._settled - base : offset - base])
            self._flusher.add(_Chunk(self._file, self._settled, data))
            self._settled = offset

    def release(self) -> None:
        """Nothing is kept in spare: memory does not run out when the disk does."""

    def sync(self) -> None:
        self._flusher.flush()
        os.fsync(self._file.descriptor())

    def close(self, offset: int) -> None:
        self._flusher.add(_Chunk(self._file, offset, b""))

    def abandon(self) -> None:
        self._flusher.abandon()
        self._file.close()


def _records(chunk: _Chunk, written: int) -> int:
    """How many records of `chunk` lie beyond its first `written` bytes."""
    position = 0
    if chunk.offset == 0 and (found := decode_header(chunk.data)):
        position = found[1]
    count = 0
    while position < len(chunk.data):
        length, _, kind = FRAME_HEAD.unpack_from(chunk.data, position)
        position += 8 + length
        count += position > written and kind in (ROW, MAP)
    return count
