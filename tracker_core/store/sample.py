"""The envelope of a series: exactly what a chart of so many pixels can show, without reading every point.

Cells of the pyramid are taken whole where they lie in one bucket. A cell that reaches into the next bucket, since the
series is spread over several key sets or its times do not rise, is replaced by the points of its chunk.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracker_core.store import cell, pyramid
from tracker_core.store.cell import Cells, Heads, Points
from tracker_core.store.chunk import OBJECTS
from tracker_core.store.series import load, sources

if TYPE_CHECKING:
    from tracker_core._records import Stream
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database
    from tracker_core.store.series import Source

AXES = ("_step", "_timestamp")

_WIDE = 3
"""Bucket widths that a cell may span before it is read point by point: rows before and after a pause share cells."""


class Envelope(NamedTuple):
    """One entry a bucket, buckets without points left out; `x` rises. A bucket reaches from its `x` up to the next.

    `x`, `steps` and `times` are those of the bucket's first point, `last`, `last_x`, `last_step` and `last_time` those
    of its last one; points of one x are ordered by step. `low` and `high` leave NaN out unless there is nothing else;
    `count` is the number of points, `nans` how many of them are NaN. Where a bucket holds one point, `low`, `high` and
    `last` are equal.
    """

    x: Column
    steps: Column
    times: Column
    low: Column
    high: Column
    last: Column
    count: Column  # type: ignore[assignment]  # hides tuple.count, which nobody calls on an envelope
    last_x: Column
    last_step: Column
    last_time: Column
    nans: Column


class _Part(NamedTuple):
    """Points or cells of one source, sorted by `x`."""

    source: Source | None
    found: Points | Cells


def sample(
    db: Database,
    run: int,
    key: str,
    buckets: int,
    *,
    x: str = "_step",
    within: tuple[float, float] | None = None,
    stream: Stream = "metrics",
    writer: str | None = None,
) -> Envelope | None:
    """At most `buckets` buckets over the points with x `within` the two, both included.

    Buckets are about equally wide: their edges are those of the pyramid's cells next to an even grid. `x` is "_step",
    "_timestamp" or another key: then the points count where both have a value at one step. None when the key was
    never logged as a number. `writer` chooses the line of one writer; without it it is the plain one (see `series.py`).
    """
    with db.reading():
        found = [source for source in sources(db, run, key, stream) if writer in (None, source.writer)]
        if not found:
            return None
        if x not in AXES:
            parts = [_Part(None, _against(db, run, key, x, stream, writer))]
        elif stream == "metrics" and all(source.ordered and source.visible is None for source in found):
            parts = _coarse(db, run, found, buckets, x, within)
        else:
            whole = load(db, run, key, stream, writer=writer)
            parts = [_Part(None, cell.points(*whole, x))] if whole is not None else []
        if not any(len(part.found.x) for part in parts) and all(source.kind == "o" for source in found):
            return None
        parts = [part for part in (_clip(part, within) for part in parts) if len(part.found.x)]
        if not parts:
            return Envelope(*(np.empty(0, np.int64) for _ in Envelope._fields))
        if len(parts) == 1 and len(parts[0].found.x) <= buckets and _apart(parts[0].found, buckets, within):
            return _every(parts[0].found)
        grid = _grid(parts, buckets, within)
        parts = _finer(db, run, parts, x, [_wide(part, grid) for part in parts])
        cuts = _cuts(parts, grid, buckets)
        parts = _finer(db, run, parts, x, [_cut(part, cuts) for part in parts])
    return _merge([_bucket(part.found, cuts) for part in parts])


def _against(db: Database, run: int, key: str, x: str, stream: Stream, writer: str | None) -> Points:
    """The points of the series, by the value of another one at their step."""
    own = load(db, run, key, stream, writer=writer)
    # A writer's own values of the other metric, if it has any.
    other = load(db, run, x, stream, writer=writer) or load(db, run, x, stream)
    if own is None or other is None:
        return Points(np.empty(0), np.empty(0, np.int64), np.empty(0), np.empty(0))
    steps, times, values = cell.numbers(*own)
    other_steps, other_times, axis = cell.numbers(*other)
    # The steps of system metrics begin again with every attempt: the values of one row share its time.
    mine, others = (times, other_times) if stream == "system" else (steps, other_steps)
    if not np.array_equal(mine, others):
        _, left, right = np.intersect1d(mine, others, assume_unique=stream == "metrics", return_indices=True)
        steps, times, values, axis = steps[left], times[left], values[left], axis[right]
    return cell.arrange(Points(axis, steps, times, values))


def _coarse(
    db: Database, run: int, found: list[Source], buckets: int, x: str, within: tuple[float, float] | None
) -> list[_Part]:
    """Cells of the coarsest level that is fine enough; points where a chunk lies across an end of the range."""
    heads = [cell.heads(db, run, source, x, within) for source in found]
    level = pyramid.level(int(sum(_share(chosen, x, within) for chosen in heads)), buckets)
    parts = []
    for source, chosen in zip(found, heads, strict=True):
        exact = _exact(chosen, x, within) if level and source.kind not in OBJECTS else np.full(len(chosen.chunk), True)
        if exact.any():
            parts.append(_Part(source, cell.rows(db, run, source, chosen.chunk[exact].tolist(), x)))
        blocks = _blocks(chosen.select(~exact), x)
        parts += [_Part(source, cell.cells(db, run, source, level, block, x)) for block in blocks]
        if source.pieces:
            parts.append(_Part(source, cell.waiting(db, run, source, x)))
    return parts


def _share(heads: Heads, x: str, within: tuple[float, float] | None) -> float:
    """About how many of the chunks' rows are in the range."""
    if within is None:
        return float(heads.length.sum())
    first, last = (column.astype(np.float64) for column in heads.span(x))
    with np.errstate(invalid="ignore", over="ignore"):
        width = np.maximum(last - first, 1e-9)
        covered = (np.minimum(last, within[1]) - np.maximum(first, within[0])) / width
    return float((heads.length * np.where((last > first) & np.isfinite(width), covered, 1.0)).sum())


