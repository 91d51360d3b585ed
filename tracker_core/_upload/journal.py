"""Copies the journals of one folder: of each segment what the server does not have, up to the end of a whole frame."""

from __future__ import annotations

import contextlib
import os
import zlib
from typing import TYPE_CHECKING, Protocol

from tracker_core import _journal as journal
from tracker_core._errors import CommError
from tracker_core._folder import RunFolder
from tracker_core._journal.format import segment_path, segments
from tracker_core._journal.scan import begun
from tracker_core._upload.wire import HEAD, PIECE, Segment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Put(Protocol):
    """Sends a range; returns how much of the segment the server has then."""

    def __call__(self, name: str, offset: int, content: bytes, *, live: bool) -> int: ...


class Journals:
    """The journals in `folder`; `held` is what the server had of them when that was asked."""

    def __init__(self, folder: Path, held: Mapping[str, Segment], put: Put) -> None:
        self._folder = RunFolder(folder)
        self._held = dict(held)
        self._put = put
        self._readers: dict[str, journal.Reader] = {}
        self._alive: dict[str, bool] = {}

    def send(self) -> None:
        """Sends what is new. Raises CommError, also where another run lies there under this one's name."""
        for first in self._folder.journals():
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                self._send(first)

    def lacking(self) -> int:
        """Bytes that `send` would send."""
        return sum(
            max(0, end - self._size(path.name)) for first in self._folder.journals() for path, end in self._ends(first)
        )

    def _send(self, first: Path) -> None:
        live = journal.alive(first)  # asked before it is read: what is dead by now is read whole
        for path, end in self._ends(first):
            self._copy(path, end, live=live)
        if live != self._alive.get(first.name, False) and self._size(first.name):
            size = self._size(first.name)
            self._put(first.name, size, b"", live=live)
        self._alive[first.name] = live

    def _ends(self, first: Path) -> list[tuple[Path, int]]:
        """The segments with what may be sent of each: all of a complete one, of the last what is whole."""
        reader = self._readers.get(first.name)
        if reader is None:
            reader = self._readers[first.name] = journal.Reader(first, journal.Position(_last(first), 0))
        for _ in reader.blocks():
            pass
        at = reader.position
        before = [(path, path.stat().st_size) for path in (segment_path(first, number) for number in range(at.segment))]
        return [*before, (segment_path(first, at.segment), at.offset)]

    def _copy(self, path: Path, end: int, *, live: bool) -> None:
        offset = self._size(path.name)
        if offset >= end:
            return
        with path.open("rb") as file:
            self._check(path, file.fileno())
            while offset < end:
                content = os.pread(file.fileno(), min(PIECE, end - offset), offset)
                if not content:
                    return
                now = self._put(path.name, offset, content, live=live)
                self._held[path.name] = Segment(now, zlib.crc32(os.pread(file.fileno(), min(HEAD, now), 0)))
                offset = now

    def _check(self, path: Path, descriptor: int) -> None:
        known = self._held.get(path.name)
        if known is None or known.head == zlib.crc32(os.pread(descriptor, min(HEAD, known.size), 0)):
            return
        raise CommError(
            f"the server holds another machine's run under the name of {self._folder.path}: rename this folder, "
            "with other digits for its time, and sync again"
        )

    def _size(self, name: str) -> int:
        known = self._held.get(name)
        return known.size if known is not None else 0


def _last(first: Path) -> int:
    """The last segment with a header; all before it are complete."""
    for number in range(segments(first) - 1, 0, -1):
        with segment_path(first, number).open("rb") as file:
            if begun(file.fileno()):
                return number
    return 0
