"""The envelope of a series: what a chart of so many pixels can show, without reading what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracker_core.store import pyramid
from tracker_core.store.batch import decode
from tracker_core.store.chunk import unpack
from tracker_core.store.seal import edges, marks
from tracker_core.store.series import Series, Source, load, sources

if TYPE_CHECKING:
    from tracker_core._records import Stream
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database

AXES = ("_step", "_timestamp")


class Envelope(NamedTuple):
    """One entry a bucket, buckets without points left out, sorted by `x`.

    `x`, `steps` and `times` are those of the bucket's first point; `low` and `high` leave NaN out unless there is
    nothing else; `last` is the value at the bucket's largest x. Where a bucket holds one point the three are equal.
    """

    x: Column
    steps: Column
    times: Column
    low: Column
    high: Column
    last: Column


class _Cells(NamedTuple):
    """Envelopes of the rows from `steps[i]` and `times[i]` on."""

    steps: Column
    times: Column
    cells: Column


_NOTHING = _Cells(np.empty(0, np.int64), np.empty(0), np.empty((3, 0)))


class _Heads(NamedTuple):
    """What the table of chunks tells of each of them: first and last step, first and last time."""

    chunk: Column
    length: Column
    low: Column
    high: Column
    start: Column
    finish: Column

    def select(self, mask: Column) -> _Heads:
        return _Heads(*(column[mask] for column in self))

    def span(self, x: str) -> tuple[Column, Column]:
        return (self.low, self.high) if x == "_step" else (self.start, self.finish)


def sample(
    db: Database,
    run: int,
    key: str,
    buckets: int,
    *,
    x: str = "_step",
    within: tuple[float, float] | None = None,
    stream: Stream = "metrics",
) -> Envelope | None:
    """At most `buckets` buckets of equal width over the points with x `within` the two, both included.

    `x` is "_step", "_timestamp" or another key: then the points count where both have a value at one step. None when
    the key was never logged as a number.
    """
    with db.reading():
        found = [source for source in sources(db, run, key, stream) if source.kind != "o"]
        if not found:
            return None
        if x not in AXES:
            axis, cells = _against(db, run, key, x, stream)
        elif stream == "metrics" and all(source.ordered and source.visible is None for source in found):
            axis, cells = _coarse(db, run, found, buckets, x, within)
        else:
            points = load(db, run, key, stream)
            cells = _points(points) if points else _NOTHING
            axis = cells.steps if x == "_step" else cells.times
    return _bucket(axis, cells, buckets, within)


def _against(db: Database, run: int, key: str, x: str, stream: Stream) -> tuple[Column, _Cells]:
    """The points of the series, by the value of another one at their step."""
    own, other = load(db, run, key, stream), load(db, run, x, stream)
    if own is None or other is None:
        return np.empty(0), _NOTHING
    _, left, right = np.intersect1d(own.steps, other.steps, assume_unique=True, return_indices=True)
    axis = numbers(other.values[right])
    order = np.argsort(axis, kind="stable")
    order = order[~np.isnan(axis[order])]
    left = left[order]
    return axis[order], _points(Series(own.steps[left], own.times[left], own.values[left]))


def _points(series: Series) -> _Cells:
    return _Cells(series.steps, series.times, pyramid.envelope(numbers(series.values)))


def numbers(values: Column) -> Column:
    """As float64; NaN for what is no number."""
    if values.dtype.kind != "O":
        return values.astype(np.float64, copy=False)
    plain = [float(value) if isinstance(value, int | float) else np.nan for value in values]
    return np.array(plain, np.float64)


def _coarse(
    db: Database, run: int, found: list[Source], buckets: int, x: str, within: tuple[float, float] | None
) -> tuple[Column, _Cells]:
    """Cells of the coarsest level that is fine enough, single points where a chunk lies across an end of the range."""
    heads = [_heads(db, run, source, x, within) for source in found]
    level = pyramid.level(int(sum(_share(chosen, x, within) for chosen in heads)), buckets)
    parts = []
    for source, chosen in zip(found, heads, strict=True):
        across, inside = _split(chosen, x, within)
        parts += [_level(db, run, source, 0, chunk) for chunk in across]
        if len(inside.chunk):
            parts.append(_level(db, run, source, level, inside))
        if source.pieces:
            parts += _pieces(db, run, source)
    if not parts:
        return np.empty(0), _NOTHING
    cells = _Cells(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.cells for part in parts], axis=1),
    )
    axis = cells.steps if x == "_step" else cells.times
    if bool((axis[1:] < axis[:-1]).any()):
        order = np.argsort(axis, kind="stable")
        axis, cells = axis[order], _Cells(cells.steps[order], cells.times[order], cells.cells[:, order])
    return axis, cells


def _heads(db: Database, run: int, source: Source, x: str, within: tuple[float, float] | None) -> _Heads:
    """The chunks that overlap the range."""
    found = source.chunks and db.rows(
        "SELECT chunk, length, low, high, start, finish FROM chunk WHERE run = ? AND keyset = ? ORDER BY chunk",
        (run, source.keyset),
    )
    if not found:
        return _Heads(*(np.empty(0, np.int64) for _ in _Heads._fields))
    heads = _Heads(*(np.array(column) for column in zip(*found, strict=True)))
    if within is None:
        return heads
    first, last = heads.span(x)
    return heads.select((last >= within[0]) & (first <= within[1]))


def _share(heads: _Heads, x: str, within: tuple[float, float] | None) -> float:
    """About how many of the chunks' rows are in the range."""
    if within is None:
        return float(heads.length.sum())
    first, last = (column.astype(np.float64) for column in heads.span(x))
    width = np.maximum(last - first, 1e-9)
    covered = (np.minimum(last, within[1]) - np.maximum(first, within[0])) / width
    return float((heads.length * np.where(last > first, covered, 1.0)).sum())


