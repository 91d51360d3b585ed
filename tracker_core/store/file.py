"""The files of a run: what lies below its `files/`, with what the records know about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tracker_core._folder import RunFolder
    from tracker_core.store.database import Database


class File(NamedTuple):
    """`name` is the path below `files/`, with `/` between its parts. `sha256` is None where nobody reckoned it."""

    name: str
    path: Path
    size: int
    time: float
    sha256: str | None


def files(db: Database, run: int, folder: RunFolder) -> list[File]:
    """Every file that is there, sorted by name."""
    known: dict[str, records.File] = {}
    for path, record in db.rows("SELECT path, record FROM file WHERE run = ?", (run,)):
        decoded = records.decode(record)
        if isinstance(decoded, records.File):
            known[path] = decoded
    found = []
    for path in _walk(folder.files):
        try:
            status = path.stat()
        except OSError:  # removed, or replaced, since the folder was listed
            continue
        name = path.relative_to(folder.files).as_posix()
        record = known.get(name)
        sha256 = record.sha256 if record is not None and record.size == status.st_size else None
        found.append(File(name, path, status.st_size, status.st_mtime, sha256))
    return sorted(found)


def _walk(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = folder / place / name
            if path.is_file():
                yield path
