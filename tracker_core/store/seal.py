"""A chunk: what is written when enough rows of a key set have come together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from tracker_core.store import pyramid
from tracker_core.store.chunk import OBJECTS, pack, unpack

if TYPE_CHECKING:
    from tracker_core.store.batch import Batch
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database

_EDGE = np.dtype([("first_step", "<i8"), ("last_step", "<i8"), ("first_time", "<f8"), ("last_time", "<f8")])


class Axes(NamedTuple):
    """Step and time of the first and of the last row of each cell of the pyramid."""

    first_steps: Column
    first_times: Column
    last_steps: Column
    last_times: Column


def seal(db: Database, run: int, keyset: int, chunk: int, batch: Batch, kinds: str) -> None:
    """Writes the batch as chunk number `chunk` of its key set."""
    start, finish, rising = _times(batch.times)
    db.run(
        "INSERT INTO chunk (run, keyset, chunk, length, low, high, start, finish, rising, edges, marks, steps, times)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            keyset,
            chunk,
            len(batch),
            int(batch.steps.min()),
            int(batch.steps.max()),
            start,
            finish,
            rising,
            _edges(batch),
            _marks(batch),
            pack("q", batch.steps),
            pack("t", batch.times),
        ),
    )
    db.many(
        "INSERT INTO block (run, keyset, place, chunk, level3, level2, level1, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (run, keyset, place, chunk, *_levels(kind, column), pack(kind, column))
            for place, (kind, column) in enumerate(zip(kinds, batch.columns, strict=True))
        ],
    )


def edges(blobs: list[bytes]) -> Axes:
    """The cells of 256 rows of some chunks, from their `edges`."""
    cells = np.frombuffer(b"".join(blobs), _EDGE)
    return Axes(cells["first_step"], cells["first_time"], cells["last_step"], cells["last_time"])


def marks(blobs: list[bytes]) -> Axes:
    """The cells of 16 rows of some chunks, from their `marks`."""
    pairs = [msgspec.msgpack.decode(blob, type=tuple[bytes, bytes]) for blob in blobs]
    steps = np.concatenate([unpack("q", pair[0]) for pair in pairs])
    times = np.concatenate([unpack("t", pair[1]) for pair in pairs])
    return Axes(steps[::2], times[::2], steps[1::2], times[1::2])


def _times(times: Column) -> tuple[float, float, int]:
    """The earliest and the latest time, and whether they never fall."""
    if np.isnan(times).any():
        return -math.inf, math.inf, 0
    return float(times.min()), float(times.max()), int(not (times[1:] < times[:-1]).any())


def _ends(length: int, span: int) -> tuple[Column, Column]:
    """The first and the last row of each cell of `span` rows."""
    first = np.arange(0, length, span)
    return first, np.minimum(first + (span - 1), length - 1)


def _edges(batch: Batch) -> bytes:
    first, last = _ends(len(batch), pyramid.SPANS[2])
    cells = np.empty(len(first), _EDGE)
    cells["first_step"], cells["last_step"] = batch.steps[first], batch.steps[last]
    cells["first_time"], cells["last_time"] = batch.times[first], batch.times[last]
    return cells.tobytes()


def _marks(batch: Batch) -> bytes:
    rows = np.stack(_ends(len(batch), pyramid.SPANS[1]), axis=1).ravel()
    return msgspec.msgpack.encode((pack("q", batch.steps[rows]), pack("t", batch.times[rows])))


def _levels(kind: str, values: Column) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Coarse levels are a few hundred bytes: unpacked, a thousand of them are read as one array."""
    if kind in OBJECTS:
        return None, None, None
    first = pyramid.coarser(pyramid.envelope(values))
    second = pyramid.coarser(first)
    third = pyramid.coarser(second)
    return third.T.tobytes(), second.T.tobytes(), pack("d", first.ravel())
