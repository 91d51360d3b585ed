"""Chart data: envelopes of many series in one answer, as columns of numbers or as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from tracker_core._errors import UsageError
from tracker_core.server import wire
from tracker_core.store import series
from tracker_core.store.sample import sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker_core import _records as records
    from tracker_core.store import Run, Store
    from tracker_core.store.chunk import Column
    from tracker_core.store.sample import Envelope

AXES = ("_step", "_timestamp")
_WRITERS = 24
"""Lines of other writers of one run: a run may have hundreds of workers."""
_Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Drawn(NamedTuple):
    run: str
    metric: str
    envelope: Envelope
    bucketed: bool
    writer: str = ""


def read(store: Store, runs: Mapping[str, Run], asked: wire.OfSeries) -> list[Drawn]:
    """The series that exist, metric by metric. Runs that the project does not have are left out: it may have lost
    them a moment ago."""
    if asked.after and len(asked.after) != len(asked.run):
        raise UsageError(f"after has {len(asked.after)} entries for {len(asked.run)} runs; give one per run, or none")
    limits = (asked.from_, asked.to)
    if any(limit is not None and not math.isfinite(limit) for limit in (*limits, *asked.after)):
        raise UsageError("from, to and after must be finite numbers")
    found = []
    for metric in asked.metric:
        for place, key in enumerate(asked.run):
            if key not in runs:
                continue
            low = asked.after[place] if asked.after else asked.from_
            within = None if low is None and asked.to is None else (_or(low, -math.inf), _or(asked.to, math.inf))
            number = runs[key].number
            for writer in ("", *(_others(store, number, metric, asked.stream) if asked.writers else ())):
                envelope = sample(
                    store.db,
                    number,
                    metric,
                    asked.buckets,
                    x=asked.x,
                    within=within,
                    stream=asked.stream,
                    writer=writer or None,
                )
                if envelope is not None:
                    found.append(Drawn(key, metric, envelope, asked.extremes and _spread(envelope), writer))
    return found


def _others(store: Store, run: int, metric: str, stream: records.Stream) -> list[str]:
    """The writers that have a line of their own."""
    lines = series.lines(store.db, run, metric, stream)
    return [] if lines is None else list(lines.others)[:_WRITERS]


def pack(drawn: list[Drawn], *, axis: str) -> bytes:
    """`u32 length | JSON header | columns`, all little endian, without padding.

    The header has the names of `runs` and `metrics`, and for each of `series` the places of its run and its metric, its
    number of points, and one letter for each of its columns, which follow in the same order: step, value; if it is
    bucketed low, high, count, nans and last step, and unless x is the step last x; then time or the x metric's value,
    unless x is the step. `x` is the kind of all axes. `writers`, if it is there, has the writer of each of `series`,
    empty for the plain line. Letters:
    `=` nothing, as in the series before; `r` first and difference of evenly spaced values; `i` int32; `f` float32; `d`
    float64. Whichever is shortest without changing a value is taken.
    """
    runs = {key: place for place, key in enumerate(dict.fromkeys(it.run for it in drawn))}
    metrics = {name: place for place, name in enumerate(dict.fromkeys(it.metric for it in drawn))}
    entries, parts = [], []
    before: list[_Floats] = []
    for it in drawn:
        columns = _columns(it, axis)
        floats = [column.astype(np.float64, copy=False) for column in columns]
        letters = ""
        for place, column in enumerate(floats):
            same = len(before) == len(floats) and np.array_equal(before[place], column)
            letter, data = ("=", b"") if same else _shortest(column)
            letters += letter
            parts.append(data)
        entries.append((runs[it.run], metrics[it.metric], len(it.envelope.x), letters))
        before = floats
    kind = {"_step": "step", "_timestamp": "time"}.get(axis, "other")
    content: dict[str, object] = {"runs": list(runs), "metrics": list(metrics), "x": kind, "series": entries}
    if any(it.writer for it in drawn):
        content["writers"] = [it.writer for it in drawn]
    header = msgspec.json.encode(content)
    return b"".join([len(header).to_bytes(4, "little"), header, *parts])


def _columns(it: Drawn, axis: str) -> list[Column]:
    found = it.envelope
    apart = axis != "_step"
    if not it.bucketed:
        # Exact points: the last of each bucket, at its own step.
        return [found.last_step, found.last, *([found.last_x] if apart else [])]
    ends = [found.last_step, found.last_x] if apart else [found.last_step]
    return [
        found.steps,
        found.last,
        found.low,
        found.high,
        found.count,
        found.nans,
        *ends,
        *([found.x] if apart else []),
    ]


def _shortest(column: _Floats) -> tuple[str, bytes]:
    if len(column) > 2:
        spaced = column[0] + (column[1] - column[0]) * np.arange(len(column))
        if np.array_equal(spaced, column):
            return "r", np.array([column[0], column[1] - column[0]], "<f8").tobytes()
    with np.errstate(over="ignore", invalid="ignore"):
        for letter, kind in (("i", "<i4"), ("f", "<f4")):
            short = column.astype(kind)
            if np.array_equal(short.astype(np.float64), column, equal_nan=True):
                return letter, short.tobytes()
    return "d", np.ascontiguousarray(column, "<f8").tobytes()


def spell(drawn: list[Drawn], *, axis: str) -> wire.Chart:
    """The same for readers without a typed array; what is not finite is null."""
    return wire.Chart([_line(it, axis) for it in drawn])


def _line(it: Drawn, axis: str) -> wire.Line:
    found = it.envelope
    other = axis not in AXES
    if not it.bucketed:
        return wire.Line(
            run=it.run,
            metric=it.metric,
            bucketed=False,
            writer=it.writer,
            step=found.last_step.tolist(),
            time=found.last_time.tolist(),
            value=_nulls(found.last),
            low=_nulls(found.last),
            high=_nulls(found.last),
            other=_nulls(found.last_x) if other else [],
        )
    return wire.Line(
        run=it.run,
        metric=it.metric,
        bucketed=True,
        writer=it.writer,
        step=found.steps.tolist(),
        time=found.times.tolist(),
        value=_nulls(found.last),
        low=_nulls(found.low),
        high=_nulls(found.high),
        other=_nulls(found.x) if other else [],
        count=found.count.tolist(),
        nans=found.nans.tolist(),
        last_step=found.last_step.tolist(),
        last_time=found.last_time.tolist(),
        last_other=_nulls(found.last_x) if other else [],
    )


def _spread(envelope: Envelope) -> bool:
    """Whether any entry stands for more than one point."""
    return bool((envelope.count > 1).any())


def _nulls(column: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.astype(np.float64).tolist()]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
