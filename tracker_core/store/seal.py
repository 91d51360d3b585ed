"""A chunk: what is written when enough rows of a key set have come together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tracker_core.store import pyramid
from tracker_core.store.chunk import pack, unpack

if TYPE_CHECKING:
    from tracker_core.store.batch import Batch
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database

EDGE = 256
MARK = 16
"""Rows from one step and time to the next, where a chunk keeps its axis for the levels of the pyramid."""


def seal(db: Database, run: int, keyset: int, chunk: int, batch: Batch, kinds: str) -> None:
    """Writes the batch as chunk number `chunk` of its key set."""
    db.run(
        "INSERT INTO chunk (run, keyset, chunk, length, low, high, start, finish, edges, marks, steps, times)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            keyset,
            chunk,
            len(batch),
            int(batch.steps.min()),
            int(batch.steps.max()),
            float(batch.times[0]),
            float(batch.times[-1]),
            batch.steps[::EDGE].tobytes() + batch.times[::EDGE].tobytes(),
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


def edges(blobs: list[bytes]) -> tuple[Column, Column]:
    """The steps and times of every 256th row of some chunks, from their `edges`."""
    steps = [np.frombuffer(blob, "<i8", len(blob) // 16) for blob in blobs]
    times = [np.frombuffer(blob, "<f8", offset=len(blob) // 2) for blob in blobs]
    return np.concatenate(steps), np.concatenate(times)


def marks(blobs: list[bytes]) -> tuple[Column, Column]:
    """The steps and times of every 16th row of some chunks, from their `marks`."""
    pairs = [msgspec.msgpack.decode(blob, type=tuple[bytes, bytes]) for blob in blobs]
    steps = [unpack("q", pair[0]) for pair in pairs]
    times = [unpack("t", pair[1]) for pair in pairs]
    return np.concatenate(steps), np.concatenate(times)


def _marks(batch: Batch) -> bytes:
    return msgspec.msgpack.encode((pack("q", batch.steps[::MARK]), pack("t", batch.times[::MARK])))


def _levels(kind: str, values: Column) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Coarse levels are a few hundred bytes: unpacked, a thousand of them are read as one array."""
    if kind == "o":
        return None, None, None
    first = pyramid.coarser(pyramid.envelope(values))
    second = pyramid.coarser(first)
    third = pyramid.coarser(second)
    return third.T.tobytes(), second.T.tobytes(), pack("d", first.ravel())
