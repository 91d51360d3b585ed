"""Rows of one key set as columns, from the journal's bytes to the store's and back."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from tracker_core.store.chunk import DTYPES, OBJECTS, Column, objects, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FRAME = 13
"""Bytes before the step in a row's frame: length, checksum, type, key set."""


class Batch(NamedTuple):
    """`columns[i]` belongs to the i-th name of the key set; all are as long as `steps` and `times`."""

    steps: Column
    times: Column
    columns: list[Column]

    def __len__(self) -> int:
        return len(self.steps)

    def slice(self, start: int, stop: int | None = None) -> Batch:
        return Batch(self.steps[start:stop], self.times[start:stop], [column[start:stop] for column in self.columns])

    def select(self, mask: Column) -> Batch:
        return Batch(self.steps[mask], self.times[mask], [column[mask] for column in self.columns])


def empty(kinds: str) -> Batch:
    return Batch(np.empty(0, np.int64), np.empty(0), [np.empty(0, DTYPES[kind]) for kind in kinds])


def from_frames(data: bytes, kinds: str) -> Batch:
    """The rows of a journal that follow each other in `data`, frames included."""
    rows = np.frombuffer(data, _row(kinds))
    return Batch(
        np.ascontiguousarray(rows["step"]),
        np.ascontiguousarray(rows["time"]),
        [np.ascontiguousarray(rows[str(place)]) for place in range(len(kinds))],
    )


def from_rows(rows: Sequence[tuple[int, float, Sequence[Any]]], kinds: str) -> Batch:
    columns = []
    for place, kind in enumerate(kinds):
        values = [row[2][place] for row in rows]
        columns.append(objects(values) if kind in OBJECTS else np.array(values, DTYPES[kind]))
    return Batch(np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows]), columns)


def concat(batches: Iterable[Batch], kinds: str) -> Batch:
    found = [batch for batch in batches if len(batch)]
    if not found:
        return empty(kinds)
    if len(found) == 1:
        return found[0]
    return Batch(
        np.concatenate([batch.steps for batch in found]),
        np.concatenate([batch.times for batch in found]),
        [np.concatenate([batch.columns[place] for batch in found]) for place in range(len(kinds))],
    )


def encode(batch: Batch, kinds: str) -> bytes:
    return msgspec.msgpack.encode(
        [
            pack("q", batch.steps),
            pack("t", batch.times),
            *(pack(kind, column) for kind, column in zip(kinds, batch.columns, strict=True)),
        ]
    )


def decode(data: bytes, kinds: str, places: Sequence[int] | None = None) -> Batch:
    """The batch that `encode` made; with `places` only these columns, in this order."""
    steps, times, *columns = msgspec.msgpack.decode(data, type=list[bytes])
    wanted = range(len(kinds)) if places is None else places
    return Batch(unpack("q", steps), unpack("t", times), [unpack(kinds[place], columns[place]) for place in wanted])


@lru_cache(256)
def _row(kinds: str) -> np.dtype[Any]:
    fields = [("frame", f"V{_FRAME}"), ("step", "<i8"), ("time", "<f8")]
    fields += [(str(place), DTYPES[kind].str) for place, kind in enumerate(kinds)]
    return np.dtype(fields)
