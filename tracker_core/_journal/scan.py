"""Finds sound frames in a segment without walking it from its start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

from tracker_core._journal.format import ANCHOR, ANCHORED, FRAME, FRAME_HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20
_BEFORE = FRAME_HEAD.size
"""Bytes of a frame before its anchor."""


def sound(descriptor: int, offset: int) -> bytes | None:
    """The body of the frame at `offset`; None when there is no whole and undamaged one."""
    head = os.pread(descriptor, FRAME.size, offset)
    if len(head) < FRAME.size:
        return None
    length, crc = FRAME.unpack(head)
    if not 0 < length <= os.fstat(descriptor).st_size - offset - FRAME.size:
        return None
    body = os.pread(descriptor, length, offset + FRAME.size)
    return body if len(body) == length and crc32(body) == crc else None


def anchors(descriptor: int, start: int, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The markers and key sets that begin from `start` on and before `end`, each with its offset and body.

    Their own offset stands in them, so that a journal kept as a value inside another is not mistaken for it.
    """
    place = start
    while end is None or place < end:
        data = os.pread(descriptor, _CHUNK, place)
        found = data.find(ANCHOR)
        while found >= 0:
            offset = place + found - _BEFORE
            body = sound(descriptor, offset) if offset >= start and (end is None or offset < end) else None
            if body is not None and len(body) >= ANCHORED.size and ANCHORED.unpack_from(body)[1:] == (ANCHOR, offset):
                yield offset, body
            found = data.find(ANCHOR, found + 1)
        if len(data) < _CHUNK:
            return
        place += len(data) - len(ANCHOR) + 1


def begun(descriptor: int) -> bool:
    """Whether the segment has its header, which is written when the one before it is complete."""
    return os.pread(descriptor, 1, 0) not in (b"", b"\0")


def data_end(descriptor: int) -> int:
    """Where the zeros at the end of the file begin."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _CHUNK)
        data = os.pread(descriptor, end - start, start).rstrip(b"\0")
        if data:
            return start + len(data)
        end = start
    return 0