def _exact(heads: Heads, x: str, within: tuple[float, float] | None) -> Column:
    """Which chunks must be read point by point: those across an end of the range, and those whose times fall."""
    needed = np.full(len(heads.chunk), False) if x == "_step" else heads.rising == 0
    if within is None:
        return needed
    first, last = heads.span(x)
    across: Column = needed | (first < within[0]) | (last > within[1])
    return across


def _blocks(heads: Heads, x: str) -> list[Heads]:
    """Chunks that follow each other, together."""
    first, last = heads.span(x)
    apart = (heads.chunk[1:] != heads.chunk[:-1] + 1) | (first[1:] < last[:-1])
    starts = [0, *(np.flatnonzero(apart) + 1).tolist(), len(heads.chunk)]
    return [heads.select(np.arange(*pair)) for pair in pairwise(starts) if pair[0] < pair[1]]


def _apart(found: Points | Cells, buckets: int, within: tuple[float, float] | None) -> bool:
    """Whether each point or cell can be a bucket as it is."""
    axis, last = found.x, _last_x(found)
    if not (axis[1:] > last[:-1]).all():
        return False
    if isinstance(found, Points):
        return True
    width = within[1] - within[0] if within is not None and np.isfinite(within).all() else last[-1] - axis[0]
    return bool(np.isfinite(width) and ((last - axis).max() <= _WIDE * float(width) / buckets))


def _every(found: Points | Cells) -> Envelope:
    """A bucket for each point or cell."""
    if isinstance(found, Cells):
        low, high, last, nans = found.cells
        axes = found.axes
        first = (found.x, axes.first_steps, axes.first_times)
        end = (found.last_x, axes.last_steps, axes.last_times)
        return Envelope(*first, low, high, last, found.counts, *end, nans.astype(np.int64))
    values, counts = found.values, np.ones(len(found.x), np.int64)
    nans = np.isnan(values).astype(np.int64)
    return Envelope(*found[:3], values, values, values, counts, *found[:3], nans)


