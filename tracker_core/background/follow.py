"""Reads the run's other journals for what concerns the background process; rows are skipped in blocks, undecoded."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tracker_core import _records as records
from tracker_core._journal import Block, Reader

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._folder import RunFolder

_STEP = struct.Struct("<13xq")


class Follow:
    """The journals of one run, each from where it was left; `main` is the name of the training process's own."""

    def __init__(self, folder: RunFolder, main: str, *, own: str) -> None:
        self.end: records.End | None = None
        """The last word of the training process."""
        self.preempting = False
        self._folder = folder
        self._main = main
        self._own = own
        self._readers: dict[str, Reader] = {}

    def read(self) -> list[records.Record]:
        """What is new but for rows: of the training process, and of ranks, workers and forked children."""
        found: list[records.Record] = []
        for path in self._folder.journals():
            if path.name != self._main and _label(path) in ("main", "background"):
                continue
            reader = self._readers.setdefault(path.name, Reader(path))
            new = [item for item in reader.blocks() if not isinstance(item, Block)]
            if path.name == self._main:
                self._heed(new)
            found += new
        return found

    def _heed(self, new: list[records.Record]) -> None:
        for record in new:
            if isinstance(record, records.End):
                self.end = record
            elif isinstance(record, records.Preempting):
                self.preempting = True

    def system_rows(self) -> int:
        """The step that comes after every system sample of earlier attempts."""
        following = 0
        for path in self._folder.journals():
            if path.name == self._own or _label(path) != "background":
                continue
            for item in Reader(path).blocks():
                if isinstance(item, Block) and item.key_set.stream == "system":
                    (step,) = _STEP.unpack_from(item.data, len(item.data) - item.key_set.stride)
                    following = max(following, step + 1)
        return following


def _label(path: Path) -> str:
    """`main` of `001-main~2.0000.journal`."""
    return path.name.split(".", 1)[0].partition("-")[2].partition("~")[0]
