"""The points of one column of a key set, exactly or summarized by the cells of the pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracker_core.store import pyramid
from tracker_core.store.batch import decode
from tracker_core.store.chunk import unpack
from tracker_core.store.seal import Axes, edges, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database
    from tracker_core.store.series import Source

_BATCH = 500
"""Chunks that one statement names; SQLite allows 999 arguments."""


class Heads(NamedTuple):
    """Chunks of a key set: number of rows, smallest and largest step, earliest and latest time."""

    chunk: Column
    length: Column
    low: Column
    high: Column
    start: Column
    finish: Column
    rising: Column

    def select(self, mask: Column) -> Heads:
        return Heads(*(column[mask] for column in self))

    def span(self, x: str) -> tuple[Column, Column]:
        return (self.low, self.high) if x == "_step" else (self.start, self.finish)


class Points(NamedTuple):
    """Points as they were logged, sorted by `x`."""

    x: Column
    steps: Column
    times: Column
    values: Column


class Cells(NamedTuple):
    """Cells of the pyramid: disjoint ranges of `x`, in order. `cells` is an envelope (see `pyramid`)."""

    x: Column
    last_x: Column
    axes: Axes
    counts: Column
    cells: Column
    chunks: Column
    """The chunk of each cell."""

    def select(self, mask: Column) -> Cells:
        return Cells(
            self.x[mask],
            self.last_x[mask],
            Axes(*(column[mask] for column in self.axes)),
            self.counts[mask],
            self.cells[:, mask],
            self.chunks[mask],
        )


def points(steps: Column, times: Column, values: Column, x: str) -> Points:
    """Points of one column; those whose value is no number are left out."""
    steps, times, floats = numbers(steps, times, values)
    return arrange(Points(steps if x == "_step" else times, steps, times, floats))


def numbers(steps: Column, times: Column, values: Column) -> tuple[Column, Column, Column]:
    """The same without the points whose value is no number, and the values as float64."""
    if values.dtype.kind == "O":
        kept = np.array([isinstance(value, int | float) for value in values], bool)
        if not kept.all():
            steps, times, values = steps[kept], times[kept], values[kept]
    return steps, times, floating(values)


def arrange(found: Points) -> Points:
    """Sorted by `x`, those of one `x` in their order; without the points whose `x` is NaN."""
    if found.x.dtype.kind == "f":
        missing = np.isnan(found.x)
        if missing.any():
            found = Points(*(column[~missing] for column in found))
    if bool((found.x[1:] < found.x[:-1]).any()):
        order = np.argsort(found.x, kind="stable")
        found = Points(*(column[order] for column in found))
    return found


def floating(values: Column) -> Column:
    """As float64; an integer beyond its range is infinite, and what is no number NaN."""
    if values.dtype.kind != "O":
        return values.astype(np.float64, copy=False)
    return np.array([_float(value) for value in values], np.float64)


def _float(value: object) -> float:
    if not isinstance(value, int | float):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def heads(db: Database, run: int, source: Source, x: str, within: tuple[float, float] | None) -> Heads:
    """The chunks that overlap the range."""
    found = source.chunks and db.rows(
        "SELECT chunk, length, low, high, start, finish, rising FROM chunk WHERE run = ? AND keyset = ? ORDER BY chunk",
        (run, source.keyset),
    )
    if not found:
        return Heads(*(np.empty(0, np.int64) for _ in Heads._fields))
    every = Heads(*(np.array(column) for column in zip(*found, strict=True)))
    if within is None:
        return every
    first, last = every.span(x)
    return every.select((last >= within[0]) & (first <= within[1]))


def cells(db: Database, run: int, source: Source, level: int, chosen: Heads, x: str) -> Cells:
    """The cells of `level`, above 0, of chunks that follow each other."""
    bounds = (run, source.keyset, int(chosen.chunk[0]), int(chosen.chunk[-1]))
    column = ("level1", "level2", "level3")[level - 1]
    blobs = [
        blob
        for (blob,) in db.rows(
            f"SELECT {column} FROM block WHERE run = ? AND keyset = ? AND place = ? AND chunk BETWEEN ? AND ?"  # noqa: S608 - our own column names
            " ORDER BY chunk",
            (*bounds[:2], source.place, *bounds[2:]),
        )
    ]
    span = pyramid.SPANS[level]
    each = -(-chosen.length // span)
    counts = np.full(int(each.sum()), span)
    counts[np.cumsum(each) - 1] = chosen.length - (each - 1) * span
    if level == 1:
        values = np.concatenate([unpack("d", blob).reshape(pyramid.ROWS, -1) for blob in blobs], axis=1)
        axes = marks(_column(db, bounds, "marks"))
    else:
        values = np.frombuffer(b"".join(blobs)).reshape(-1, pyramid.ROWS).T
        axes = edges(_column(db, bounds, "edges")) if level == 2 else _whole(db, bounds, chosen)
    by_step = x == "_step"
    return Cells(
        axes.first_steps if by_step else axes.first_times,
        axes.last_steps if by_step else axes.last_times,
        axes,
        counts,
        values,
        np.repeat(chosen.chunk, each),
    )


def rows(db: Database, run: int, source: Source, chunks: Sequence[int], x: str) -> Points:
    """All points of these chunks, which are sorted."""
    parts: list[tuple[Column, Column, Column]] = []
    for start in range(0, len(chunks), _BATCH):
        part = [int(chunk) for chunk in chunks[start : start + _BATCH]]
        names = ", ".join("?" * len(part))
        arguments = (run, source.keyset, *part)
        axes = db.rows(
            f"SELECT steps, times FROM chunk WHERE run = ? AND keyset = ? AND chunk IN ({names}) ORDER BY chunk",  # noqa: S608 - question marks
            arguments,
        )
        blobs = db.rows(
            f"SELECT data FROM block WHERE run = ? AND keyset = ? AND place = ? AND chunk IN ({names}) ORDER BY chunk",  # noqa: S608 - question marks
            (run, source.keyset, source.place, *part),
        )
        parts += [
            (unpack("q", steps), unpack("t", times), unpack(source.kind, data))
            for (steps, times), (data,) in zip(axes, blobs, strict=True)
        ]
    return _joined(parts, x)


def waiting(db: Database, run: int, source: Source, x: str) -> Points:
    """The points that are in no chunk yet."""
    found = db.rows("SELECT data FROM piece WHERE run = ? AND keyset = ? ORDER BY piece", (run, source.keyset))
    batches = [decode(data, source.kinds, (source.place,)) for (data,) in found]
    return _joined([(batch.steps, batch.times, batch.columns[0]) for batch in batches], x)


def _joined(parts: Sequence[tuple[Column, Column, Column]], x: str) -> Points:
    if len(parts) == 1:
        return points(*parts[0], x)
    steps, times, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return points(steps, times, values, x)


def _whole(db: Database, bounds: tuple[int, int, int, int], chosen: Heads) -> Axes:
    """First and last row of whole chunks."""
    if chosen.rising.all():
        return Axes(chosen.low, chosen.start, chosen.high, chosen.finish)
    each = [edges([blob]) for blob in _column(db, bounds, "edges")]
    first_times, last_times = ([axes.first_times[0] for axes in each], [axes.last_times[-1] for axes in each])
    return Axes(chosen.low, np.array(first_times), chosen.high, np.array(last_times))


def _column(db: Database, bounds: tuple[int, int, int, int], column: str) -> list[bytes]:
    return [
        blob
        for (blob,) in db.rows(
            f"SELECT {column} FROM chunk WHERE run = ? AND keyset = ? AND chunk BETWEEN ? AND ? ORDER BY chunk",  # noqa: S608 - our own column names
            bounds,
        )
    ]
