"""Appends records to a journal. `append` is what a training step pays for, so it makes no system call."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import warnings
from collections import deque
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

from tracker_core import _records as records
from tracker_core._journal.buffered import BufferedSegment, Flusher
from tracker_core._journal.format import (
    FRAME,
    MAP,
    MARKER_INTERVAL,
    SEGMENT_SIZE,
    Header,
    KeySet,
    encode_header,
    encode_key_set,
    marker,
    segment_path,
)
from tracker_core._journal.keys import Keys
from tracker_core._journal.liveness import abandon_in_children, lock
from tracker_core._journal.mapped import MappedSegment
from tracker_core._journal.mount import maps_are_safe

if TYPE_CHECKING:
    import mmap
    from pathlib import Path

    from tracker_core._folder import RunFolder

BACKLOG = 8 << 20
"""Bytes that are kept in memory while the disk takes nothing."""

_RETRY = 1.0
_MAP = bytes([MAP])


class Writer(Protocol):
    """Writes one journal. Safe to call from threads, signal handlers and destructors.

    Nothing here raises because of the disk: a full one is warned about once, then records wait in memory, and
    what does not fit there is counted and told by a `Gap` record as soon as there is room. After `close` and
    `abandon` every record counts as lost.
    """

    path: Path
    """The journal's segment 0."""
    label: str

    def key_set(self, names: tuple[str, ...], kinds: str, stream: records.Stream = "metrics") -> KeySet:
        """The key set of these keys; the same object for the same arguments."""
        ...

    def append(self, body: bytes) -> None:
        """Appends one frame, given as its type and payload."""
        ...

    def write(self, record: records.Record) -> None: ...

    def sync(self) -> None:
        """Waits until everything written so far is on the disk, which no dying process needs but a power cut does."""
        ...

    def close(self) -> None:
        """Ends the journal and gives its lock back. Does not wait for the disk; `sync` does."""
        ...

    def abandon(self) -> None:
        """Forgets the journal without touching it: it belongs to the process that this one was forked from."""
        ...

    def lost(self) -> int:
        """How many records could not be kept."""
        ...


class _Segment(Protocol):
    @property
    def window(self) -> mmap.mmap | bytearray: ...
    @property
    def base(self) -> int: ...
    @property
    def end(self) -> int: ...
    def slide(self, offset: int, size: int) -> None: ...
    def release(self) -> None: ...
    def sync(self) -> None: ...
    def close(self, offset: int) -> None: ...
    def abandon(self) -> None: ...


