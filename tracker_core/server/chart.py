"""Chart data: envelopes of many series in one answer, as float64 columns or as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from tracker_core._errors import UsageError
from tracker_core.server import wire
from tracker_core.store.sample import sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker_core.store import Run, Store
    from tracker_core.store.sample import Envelope

AXES = ("_step", "_timestamp")


class Drawn(NamedTuple):
    run: str
    metric: str
    envelope: Envelope
    bucketed: bool


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
            envelope = sample(
                store.db,
                runs[key].number,
                metric,
                asked.buckets,
                x=asked.x,
                within=within,
                stream=asked.stream,
            )
            if envelope is not None:
                found.append(Drawn(key, metric, envelope, asked.extremes and _spread(envelope)))
    return found


def pack(drawn: list[Drawn], *, axis: str) -> bytes:
    """`u32 length | JSON header | padding to 8 | float64 columns`, all little endian.

    The header lists run, metric, points and bucketed of each series, and `x`, the kind of all axes. Columns follow in
    the same order: step, value; low and high if bucketed; then time or the x metric's value, unless x is the step.
    """
    header = msgspec.json.encode(
        {
            "series": [
                {
                    "run": it.run,
                    "metric": it.metric,
                    "points": len(it.envelope.x),
                    "bucketed": it.bucketed,
                }
                for it in drawn
            ],
            "x": {"_step": "step", "_timestamp": "time"}.get(axis, "other"),
        }
    )
    parts = [len(header).to_bytes(4, "little"), header, bytes(-(4 + len(header)) % 8)]
    for it in drawn:
        columns = [it.envelope.steps, it.envelope.last]
        columns += [it.envelope.low, it.envelope.high] if it.bucketed else []
        columns += [it.envelope.x] if axis != "_step" else []
        parts += [np.ascontiguousarray(column, "<f8").tobytes() for column in columns]
    return b"".join(parts)


def spell(drawn: list[Drawn], *, axis: str) -> wire.Chart:
    """The same for readers without a typed array; what is not finite is null."""
    return wire.Chart(
        [
            wire.Line(
                run=it.run,
                metric=it.metric,
                bucketed=it.bucketed,
                step=it.envelope.steps.tolist(),
                time=it.envelope.times.tolist(),
                value=_nulls(it.envelope.last),
                low=_nulls(it.envelope.low),
                high=_nulls(it.envelope.high),
                other=[] if axis in AXES else it.envelope.x.tolist(),
            )
            for it in drawn
        ]
    )


def _spread(envelope: Envelope) -> bool:
    """Whether any point stands for more than one value."""
    return not bool(np.array_equal(envelope.low, envelope.high, equal_nan=True))


def _nulls(column: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.astype(np.float64).tolist()]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
