"""Reads the rows of one key set back: its chunks, then what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracker_core.store.batch import Batch, decode
from tracker_core.store.chunk import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database

LOWEST = -(1 << 63)
HIGHEST = (1 << 63) - 1


def read(
    db: Database,
    run: int,
    keyset: int,
    kinds: str,
    places: Sequence[int] | None = None,
    within: tuple[int, int] = (LOWEST, HIGHEST),
    only: Column | None = None,
) -> Iterator[Batch]:
    """Batches in the order in which they were written.

    `places` chooses columns; `within` leaves out chunks (not rows) that have no step between the two; `only` leaves
    out rows of other steps than these, which are sorted, and does not unpack what it leaves out.
    """
    wanted = tuple(range(len(kinds)) if places is None else places)
    columns = _columns(db, run, keyset, wanted, within)
    for chunk, steps, times in db.rows(
        "SELECT chunk, steps, times FROM chunk WHERE run = ? AND keyset = ? AND high >= ? AND low <= ? ORDER BY chunk",
        (run, keyset, *within),
    ):
        axis = unpack("q", steps)
        chosen = slice(None) if only is None else _among(axis, only)
        if only is None or len(axis[chosen]):
            yield Batch(
                axis[chosen],
                unpack("t", times)[chosen],
                [unpack(kinds[place], columns[place, chunk])[chosen] for place in wanted],
            )
    for (data,) in db.rows("SELECT data FROM piece WHERE run = ? AND keyset = ? ORDER BY piece", (run, keyset)):
        batch = decode(data, kinds, wanted)
        yield batch if only is None else batch.select(_among(batch.steps, only))


def _among(steps: Column, wanted: Column) -> Column:
    """Where the steps are that are wanted."""
    places = np.minimum(np.searchsorted(wanted, steps), len(wanted) - 1)
    found: Column = np.flatnonzero(wanted[places] == steps)
    return found


def _columns(
    db: Database, run: int, keyset: int, places: tuple[int, ...], within: tuple[int, int]
) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    for place in places:
        for chunk, data in db.rows(
            "SELECT block.chunk, block.data FROM block JOIN chunk ON chunk.run = block.run"
            " AND chunk.keyset = block.keyset AND chunk.chunk = block.chunk"
            " WHERE block.run = ? AND block.keyset = ? AND block.place = ? AND chunk.high >= ? AND chunk.low <= ?",
            (run, keyset, place, *within),
        ):
            found[place, chunk] = data
    return found
