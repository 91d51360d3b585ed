"""What a summary needs of a key set's rows: kept up to date as rows come, so that no list reads a series.

Sums are made chunk by chunk, in the order of the chunks: an index that was built anew adds the same numbers in the
same order and gets the same mean to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tracker_core.store.chunk import OBJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core.store.batch import Batch
    from tracker_core.store.chunk import Column


class ColumnStats(msgspec.Struct, array_like=True):
    """`count`, `total`, `low` and `high` leave NaN and everything that is no number out."""

    count: int
    total: float
    low: Any
    high: Any
    first: Any
    last: Any

    def then(self, later: ColumnStats) -> ColumnStats:
        """Of these rows and `later` ones."""
        lows = [stats.low for stats in (self, later) if stats.count]
        highs = [stats.high for stats in (self, later) if stats.count]
        return ColumnStats(
            self.count + later.count,
            self.total + later.total,
            min(lows, default=None),
            max(highs, default=None),
            self.first,
            later.last,
        )


class Stats(msgspec.Struct, array_like=True):
    """Of at least one row: `begin` and `end` are the times of the first and last, `step` is the largest."""

    rows: int
    begin: float
    end: float
    step: int
    columns: list[ColumnStats]

    def then(self, later: Stats) -> Stats:
        columns = [mine.then(other) for mine, other in zip(self.columns, later.columns, strict=True)]
        step = max(self.step, later.step)
        return Stats(self.rows + later.rows, self.begin, later.end, step, columns)


class Kept(msgspec.Struct, array_like=True):
    """The statistics of a key set: of its sealed chunks, and of the rows that wait."""

    sealed: Stats | None = None
    waiting: Stats | None = None

    @property
    def all(self) -> Stats | None:
        if self.sealed is None or self.waiting is None:
            return self.sealed or self.waiting
        return self.sealed.then(self.waiting)


def join(earlier: Stats | None, later: Stats | None) -> Stats | None:
    if earlier is None or later is None:
        return earlier or later
    return earlier.then(later)


def measure(batch: Batch, kinds: str) -> Stats | None:
    """None for no rows."""
    if not len(batch):
        return None
    return Stats(
        len(batch),
        float(batch.times[0]),
        float(batch.times[-1]),
        int(batch.steps.max()),
        [column(kind, values) for kind, values in zip(kinds, batch.columns, strict=True)],
    )


def column(kind: str, values: Column) -> ColumnStats:
    """The statistics of at least one value, in the order in which they were written."""
    if kind in OBJECTS:
        return _objects(values.tolist())
    first, last = values[0].item(), values[-1].item()
    counted = values
    if kind == "d":
        missing = np.isnan(values)
        if missing.any():
            counted = values[~missing]
    if not len(counted):
        return ColumnStats(0, 0.0, None, None, first, last)
    with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs have no sum
        total = float(counted.sum(dtype=np.float64))
    return ColumnStats(len(counted), total, counted.min().item(), counted.max().item(), first, last)


def _objects(values: Sequence[Any]) -> ColumnStats:
    numbers = [value for value in values if isinstance(value, int | float) and value == value]  # noqa: PLR0124 - NaN differs from itself
    return ColumnStats(
        len(numbers),
        _total(numbers),
        min(numbers, default=None),
        max(numbers, default=None),
        values[0],
        values[-1],
    )


def _total(numbers: Sequence[float]) -> float:
    try:
        return float(sum(numbers))
    except OverflowError:  # integers beyond any float
        return float("inf")
