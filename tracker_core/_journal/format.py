"""The bytes of a journal; `docs/design/journal.md` tells them in full. Everything is little endian.

A segment is a header and then frames `u32 length | u32 crc32(body) | body`, where the body begins with its type.
Zeros instead of a length: the writer got this far.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tracker_core._errors import Error

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._records import Stream

MAGIC = b"\x89TRKJ\r\n\x1a"
VERSION = 1
MINIMUM_READER = 1
"""The oldest version whose reader understands what this version writes."""

KEY_SET = 1
ROW = 2
MAP = 3
MARKER = 4

SEGMENT_SIZE = 64 << 20
MARKER_INTERVAL = 64 << 10
"""At most this many bytes lie between two markers, a longer frame aside."""

ANCHOR = b"\xf5\xc1TRKsy\xfe"
"""Begins the body of a marker and of a key set, right after the type; no text holds it, since it is no UTF-8."""

FRAME = struct.Struct("<II")
FRAME_HEAD = struct.Struct("<IIB")
ROW_HEAD = struct.Struct("<IIBI")
PREAMBLE = struct.Struct("<8sHHII")
ANCHORED = struct.Struct("<B8sQ")
_VERSIONS = struct.Struct("<HH")
_KEY_SET_ID = struct.Struct("<I")


class KeySet:
    """The keys of packed rows, known in one journal by `id`.

    `kinds` has one letter a key: `d` float64, `q` int64, `?` bool. `pack(ROW, id, step, time, *values)` gives the
    body of a row; it raises `struct.error` when a value is beyond its kind.
    """

    __slots__ = ("id", "kinds", "names", "pack", "row", "size", "stream", "stride", "unpack")

    def __init__(self, id: int, names: tuple[str, ...], kinds: str, stream: Stream = "metrics") -> None:  # noqa: A002 - the field's name in the format
        body = struct.Struct("<BIqd" + kinds)
        self.id = id
        self.names = names
        self.kinds = kinds
        self.stream = stream
        self.pack = body.pack
        self.size = body.size
        self.stride = FRAME.size + body.size
        """Bytes from one row to the next where rows follow each other."""
        self.row = struct.Struct(f"<IIBI{body.size - 5}x")
        """length, crc, type and key-set id of a whole row frame"""
        self.unpack = struct.Struct(f"<{ROW_HEAD.size}xqd{kinds}")
        """step, time and values of a whole row frame"""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeySet) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"KeySet({self.id}, {self.names!r}, {self.kinds!r}, {self.stream!r})"

    @property
    def _identity(self) -> tuple[int, tuple[str, ...], str, str]:
        return self.id, self.names, self.kinds, self.stream


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What every segment says about itself, so that each can be read alone.

    `time` is when the segment was begun, in seconds since the epoch.
    """

    run: str
    label: str
    attempt: int
    segment: int = 0
    pid: int = 0
    host: str = ""
    time: float = 0.0


class Position(NamedTuple):
    """A place between two records: `offset` bytes into segment `segment`."""

    segment: int = 0
    offset: int = 0


class Damage(NamedTuple):
    """Bytes of segment `segment`, from `start` up to `end`, that hold no readable record."""

    segment: int
    start: int
    end: int


def segment_path(first: Path, number: int) -> Path:
    """The path of segment `number` of the journal whose segment 0 lies at `first`."""
    stem = first.name.removesuffix(".0000.journal")
    return first.with_name(f"{stem}.{number:04d}.journal")


def segments(first: Path) -> int:
    """How many segments the journal has whose segment 0 lies at `first`."""
    number = 0
    while segment_path(first, number).exists():
        number += 1
    return number


def frame(body: bytes) -> bytes:
    return FRAME.pack(len(body), zlib.crc32(body)) + body


def encode_header(header: Header) -> bytes:
    body = msgspec.msgpack.encode(header)
    versions = _VERSIONS.pack(VERSION, MINIMUM_READER)
    return PREAMBLE.pack(MAGIC, VERSION, MINIMUM_READER, len(body), zlib.crc32(versions + body)) + body


def decode_header(data: bytes) -> tuple[Header, int] | None:
    """The header at the start of `data`, and its length; None when it is not there whole and sound.

    Raises `Error` when a newer version wrote it that this one must not read.
    """
    if len(data) < PREAMBLE.size:
        return None
    magic, version, minimum_reader, length, crc = PREAMBLE.unpack_from(data)
    body = data[PREAMBLE.size : PREAMBLE.size + length]
    if magic != MAGIC or len(body) < length or zlib.crc32(_VERSIONS.pack(version, minimum_reader) + body) != crc:
        return None
    if minimum_reader > VERSION:
        raise Error(f"the journal was written in version {version} of its format: update tracker-core to read it")
    return msgspec.msgpack.decode(body, type=Header), PREAMBLE.size + length


def marker(offset: int) -> bytes:
    """The body of the marker whose frame stands at `offset` of its segment."""
    return ANCHORED.pack(MARKER, ANCHOR, offset)


def encode_key_set(key_set: KeySet, offset: int) -> bytes:
    """The body of the key set whose frame stands at `offset` of its segment."""
    described = msgspec.msgpack.encode((key_set.kinds, key_set.stream, key_set.names))
    return ANCHORED.pack(KEY_SET, ANCHOR, offset) + _KEY_SET_ID.pack(key_set.id) + described


def decode_key_set(body: bytes | memoryview) -> KeySet:
    (number,) = _KEY_SET_ID.unpack_from(body, ANCHORED.size)
    described = body[ANCHORED.size + _KEY_SET_ID.size :]
    kinds, stream, names = msgspec.msgpack.decode(described, type=tuple[str, str, tuple[str, ...]])
    return KeySet(number, names, kinds, "system" if stream == "system" else "metrics")
