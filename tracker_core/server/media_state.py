"""Whether a run logged media since somebody looked, without reading any."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker_core.store.database import Database


def media_state(db: Database, run: int) -> int:
    """Return a number that changes when the run logs media, or when a rewind hides some; 0 before it logged any.

    Text and other values that are no numbers count as media do: both are columns of objects.
    """
    rows = [
        (keyset, visible, _length(db, run, keyset))
        for keyset, visible, kinds in db.rows(
            "SELECT keyset, visible, kinds FROM keyset WHERE run = ? AND stream = 'metrics' ORDER BY keyset", (run,)
        )
        if "o" in kinds
    ]
    return zlib.crc32(repr(rows).encode()) if rows else 0


def _length(db: Database, run: int, keyset: int) -> int:
    """The rows of a key set, sealed or not."""
    counts = [
        db.row(f"SELECT SUM(length) FROM {table} WHERE run = ? AND keyset = ?", (run, keyset))  # noqa: S608 - our own table names
        for table in ("chunk", "piece")
    ]
    return sum(int(row[0] or 0) for row in counts if row is not None)