class JournalWriter:
    """The writer of both kinds of segments; they differ in where the window's bytes go.

    `_position` and `_limit` are offsets in the window. Whatever is not usual (a marker is due, the window is full,
    the disk is, the journal is closed) is made to look like a full window, so that `append` asks one question.
    """

    __slots__ = (
        "__weakref__",
        "_backlog",
        "_base",
        "_begin",
        "_busy",
        "_closed",
        "_closing",
        "_due",
        "_failure",
        "_flusher",
        "_header",
        "_held",
        "_keys",
        "_limit",
        "_lock",
        "_lock_descriptor",
        "_lost",
        "_position",
        "_retry_at",
        "_segment",
        "_segment_size",
        "_unreported",
        "_warned",
        "_window",
        "label",
        "path",
    )

    def __init__(self, path: Path, header: Header, *, buffered: bool, segment_size: int) -> None:
        """Takes over the empty file at `path`. Raises OSError when it cannot be written."""
        self.path = path
        self.label = header.label
        self._header = header
        self._segment_size = segment_size
        self._lock = threading.RLock()
        self._keys = Keys()
        self._backlog: deque[bytes | KeySet] = deque()
        self._held = 0
        self._lost = 0
        self._unreported = 0
        self._failure: OSError | None = None
        self._retry_at: float | None = None
        self._warned = False
        self._busy = False
        self._closing = False
        self._closed = False
        self._window: mmap.mmap | bytearray = bytearray()
        self._base = self._position = self._limit = self._due = self._begin = 0
        self._flusher: Flusher | None = None
        self._lock_descriptor = lock(path)
        try:
            self._flusher = Flusher(self._stage, self._tell) if buffered else None
            self._enter(self._open_segment(path), header)
        except BaseException:
            os.close(self._lock_descriptor)
            raise
        self._limit = self._bound()
        abandon_in_children(self)
        if self._flusher is not None:
            self._flusher.start()

    def append(self, body: bytes) -> None:
        size = len(body)
        head = FRAME.pack(size, crc32(body))
        with self._lock:
            start = self._position
            end = start + 8 + size
            if end <= self._limit:
                # From reading the position to writing the head there is no call, and the interpreter runs signal
                # handlers at calls only: nobody re-enters between, and no exception leaves a hole. The head comes
                # last, so that a frame is either whole or not there.
                self._position = end
                window = self._window
                window[start + 8 : end] = body
                window[start : start + 8] = head
                return
            self._append_slowly(body)

    def write(self, record: records.Record) -> None:
        self.append(_MAP + records.encode(record))

    def key_set(self, names: tuple[str, ...], kinds: str, stream: records.Stream = "metrics") -> KeySet:
        with self._lock:
            found = self._keys.find(names, kinds, stream)
            if found is None:
                found = self._keys.add(names, kinds, stream)
                self._append_slowly(found)
            return found

    def lost(self) -> int:
        return self._lost

    def sync(self) -> None:
        with self._lock:
            if self._closed:
                return
            segment = self._segment
        try:
            segment.sync()
        except OSError as error:
            # Another thread may have gone on to the next segment, or closed this one, meanwhile.
            if segment is self._segment and not self._closed:
                self._tell(error)

    def close(self) -> None:
        with self._lock:
            if self._busy:  # called by a signal handler in the midst of `append`, which goes on to close
                self._closing = True
                return
            if not self._closed:
                self._busy = True
                self._limit = 0
                try:
                    self._close()
                finally:
                    self._busy = False
        if self._flusher is not None:
            self._lost += self._flusher.finish()

    def abandon(self) -> None:
        self._lock = threading.RLock()  # another thread of the parent may hold the old one
        if self._closed:
            return
        self._closed = True
        self._limit = 0
        self._window = bytearray()
        self._backlog.clear()
        self._segment.abandon()
        os.close(self._lock_descriptor)

    def _append_slowly(self, item: bytes | KeySet) -> None:
        """Appends through the backlog, which keeps the order whatever happens on the way."""
        if self._closed:
            self._lost += 1
            return
        self._backlog.append(item)
        self._held += _weight(item)
        # A signal handler or destructor that logs while this very thread is busy below only queues its record.
        while self._backlog and not self._busy and (self._retry_at is None or time.monotonic() >= self._retry_at):
            self._busy = True
            self._limit = 0
            try:
                self._drain()
            finally:
                self._limit = 0 if self._backlog else self._bound()
                self._busy = False
                if self._closing:
                    self.close()
        if self._retry_at is not None:
            self._keep_bound()

    def _drain(self) -> None:
        try:
            while self._backlog:
                self._place(self._backlog[0])
                self._held -= _weight(self._backlog.popleft())
            if self._unreported:
                self._report()
            self._retry_at = None
        except OSError as error:
            self._retry_at = time.monotonic() + _RETRY
            self._tell(error)

    def _keep_bound(self) -> None:
        if self._held > BACKLOG and isinstance(self._backlog[-1], bytes):
            self._held -= _weight(self._backlog.pop())
            self._lost += 1
            self._unreported += 1

    def _report(self) -> None:
        reason = str(self._failure.strerror or self._failure) if self._failure else ""
        gap = records.Gap(time=time.time(), lost=self._unreported, reason=reason[:200])
        self._place(_MAP + records.encode(gap))
        self._unreported -= gap.lost

    def _place(self, item: bytes | KeySet) -> None:
        """Writes one frame, after whatever is due before it."""
        size = 8 + len(self._body(item))
        if self._offset + size > self._segment_size and self._offset > self._begin:
            self._roll()
        if self._offset + size > self._due:
            self._mark()
        self._put(self._body(item))

    def _mark(self) -> None:
        self._put(marker(self._offset))
        self._due = self._offset + MARKER_INTERVAL
        for key_set in self._keys.repeats():
            self._put(encode_key_set(key_set, self._offset))

    def _put(self, body: bytes) -> None:
        size = len(body)
        head = FRAME.pack(size, crc32(body))
        if self._offset + 8 + size > self._segment.end:
            offset = self._offset
            self._segment.slide(offset, 8 + size)
            self._look(offset)
        start = self._position
        end = start + 8 + size
        window = self._window
        window[start + 8 : end] = body
        window[start : start + 8] = head
        self._position = end

    def _look(self, offset: int) -> None:
        """Takes up the segment's window, to write at `offset` next."""
        self._window = self._segment.window
        self._base = self._segment.base
        self._position = offset - self._base

    def _roll(self) -> None:
        header = Header(
            run=self._header.run,
            label=self.label,
            attempt=self._header.attempt,
            segment=self._header.segment + 1,
            pid=self._header.pid,
            host=self._header.host,
            time=time.time(),
        )
        path = segment_path(self.path, header.segment)
        # Readers take the old segment for complete once the new one has a header, so that comes last.
        path.touch()
        try:
            segment = self._open_segment(path)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        self._end_segment()
        self._enter(segment, header)

    def _enter(self, segment: _Segment, header: Header) -> None:
        head = encode_header(header)
        self._segment = segment
        self._header = header
        self._look(0)
        self._window[8 : len(head)] = head[8:]
        self._window[:8] = head[:8]
        self._position = len(head)
        self._mark()
        for key_set in self._keys:
            self._put(encode_key_set(key_set, self._offset))
        self._begin = self._offset

    def _end_segment(self) -> None:
        """Writes a last marker, so that damage near the end is seen, and cuts the file there."""
        self._segment.release()
        with contextlib.suppress(OSError):
            self._put(marker(self._offset))
        self._segment.close(self._offset)

    def _close(self) -> None:
        self._drain()
        left = sum(isinstance(item, bytes) for item in self._backlog)
        self._lost += left
        self._unreported += left
        self._backlog.clear()
        self._segment.release()
        if self._unreported:
            with contextlib.suppress(OSError):
                self._report()
        self._closed = True
        self._closing = False
        self._end_segment()
        self._window = bytearray()
        os.close(self._lock_descriptor)

    def _open_segment(self, path: Path) -> _Segment:
        if self._flusher is not None:
            return BufferedSegment(path, self._flusher)
        return MappedSegment(path)

    def _stage(self) -> None:
        with self._lock:
            if not self._busy and not self._closed and isinstance(self._segment, BufferedSegment):
                self._segment.stage(self._offset)

    def _body(self, item: bytes | KeySet) -> bytes:
        return item if isinstance(item, bytes) else encode_key_set(item, self._offset)

    @property
    def _offset(self) -> int:
        return self._base + self._position

    def _bound(self) -> int:
        return min(self._segment.end, self._due, self._segment_size) - self._base

    def _tell(self, error: OSError) -> None:
        self._failure = error
        if self._warned:
            return
        self._warned = True
        # With warnings as errors this would raise into the training.
        with contextlib.suppress(Warning):
            warnings.warn(
                f"the run's records cannot be written to {self.path.parent}: {error.strerror or error}. "
                f"The program goes on; what it logs is kept in memory (up to {BACKLOG >> 20} MiB) until there is room.",
                RuntimeWarning,
                stacklevel=2,
            )


def open_writer(
    folder: RunFolder,
    label: str,
    *,
    run: str,
    attempt: int,
    buffered: bool | None = None,
    segment_size: int = SEGMENT_SIZE,
) -> Writer:
    """Begins a journal of this process in `folder`. A taken label gets `~2`, `~3` ... behind it.

    `buffered` chooses between a memory map and a buffer with a thread; None asks the file system. Raises OSError
    when the journal cannot be made.
    """
    path, label = _claim(folder.path, attempt, label)
    header = Header(run=run, label=label, attempt=attempt, pid=os.getpid(), host=os.uname().nodename, time=time.time())
    if buffered is None:
        buffered = not maps_are_safe(folder.path)
    try:
        return JournalWriter(path, header, buffered=buffered, segment_size=segment_size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _claim(folder: Path, attempt: int, label: str) -> tuple[Path, str]:
    number, name = 1, label
    while True:
        path = folder / f"{attempt:03d}-{name}.0000.journal"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        except FileExistsError:
            number += 1
            name = f"{label}~{number}"
            continue
        return path, name


def _weight(item: bytes | KeySet) -> int:
    """Bytes that count against the bound of the backlog; key sets do not, since rows are nothing without them."""
    return len(item) if isinstance(item, bytes) else 0
