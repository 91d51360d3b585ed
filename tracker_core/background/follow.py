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
    """The journals of one run, each from where it was left.

    `main` is the name of the training process's own. It can hold many rows, so it is read only when somebody has a
    reason to: a notification, or a death.
    """

    def __init__(self, folder: RunFolder, main: str, *, own: str) -> None:
        self.end: records.End | None = None
        """The last word of the training process."""
        self.preempting = False
        self._folder = folder
        self._main = Reader(folder.path / main)
        self._skipped = {main, own}
        self._readers: dict[Path, Reader] = {}

    def read_main(self) -> list[records.Record]:
        """What is new in the training process's journal, but for rows."""
        found = _records(self._main)
        for record in found:
            if isinstance(record, records.End):
                self.end = record
            elif isinstance(record, records.Preempting):
                self.preempting = True
        return found

    def read_others(self) -> list[records.Record]:
        """What is new in the journals of ranks, workers and forked children of any attempt, but for rows."""
        found: list[records.Record] = []
        for path in self._folder.journals():
            label = _label(path)
            if path.name in self._skipped or label in ("main", "background"):
                continue
            found += _records(self._readers.setdefault(path, Reader(path)))
        return found

    def system_rows(self) -> int:
        """The step that comes after every system sample of earlier attempts."""
        following = 0
        for path in self._folder.journals():
            if path.name in self._skipped or _label(path) != "background":
                continue
            for item in Reader(path).blocks():
                if isinstance(item, Block) and item.key_set.stream == "system":
                    (step,) = _STEP.unpack_from(item.data, len(item.data) - item.key_set.stride)
                    following = max(following, step + 1)
        return following


def _records(reader: Reader) -> list[records.Record]:
    return [item for item in reader.blocks() if not isinstance(item, Block)]


def _label(path: Path) -> str:
    """`main` of `001-main~2.0000.journal`."""
    return path.name.split(".", 1)[0].partition("-")[2].partition("~")[0]
