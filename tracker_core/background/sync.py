"""Brings what the run's writers have put into memory maps to the disk, so that even a power cut costs seconds only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._folder import RunFolder


class Sync:
    """fsync from outside: the kernel writes out a file's changed pages, whoever changed them."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._full: set[Path] = set()

    def sync(self) -> None:
        """Writes out every segment that may have changed since the last call."""
        segments = sorted(self._folder.path.glob("*.journal"))
        for segment, following in zip(segments, [*segments[1:], None], strict=True):
            if segment in self._full:
                continue
            _fsync(segment)
            if following is not None and _journal(following) == _journal(segment):
                self._full.add(segment)  # its writer has gone on to the next, and this was its last sync
        _fsync(self._folder.path)


def _journal(segment: Path) -> str:
    """The name that the segments of one journal share."""
    return segment.name.rsplit(".", 2)[0]


def _fsync(path: Path) -> None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
