"""Event files as files: records framed by length and checksum, read as they grow.

A record is u64 length, u32 masked crc32c of it, the data, u32 masked crc32c of the data, little endian:
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_LENGTH = struct.Struct("<Q")
# In Python a checksum costs 0.1 µs a byte. Scalars are checked whole; a picture whose length is right and whose
# fields can be read is taken as it is.
_CHECKED = 4096
_BEGIN = 32
"""Bytes that tell files apart: the first record has the time at which its writer was made."""


class Damaged(Exception):  # noqa: N818 - named for what the file is
    """The file cannot be read beyond `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"damaged at byte {offset}")
        self.offset = offset


class RecordFile:
    """Reads the records of one file in order. A record that is not there in full yet is left for the next call.

    `read(start)` gives what is there from that byte on, in pieces.
    """

    def __init__(self, read: Callable[[int], Iterator[bytes]]) -> None:
        self._read = read
        self.offset = 0
        self._begin = b""
        self.lost = 0
        """Records that were skipped because their data did not fit their checksum."""

    def records(self) -> Iterator[bytes]:
        """Everything complete that was not read before. Raises Damaged where lengths can no longer be trusted."""
        buffer = bytearray()  # grows in place: a record may be far longer than a piece
        for chunk in self._read(self.offset):
            buffer += chunk
            self._begin = self._begin or (bytes(buffer[:_BEGIN]) if self.offset == 0 else b"")
            start = 0
            while (found := self._next(buffer, start)) is not None:
                end, data = found
                self.offset += end - start
                start = end
                if data is not None:
                    yield data
            del buffer[:start]

    def is_another(self) -> bool:
        """Whether what is there now begins otherwise than what was read: with the time of another writer."""
        return next(self._read(0), b"")[: len(self._begin)] != self._begin

    def _next(self, buffer: bytearray, start: int) -> tuple[int, bytes | None] | None:
        """The end and the data of the record at `start`; no data when it is damaged, None when it is not all there."""
        if len(buffer) < start + _HEADER.size:
            return None
        length, crc = _HEADER.unpack_from(buffer, start)
        if crc != masked_crc32c(bytes(buffer[start : start + _LENGTH.size])):
            raise Damaged(self.offset)
        body = start + _HEADER.size
        end = body + length + _FOOTER.size
        if len(buffer) < end:
            return None
        data = bytes(memoryview(buffer)[body : body + length])
        if length <= _CHECKED and _FOOTER.unpack_from(buffer, body + length)[0] != masked_crc32c(data):
            self.lost += 1
            return end, None
        return end, data


def _table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x82F63B78 if crc & 1 else crc >> 1
        table.append(crc)
    return table


_TABLE = _table()


def masked_crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
