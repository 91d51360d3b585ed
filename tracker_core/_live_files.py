"""Files that `run.save()` keeps with the policies `live` and `end`: copied again when they change, and at the end.

The background process does this; `finish()` does it where that process is dead.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core._file_tree import draft_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tracker_core import _records as records
    from tracker_core._folder import RunFolder


class LiveFiles:
    """The saved files of one run that may still change. The run itself made a first copy of each, with the time of the
    original."""

    def __init__(self, folder: RunFolder, files: Iterable[records.File] = ()) -> None:
        self._folder = folder
        self._followed: dict[str, records.File] = {}
        self._copied: dict[str, tuple[int, int]] = {}
        for record in files:
            self.add(record)

    def add(self, record: records.File) -> None:
        """Copy the file of `record` from now on, if its policy asks for that."""
        if record.source is None or record.policy == "now":
            return
        self._followed[record.path] = record
        with contextlib.suppress(OSError):
            # The size is that of the first copy, since the original may be saved from where it is kept.
            self._copied[record.path] = (_state(self._folder.files / record.path)[0], record.size or 0)

    def refresh(self, failed: Callable[[str, OSError], object], *, last: bool) -> Iterator[tuple[records.File, int]]:
        """Copy what has changed: the live files, and with `last` all of them. Yields each record with the new size.

        A file that was removed meanwhile keeps its copy. `failed` gets the path of each file that cannot be copied.
        """
        for record in self._followed.values():
            if not last and record.policy != "live":
                continue
            try:
                size = self._refresh(record)
            except OSError as error:
                failed(record.path, error)
            else:
                if size is not None:
                    yield record, size

    def _refresh(self, record: records.File) -> int | None:
        assert record.source is not None
        source, target = _path(record.source), self._folder.files / record.path
        try:
            state = _state(source)
            if state == self._copied.get(record.path):
                return None
            if not source.samefile(target):  # a file may be saved from where it is kept
                _copy(source, target, masked=record.path.startswith("code/"))
        except FileNotFoundError:
            return None
        self._copied[record.path] = state
        return state[1]


def _path(source: str) -> Path:
    """The file that a record names: by its path, or by its address where the path is not UTF-8."""
    if not source.startswith("file://"):
        return Path(source)
    from urllib.parse import unquote_to_bytes, urlsplit

    return Path(os.fsdecode(unquote_to_bytes(urlsplit(source).path)))


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _copy(source: Path, target: Path, *, masked: bool) -> None:
    import shutil  # brings its archive formats along, which most runs have no use for

    draft = draft_path(target)
    try:
        if masked:
            from tracker_core._secret import copy_code

            copy_code(source, draft)
        else:
            shutil.copy2(source, draft)
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
