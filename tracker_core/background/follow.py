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
    """The journals of one attempt, each from where it was left; `main` is the name of the training process's own.

    Earlier attempts had background processes of their own, which did what they asked for.
    """

    def __init__(self, folder: RunFolder, attempt: int, main: str) -> None:
        self.end: records.End | None = None
        """The last word of the training process."""
        self.preempting = False
        self._folder = folder
        self._attempt = attempt
        self._main = main
        self._readers: dict[str, Reader] = {}

    def read(self) -> list[records.Record]:
        """What is new but for rows: of the training process, and of ranks, workers and forked children."""
        found: list[records.Record] = []
        for path in self._folder.journals():
            attempt, label = _name(path)
            if path.name != self._main and (attempt != self._attempt or label in ("main", "background")):
                continue
            reader = self._readers.setdefault(path.name, Reader(path))
            reader.path = path  # the folder may have been renamed
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
            attempt, label = _name(path)
            if attempt >= self._attempt or label != "background":
                continue
            for item in Reader(path).blocks():
                if isinstance(item, Block) and item.key_set.stream == "system":
                    (step,) = _STEP.unpack_from(item.data, len(item.data) - item.key_set.stride)
                    following = max(following, step + 1)
        return following


def _name(path: Path) -> tuple[int, str]:
    """Attempt and label: 1 and `main` of `001-main~2.0000.journal`."""
    attempt, _, label = path.name.partition(".")[0].partition("-")
    return int(attempt) if attempt.isdecimal() else 0, label.partition("~")[0]
