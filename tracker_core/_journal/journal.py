"""The writer of journals. `append` is what a training step pays for, so it makes no system call."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from tracker_core import _notice
from tracker_core import _records as records
from tracker_core._journal.buffered import BufferedSegment, Flusher
from tracker_core._journal.format import (
    FRAME,
    MAP,
    MARKER_INTERVAL,
    Header,
    KeySet,
    encode_header,
    encode_key_set,
    frame,
    marker,
    segment_path,
)
from tracker_core._journal.keys import Keys
from tracker_core._journal.liveness import abandon_in_children
from tracker_core._journal.mapped import MappedSegment

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._journal.file import File
    from tracker_core._journal.segment import Buffer, Segment

BACKLOG = 8 << 20
"""Bytes that are kept in memory while the disk takes nothing."""

_RETRY = 1.0
_MAP = bytes([MAP])


class Journal:
    """The writer of both kinds of segments; they differ in where the window's bytes go.

    `_position` and `_limit` are offsets in the window. Whatever is not usual (a marker is due, the window is full,
    the disk is, the journal is closed) is made to look like a full window, so that `append` asks one question.

    A signal handler or a destructor may log in the midst of any of this, and a handler may raise (Ctrl-C does). The
    interpreter runs them at calls only, so whatever must stay together is a stretch without calls, marked as such.
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
        "_end",
        "_failure",
        "_flusher",
        "_header",
        "_held",
        "_keys",
        "_last",
        "_limit",
        "_lock",
        "_lock_file",
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

    def __init__(self, path: Path, lock: File, header: Header, *, buffered: bool, segment_size: int) -> None:
        """Takes over the empty file at `path` and the open file that holds its lock.

        Raises OSError when the file cannot be written; the lock is then still the caller's.
        """
        self.path = path
        self.label = header.label
        self._header = header
        self._segment_size = segment_size
        self._lock = threading.RLock()
        self._keys = Keys()
        self._last: bytes | None = None
        """The last `End`."""
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
        self._window: Buffer = bytearray()
        self._base = self._end = self._position = self._limit = self._due = self._begin = 0
        self._flusher: Flusher | None = None
        self._lock_file = lock
        if buffered:
            self._flusher = Flusher(self._stage, self._tell)
        self._enter(self._open_segment(path), header)
        self._let_append()
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
                # No call from reading the position to writing the head, so there is never a hole. The head comes
                # last, so that a frame is either whole or not there.
                self._position = end
                window = self._window
                window[start + 8 : end] = body
                window[start : start + 8] = head
                return
            self._append_slowly(body)

    def write(self, record: records.Record) -> None:
        body = _MAP + records.encode(record)
        if isinstance(record, records.End):
            self._last = body
        self.append(body)

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
        self._limit = 0
        self._backlog.clear()
        if not self._closed:
            self._closed = True
            self._segment.abandon()
        self._window = bytearray()
        self._lock_file.close()

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
                self._busy = False
                self._let_append()
                if self._closing:
                    self.close()
        if self._retry_at is not None:
            self._keep_bound()

    def _drain(self) -> None:
        try:
            while self._backlog:
                self._place(self._backlog[0])
                self._held -= _weight(self._backlog.popleft())
            self._held = 0
            if self._unreported:
                self._report()
            self._retry_at = None
        except OSError as error:
            self._retry_at = time.monotonic() + _RETRY
            self._tell(error)

    def _keep_bound(self) -> None:
        newest = self._backlog[-1]
        if self._held > BACKLOG and not isinstance(newest, KeySet) and newest is not self._last:
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
        self._due = min(self._offset + MARKER_INTERVAL, self._segment_size)
        for key_set in self._keys.repeats():
            self._put(encode_key_set(key_set, self._offset))

    def _put(self, body: bytes) -> None:
        offset, size = self._offset, len(body)
        head = FRAME.pack(size, crc32(body))
        if offset + 8 + size > self._end:
            self._segment.settle(self._window, self._base, offset)
            window, base, end = self._segment.slide(offset, 8 + size)
            # No call
            self._window, self._base, self._end = window, base, end
            self._position = offset - base
        # No call
        start = self._position
        end = start + 8 + size
        window = self._window
        window[start + 8 : end] = body
        window[start : start + 8] = head
        self._position = end

    def _roll(self) -> None:
        header = msgspec.structs.replace(self._header, segment=self._header.segment + 1, time=time.time())
        self.path = self._lock_file.location()
        path = segment_path(self.path, header.segment)
        path.touch()
        try:
            segment = self._open_segment(path)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        left = self._segment
        self._end_segment()
        left.close(self._enter(segment, header))

    def _enter(self, segment: Segment, header: Header) -> int:
        """Goes on in `segment`, which gets its header with that; returns where the one before ended."""
        begin = encode_header(header)
        begin += frame(marker(len(begin)))
        for key_set in self._keys:
            begin += frame(encode_key_set(key_set, len(begin)))
        size = len(begin)
        head, rest = begin[:8], begin[8:]
        due = min(size + MARKER_INTERVAL, self._segment_size)
        window, base, end = segment.slide(0, size)
        # No call: with the header readers take the segment before for complete.
        left = self._base + self._position
        window[8:size] = rest
        window[:8] = head
        self._segment, self._header = segment, header
        self._window, self._base, self._end = window, base, end
        self._position = self._begin = size
        self._due = due
        return left

    def _end_segment(self) -> None:
        """Writes a last marker, so that damage near the end is seen."""
        self._segment.release()
        with contextlib.suppress(OSError):
            self._mark()
        self._segment.settle(self._window, self._base, self._offset)

    def _close(self) -> None:
        self._drain()
        self._segment.release()
        left = sum(not isinstance(item, KeySet) for item in self._backlog)
        if self._last is not None and any(item is self._last for item in self._backlog):
            # On a full disk the spare bytes are for how the run ended: its state is worth more than another row.
            with contextlib.suppress(OSError):
                self._put(self._last)
                left -= 1
        self._lost += left
        self._unreported += left
        self._backlog.clear()
        if self._unreported:
            with contextlib.suppress(OSError):
                self._report()
        self._end_segment()
        self._closed = True
        self._closing = False
        self._segment.close(self._offset)
        self._window = bytearray()
        self._lock_file.close()

    def _open_segment(self, path: Path) -> Segment:
        if self._flusher is not None:
            return BufferedSegment(path, self._flusher)
        return MappedSegment(path)

    def _stage(self) -> None:
        with self._lock:
            if not self._busy and not self._closed:
                self._segment.settle(self._window, self._base, self._offset)

    def _body(self, item: bytes | KeySet) -> bytes:
        return encode_key_set(item, self._offset) if isinstance(item, KeySet) else item

    @property
    def _offset(self) -> int:
        return self._base + self._position

    def _let_append(self) -> None:
        """Lets `append` go on by itself, up to where something is due again."""
        # No call
        if not self._backlog and not self._closed:
            self._limit = (self._end if self._end < self._due else self._due) - self._base  # noqa: FURB136

    def _tell(self, error: OSError) -> None:
        self._failure = error
        if self._warned:
            return
        self._warned = True
        _notice.mention(
            f"the run's records cannot be written to {self.path.parent}: {error.strerror or error}. "
            f"The program goes on; what it logs is kept in memory (up to {BACKLOG >> 20} MiB) until there is room.",
            RuntimeWarning,
        )


def _weight(item: bytes | KeySet) -> int:
    """Bytes that count against the bound of the backlog; key sets do not, since rows are nothing without them."""
    return 0 if isinstance(item, KeySet) else len(item)