def _clip(part: _Part, within: tuple[float, float] | None) -> _Part:
    if within is None or isinstance(part.found, Cells):
        return part
    start = np.searchsorted(part.found.x, within[0], "left")
    stop = np.searchsorted(part.found.x, within[1], "right")
    return _Part(part.source, Points(*(column[start:stop] for column in part.found)))


def _grid(parts: list[_Part], buckets: int, within: tuple[float, float] | None) -> Column:
    """Edges of buckets of equal width; infinite x have buckets of their own."""
    ends = {float(end) for part in parts for end in (part.found.x[0], _last_x(part.found)[-1])}
    outside = [end for end in (-np.inf, np.inf) if end in ends]
    if within is not None and np.isfinite(within).all():
        ends = {float(end) for end in within}
    elif outside:
        ends |= {float(end) for part in parts for end in _finite(part.found)[[0, -1]]}
    ends -= set(outside)
    count = buckets - len(outside)
    if count < 1 or not ends:
        return np.array(outside or [0.0])[:buckets]
    low, high = min(ends), max(ends)
    # Halves, since the difference of two floats may be beyond a float.
    grid = (low / 2 + (high / 2 - low / 2) * (np.arange(count) / count)) * 2
    if parts[0].found.x.dtype.kind == "i":
        grid = np.ceil(np.clip(grid, -(2.0**62), 2.0**62)).astype(np.int64)
    return _distinct(np.concatenate([grid, outside]) if outside else grid)


def _distinct(values: Column) -> Column:
    """Sorted, each once. `np.unique` takes ten times as long for a thousand values."""
    rising = values[1:] > values[:-1]
    if rising.all():
        return values
    ordered = np.sort(values)
    distinct: Column = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return distinct


def _finite(found: Points | Cells) -> Column:
    """The x that are finite, zero if there are none."""
    axis = np.concatenate([found.x[np.isfinite(found.x)], _last_x(found)[np.isfinite(_last_x(found))]])
    return np.sort(axis) if len(axis) else np.zeros(1)


def _last_x(found: Points | Cells) -> Column:
    return found.last_x if isinstance(found, Cells) else found.x


def _wide(part: _Part, grid: Column) -> Column | None:
    """Which cells span several buckets."""
    if not isinstance(part.found, Cells):
        return None
    first, last = (np.searchsorted(grid, axis, "right") for axis in (part.found.x, part.found.last_x))
    wide: Column = last - first > _WIDE
    return wide


def _cut(part: _Part, cuts: Column) -> Column | None:
    """Which cells reach into the next bucket."""
    if not isinstance(part.found, Cells):
        return None
    first, last = (np.searchsorted(cuts, axis, "right") for axis in (part.found.x, part.found.last_x))
    cut: Column = last != first
    return cut


def _finer(db: Database, run: int, parts: list[_Part], x: str, marked: list[Column | None]) -> list[_Part]:
    """The parts with the points of a chunk in the place of its cells, if one of these is marked."""
    finer = []
    for part, mask in zip(parts, marked, strict=True):
        if mask is None or not mask.any():
            finer.append(part)
            continue
        assert isinstance(part.found, Cells)
        assert part.source is not None
        chunks = _distinct(part.found.chunks[mask])
        rest = part.found.select(~np.isin(part.found.chunks, chunks))
        if len(rest.x):
            finer.append(_Part(part.source, rest))
        finer.append(_Part(part.source, cell.rows(db, run, part.source, chunks.tolist(), x)))
    return finer


