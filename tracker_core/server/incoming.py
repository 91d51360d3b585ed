"""Files on their way in: written piece by piece beside their place, and moved there when they are whole and right.

A part goes by the sha256 of what it will be, so whoever sends the same content goes on with the same part, and neither
a killed client nor a killed server leaves anything that anybody takes for a file.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

from tracker_core._artifacts.objects import hashed
from tracker_core._artifacts.part import part
from tracker_core._upload.wire import PIECE
from tracker_core.server.operation import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = ".incoming"
_REMEMBERED = 1000
_FORGOTTEN = 7 * 86400


def clean(data: Path) -> None:
    """Removes parts of uploads that nobody went on with for a week."""
    for path in data.glob(f"*/{FOLDER}/*"):
        if path.stat().st_mtime < time.time() - _FORGOTTEN:
            path.unlink()


class Incoming:
    """The parts below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._hashes: dict[str, tuple[int, hashlib._Hash]] = {}
        """How far each part was hashed as it came, so that a large one need not be read again at its end."""

    def add(self, sha256: str, offset: int, size: int, content: bytes, settle: Callable[[Path], None]) -> int:
        """Takes in `content`, which begins at `offset` of a file of `size` bytes; returns how much there is now.

        `settle` moves the part to its place once it is whole and right. Raises ConflictError where there is a gap, or
        where all that came is not what it should be and begins anew.
        """
        path = self._folder / sha256
        with part(path) as file:
            begun = file.tell()
            if begun > size:
                file.truncate(0)
                begun = file.seek(0)
            if offset > begun:
                raise ConflictError(f"there is a gap: bytes from {begun} on come next", size=begun)
            new = content[begun - offset : size - offset]
            self._hash(sha256, begun, new)
            file.write(new)
            file.flush()
            now = begun + len(new)
            if now < size:
                return now
            if size > PIECE:  # a power cut must not leave a name without its content; what is small comes again quickly
                os.fsync(file.fileno())
            if self._digest(sha256, path, size) != sha256:
                file.truncate(0)
                raise ConflictError("what arrived is not what was announced: it changed on its way", size=0)
            settle(path)
            return now

    def _hash(self, sha256: str, begun: int, new: bytes) -> None:
        if begun == 0:
            if len(self._hashes) > _REMEMBERED:  # of uploads that were given up
                self._hashes.clear()
            self._hashes[sha256] = (0, hashlib.sha256())
        known = self._hashes.get(sha256)
        if known is not None and known[0] == begun:
            known[1].update(new)
            self._hashes[sha256] = (begun + len(new), known[1])

    def _digest(self, sha256: str, path: Path, size: int) -> str:
        done, digest = self._hashes.pop(sha256, (-1, hashlib.sha256()))
        return digest.hexdigest() if done == size else hashed(path)[0]