def _split(heads: _Heads, x: str, within: tuple[float, float] | None) -> tuple[list[_Heads], _Heads]:
    """The chunks that lie across an end of the range, one by one, and those inside of it."""
    if within is None:
        return [], heads
    first, last = heads.span(x)
    inside = (first >= within[0]) & (last <= within[1])
    return [heads.select(np.array([place])) for place in np.flatnonzero(~inside)], heads.select(inside)


def _level(db: Database, run: int, source: Source, level: int, heads: _Heads) -> _Cells:
    """The cells of neighbouring chunks."""
    bounds = (run, source.keyset, int(heads.chunk[0]), int(heads.chunk[-1]))
    column = ("data", "level1", "level2", "level3")[level]
    blobs = [
        blob
        for (blob,) in db.rows(
            f"SELECT {column} FROM block WHERE run = ? AND keyset = ? AND place = ? AND chunk BETWEEN ? AND ?"  # noqa: S608 - our own column names
            " ORDER BY chunk",
            (*bounds[:2], source.place, *bounds[2:]),
        )
    ]
    if level > 1:
        cells = np.frombuffer(b"".join(blobs)).reshape(-1, 3).T
        return _Cells(heads.low, heads.start, cells) if level > 2 else _Cells(*edges(_axes(db, bounds, "edges")), cells)
    if level == 1:
        cells = np.concatenate([unpack("d", blob).reshape(3, -1) for blob in blobs], axis=1)
        return _Cells(*marks(_axes(db, bounds, "marks")), cells)
    return _Cells(
        np.concatenate([unpack("q", blob) for blob in _axes(db, bounds, "steps")]),
        np.concatenate([unpack("t", blob) for blob in _axes(db, bounds, "times")]),
        np.concatenate([pyramid.envelope(unpack(source.kind, blob)) for blob in blobs], axis=1),
    )


def _axes(db: Database, bounds: tuple[int, int, int, int], column: str) -> list[bytes]:
    return [
        blob
        for (blob,) in db.rows(
            f"SELECT {column} FROM chunk WHERE run = ? AND keyset = ? AND chunk BETWEEN ? AND ? ORDER BY chunk",  # noqa: S608 - our own column names
            bounds,
        )
    ]


def _pieces(db: Database, run: int, source: Source) -> list[_Cells]:
    found = db.rows("SELECT data FROM piece WHERE run = ? AND keyset = ? ORDER BY piece", (run, source.keyset))
    batches = [decode(data, source.kinds, (source.place,)) for (data,) in found]
    return [_Cells(batch.steps, batch.times, pyramid.envelope(batch.columns[0])) for batch in batches]


def _bucket(axis: Column, cells: _Cells, buckets: int, within: tuple[float, float] | None) -> Envelope:
    """`axis` is sorted."""
    if within is not None:
        start, stop = np.searchsorted(axis, within[0], "left"), np.searchsorted(axis, within[1], "right")
        axis, cells = (
            axis[start:stop],
            _Cells(cells.steps[start:stop], cells.times[start:stop], cells.cells[:, start:stop]),
        )
    if len(axis) <= buckets:
        return Envelope(axis, cells.steps, cells.times, *cells.cells)
    low, high = within if within is not None and np.isfinite(within).all() else (axis[0], axis[-1])
    far = axis.astype(np.float64) - low
    place = np.minimum(far * (buckets / max(float(high) - float(low), 1e-300)), buckets - 1).astype(np.int64)
    starts = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
    return Envelope(axis[starts], cells.steps[starts], cells.times[starts], *pyramid.merge(cells.cells, starts))