def _cuts(parts: list[_Part], grid: Column, buckets: int) -> Column:
    """The x from which on each bucket reaches: one per bucket of the grid, at the start of a cell if there are cells.

    Parts of more cells come first, and no part cuts the cells of one before it, so that few must be replaced.
    """
    ranked = sorted(parts, key=lambda part: -len(part.found.x) if isinstance(part.found, Cells) else 1)
    few = sum(len(part.found.x) for part in parts) <= buckets
    taken = np.full(len(grid), False)
    chosen: list[Column] = []
    before: list[Cells] = []
    for part in ranked:
        starts = part.found.x if few else _starts(part.found.x, grid, taken)
        for cells in before:
            starts = starts[~_inside(starts, cells)]
        chosen.append(starts)
        if len(ranked) > 1 and not few:
            taken[np.maximum(np.searchsorted(grid, starts, "right") - 1, 0)] = True
        if isinstance(part.found, Cells):
            before.append(part.found)
    first = min(part.found.x[0] for part in parts)
    cuts = _distinct(np.concatenate(chosen) if len(chosen) > 1 else chosen[0])
    if cuts[0] != first:
        cuts = np.append(first, cuts[1:] if len(cuts) >= buckets else cuts)
    return cuts


def _starts(axis: Column, grid: Column, taken: Column) -> Column:
    """The first x in each bucket of the grid that is not taken."""
    places = np.searchsorted(axis, grid, "left")
    places[0] = 0
    stops = np.append(places[1:], len(axis))
    found: Column = axis[places[(places < stops) & ~taken]]
    return found


def _inside(starts: Column, cells: Cells) -> Column:
    """Which of `starts` would cut one of the cells."""
    places = np.searchsorted(cells.x, starts, "left") - 1
    inside: Column = (places >= 0) & (cells.last_x[places] >= starts)
    return inside


def _bucket(found: Points | Cells, cuts: Column) -> tuple[Column, Envelope]:
    """The buckets of one part, and the place of each among all."""
    bounds = np.append(np.searchsorted(found.x, cuts, "left"), len(found.x))
    places = np.flatnonzero(bounds[1:] > bounds[:-1])
    starts, ends = bounds[places], bounds[places + 1] - 1
    if isinstance(found, Points):
        low, high = np.fmin.reduceat(found.values, starts), np.fmax.reduceat(found.values, starts)
        missing = np.isnan(found.values)
        nans = np.add.reduceat(missing, starts, dtype=np.int64) if missing.any() else np.zeros(len(starts), np.int64)
        return places, Envelope(
            found.x[starts],
            found.steps[starts],
            found.times[starts],
            low,
            high,
            found.values[ends],
            ends + 1 - starts,
            found.x[ends],
            found.steps[ends],
            found.times[ends],
            nans,
        )
    low, high, last, nans = pyramid.merge(found.cells, starts)
    axes = found.axes
    counts = np.add.reduceat(found.counts, starts)
    return places, Envelope(
        found.x[starts],
        axes.first_steps[starts],
        axes.first_times[starts],
        low,
        high,
        last,
        counts,
        found.last_x[ends],
        axes.last_steps[ends],
        axes.last_times[ends],
        nans.astype(np.int64),
    )


def _merge(parts: list[tuple[Column, Envelope]]) -> Envelope:
    """One envelope of those of all parts."""
    if len(parts) == 1:
        return parts[0][1]
    place = np.concatenate([places for places, _ in parts])
    found = Envelope(*(np.concatenate(columns) for columns in zip(*(envelope for _, envelope in parts), strict=True)))
    order = np.lexsort((found.steps, found.x, place))
    starts = np.flatnonzero(np.append(True, np.diff(place[order]) > 0))
    ends = np.append(starts[1:], len(place)) - 1
    first = order[starts]
    last = np.lexsort((found.last_step, found.last_x, place))[ends]
    return Envelope(
        found.x[first],
        found.steps[first],
        found.times[first],
        np.fmin.reduceat(found.low[order], starts),
        np.fmax.reduceat(found.high[order], starts),
        found.last[last],
        np.add.reduceat(found.count[order], starts),
        found.last_x[last],
        found.last_step[last],
        found.last_time[last],
        np.add.reduceat(found.nans[order], starts),
    )
