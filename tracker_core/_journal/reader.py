"""Reads a journal while it is written, after it was closed, and after it was damaged."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from zlib import crc32

import msgspec

from tracker_core import _records as records
from tracker_core._journal.format import (
    ANCHOR,
    FRAME,
    FRAME_HEAD,
    KEY_SET,
    MAP,
    ROW,
    ROW_HEAD,
    Damage,
    Header,
    KeySet,
    Position,
    decode_header,
    decode_key_set,
    segment_path,
    segments,
)
from tracker_core._journal.liveness import alive
from tracker_core._journal.scan import anchors, begun, data_end, sound

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

START = Position(0, 0)

_CHUNK = 1 << 20
_FIRST_CHUNK = 64 << 10
_HEADER_ROOM = 4096
_NEAR = 2 << 20
_SMALLEST_ROW = struct.calcsize("<BIqd")
_END = 0
_BAD = -1


class Numbers(NamedTuple):
    """One packed row."""

    key_set: KeySet
    step: int
    time: float
    values: tuple[float | int | bool, ...]


class Block(NamedTuple):
    """`rows` rows of one key set that follow each other, checked but not decoded.

    `data` holds them as they lie in the file, `key_set.stride` bytes each, little endian and unaligned: 13 bytes
    to skip, step i64, time f64, then a value for each letter of `key_set.kinds`.
    """

    key_set: KeySet
    rows: int
    data: bytes


Entry: TypeAlias = "KeySet | Numbers | records.Record"


class Reader:
    """Reads the journal whose segment 0 is `path`, from `position` on.

    `blocks` and `entries` go on to the current end and then stop; call them again for what came later. What they
    gave is behind `position`, also when the caller stops in the midst of them.
    """

    def __init__(self, path: Path, position: Position = START) -> None:
        self.path = path
        self.gaps: list[Damage] = []
        """Damaged places that this reader went over."""
        self._segment, self._offset = position
        self._keys: dict[int, KeySet] = {}
        self._announced: set[int] = set()
        self._searched: set[int] = set()
        self._missing: set[int] = set()

    @property
    def position(self) -> Position:
        return Position(self._segment, self._offset)

    @property
    def header(self) -> Header:
        """Who wrote this. Of a header that is damaged or not yet there, what the file's name tells.

        Raises `Error` when a newer version wrote the journal that this one must not read.
        """
        try:
            with self.path.open("rb") as file:
                found = decode_header(file.read(_HEADER_ROOM))
        except FileNotFoundError:
            found = None
        if found is not None:
            return found[0]
        attempt, _, label = self.path.name.removesuffix(".0000.journal").partition("-")
        return Header(run="", label=label, attempt=int(attempt) if attempt.isdecimal() else 0)

    def entries(self) -> Iterator[Entry]:
        """Every record in order; a key set comes before the first of its rows that this reader gives.

        Raises `Error` when a newer version wrote the journal that this one must not read.
        """
        for item in self.blocks():
            if not isinstance(item, Block):
                yield item
                continue
            key_set = item.key_set
            if key_set.id not in self._announced:
                self._announced.add(key_set.id)
                yield key_set
            self._offset -= len(item.data)
            for step, time, *values in key_set.unpack.iter_unpack(item.data):
                self._offset += key_set.stride
                yield Numbers(key_set, step, time, tuple(values))

    def blocks(self) -> Iterator[Block | records.Record]:
        """Every record in order, rows as blocks of at most a MiB: what `entries` gives, several times faster."""
        while True:
            try:
                descriptor = os.open(segment_path(self.path, self._segment), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return
            try:
                yield from self._segment_blocks(descriptor)
                if not self._is_complete():
                    return
                # That may have been just now.
                if self._offset < os.fstat(descriptor).st_size:
                    continue
            finally:
                os.close(descriptor)
            self._segment += 1
            self._offset = 0

    def _segment_blocks(self, descriptor: int) -> Generator[Block | records.Record, None, None]:
        """Reads on in the segment to its current end, over whatever is damaged."""
        if self._offset == 0 and not self._skip_header(descriptor):
            return
        stuck = -1
        room = _FIRST_CHUNK
        while data := os.pread(descriptor, room, self._offset):
            needed = yield from self._parse(descriptor, data)
            size = os.fstat(descriptor).st_size
            room = _CHUNK
            if needed > 0 and self._offset + needed <= size:
                room = max(_CHUNK, needed)
            elif needed == _END and not self._is_complete() and alive(self.path):
                return
            elif self._offset != stuck:
                stuck = self._offset  # a frame may have been written just now: look at it once more
            elif not self._skip_damage(descriptor, needed):
                return

    def _skip_header(self, descriptor: int) -> bool:
        """Goes to the first frame; False while there is none."""
        found = decode_header(os.pread(descriptor, _HEADER_ROOM, 0))
        if found is not None:
            self._offset = found[1]
            return True
        first = next((offset for offset, _ in anchors(descriptor, 1)), None)
        if first is None:
            return self._is_complete() and self._skip_rest(descriptor)
        return self._skip_to(first)

    def _skip_damage(self, descriptor: int, needed: int) -> bool:
        """Goes over the unreadable bytes at the offset; False when they may be the end of what is written so far."""
        after = self._offset
        if needed == _BAD:
            length, _ = FRAME.unpack(os.pread(descriptor, FRAME.size, self._offset))
            after += FRAME.size + length
            if sound(descriptor, after) is not None:
                return self._skip_to(after)
        for offset, _ in anchors(descriptor, self._offset + 1):
            return self._skip_to(offset)
        if self._is_complete():
            return self._skip_rest(descriptor)
        # A frame that is there in full, yet wrong, was damaged: but a living writer may not be done with it.
        return needed == _BAD and not alive(self.path) and self._skip_to(after)

    def _skip_to(self, offset: int) -> bool:
        self._damage(self._offset, offset)
        self._offset = offset
        return True

    def _skip_rest(self, descriptor: int) -> bool:
        """Goes to the end of the file; zeros there were only never cut."""
        self._skip_to(max(self._offset, data_end(descriptor)))
        self._offset = os.fstat(descriptor).st_size
        return True

    def _damage(self, start: int, end: int) -> None:
        last = self.gaps[-1] if self.gaps else None
        if last is not None and (last.segment, last.end) == (self._segment, start):
            self.gaps.pop()
            start = last.start
        if end > start:
            self.gaps.append(Damage(self._segment, start, end))

    def _parse(self, descriptor: int, data: bytes) -> Generator[Block | records.Record, None, int]:
        """Gives what stands in `data`, which begins at the offset; returns why it stopped.

        That is how many bytes the next frame takes where only a part of it is in `data`, else `_END` or `_BAD`.
        """
        view = memoryview(data)
        base = self._offset
        position, size = 0, len(data)
        while size - position >= FRAME_HEAD.size:
            length, crc, kind = FRAME_HEAD.unpack_from(view, position)
            end: int = position + FRAME.size + length
            if length == 0:
                # The unwritten rest holds nothing; a damaged length does not hide what stands behind it.
                return _END if data.find(ANCHOR, position) < 0 else _BAD
            if end > size:
                return end - position
            if crc32(view[position + FRAME.size : end]) != crc:
                return _BAD
            item: Block | records.Record | None = None
            if kind == ROW:
                key_set = self._key_set(descriptor, view, position, length)
                if key_set is not None:
                    end = _rows_end(view, position, key_set)
                    item = Block(key_set, (end - position) // key_set.stride, data[position:end])
                else:
                    self._damage(base + position, base + end)
            elif kind in (MAP, KEY_SET):
                try:
                    item = self._decode(kind, view[position + FRAME.size : end])
                except (msgspec.MsgspecError, struct.error):
                    self._damage(base + position, base + end)
            position = end
            self._offset = base + end
            if item is not None:
                yield item
        return FRAME_HEAD.size

    def _decode(self, kind: int, body: memoryview) -> records.Record | None:
        if kind == MAP:
            return records.decode(body[1:])
        key_set = decode_key_set(body)
        self._keys[key_set.id] = key_set
        return None

    def _key_set(self, descriptor: int, view: memoryview, position: int, length: int) -> KeySet | None:
        """The key set of the row at `position`; None when it is nowhere to be found."""
        if length < _SMALLEST_ROW:
            return None
        number: int = ROW_HEAD.unpack_from(view, position)[3]
        if number not in self._keys and number not in self._missing:
            self._find(descriptor, number)
        found = self._keys.get(number)
        return found if found is not None and found.size == length else None

    def _find(self, descriptor: int, number: int) -> None:
        """Looks up a key set that was not met on the way: reading began behind it, or its frame was damaged.

        It was repeated not far back, at the start of every segment, and not far ahead.
        """
        self._missing.add(number)
        self._collect(descriptor, max(0, self._offset - _NEAR), self._offset)
        others = (segment for segment in range(segments(self.path)) if segment != self._segment)
        for segment in (self._segment, *others):
            if number in self._keys:
                return
            if segment not in self._searched:
                self._searched.add(segment)
                with segment_path(self.path, segment).open("rb") as file:
                    self._collect(file.fileno(), 0, None)

    def _collect(self, descriptor: int, start: int, end: int | None) -> None:
        for _, body in anchors(descriptor, start, end):
            if body[0] == KEY_SET:
                with contextlib.suppress(msgspec.MsgspecError, struct.error):
                    key_set = decode_key_set(body)
                    self._keys.setdefault(key_set.id, key_set)

    def _is_complete(self) -> bool:
        """Whether a later segment has begun, before which the writer completed this one."""
        number = self._segment + 1
        while True:
            try:
                with segment_path(self.path, number).open("rb") as file:
                    if begun(file.fileno()):
                        return True
            except FileNotFoundError:
                return False
            number += 1


def _rows_end(view: memoryview, position: int, key_set: KeySet) -> int:
    """Where the rows of `key_set` end that follow each other from `position` on."""
    stride, number, size = key_set.stride, key_set.id, key_set.size
    last = position + (len(view) - position) // stride * stride
    for length, crc, kind, identity in key_set.row.iter_unpack(view[position:last]):
        after = position + stride
        if length != size or kind != ROW or identity != number or crc32(view[position + 8 : after]) != crc:
            break
        position = after
    return position


def seal(path: Path) -> None:
    """Cuts the empty tail of a journal whose writer died before it could. Does nothing while the writer lives."""
    if alive(path):
        return
    for number in reversed(range(segments(path))):
        segment = segment_path(path, number)
        reader = Reader(path, Position(number, 0))
        for _ in reader.blocks():
            pass
        with segment.open("rb+") as file:
            end = data_end(file.fileno())
            if end == 0 and number > 0:
                segment.unlink()
                continue
            # A payload without its head was never finished; anything else that cannot be read stays for a closer look.
            if os.pread(file.fileno(), 4, reader.position.offset) == bytes(4):
                end = reader.position.offset
            # The last frame may end in zeros itself, as the marker of a journal that was closed does.
            end = max(end, reader.position.offset)
            file.truncate(end)
        return
