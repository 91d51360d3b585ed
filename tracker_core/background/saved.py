"""Files that `run.save()` keeps with the policies `live` and `end`: copied again when they change, and at the end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tracker_core.background.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core import _records as records
    from tracker_core._folder import RunFolder


class Saved:
    """The files to look after. The run itself made a first copy of each, with the time of the original."""

    def __init__(self, folder: RunFolder, write: Callable[[records.Record], None]) -> None:
        self._folder = folder
        self._write = write
        self._followed: dict[str, records.File] = {}
        self._copied: dict[str, tuple[int, int]] = {}

    def add(self, record: records.File) -> None:
        """Looks after the file of `record` from now on, if it asks for that."""
        if record.source is None or record.policy == "now":
            return
        self._followed[record.path] = record
        with contextlib.suppress(OSError):
            # The size is that of the first copy, since the original may be saved from where it is kept.
            self._copied[record.path] = (_state(self._folder.files / record.path)[0], record.size or 0)

    def refresh(self, *, last: bool) -> None:
        """Copies what has changed: the live files, and at the end all of them."""
        for record in self._followed.values():
            if last or record.policy == "live":
                self._refresh(record)

    def _refresh(self, record: records.File) -> None:
        assert record.source is not None
        source, target = Path(record.source), self._folder.files / record.path
        try:
            state = _state(source)
            if state == self._copied.get(record.path):
                return
            if not source.samefile(target):  # a file may be saved from where it is kept
                _copy(source, target)
        except OSError:  # taken away meanwhile, and then the copy that we have is the last word
            return
        self._copied[record.path] = state
        self._write(msgspec.structs.replace(record, time=now(), size=state[1], sha256=None))


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _copy(source: Path, target: Path) -> None:
    import shutil  # brings its archive formats along, which most runs have no use for

    draft = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy2(source, draft)
    draft.replace(target)
