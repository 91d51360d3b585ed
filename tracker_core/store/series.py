"""One series: every point of (run, key), exactly as it was logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracker_core.store.part import HIGHEST, LOWEST, read
from tracker_core.store.stats import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core._records import Stream
    from tracker_core.store.batch import Batch
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database
    from tracker_core.store.stats import ColumnStats


class Series(NamedTuple):
    """Points sorted by step; `values` is float64, int64, bool or object, whatever holds all of them exactly."""

    steps: Column
    times: Column
    values: Column


class Source(NamedTuple):
    """A column of one key set that belongs to the series."""

    keyset: int
    place: int
    kind: str
    kinds: str
    attempt: int
    visible: int | None
    ordered: bool
    chunks: int
    pieces: int


def sources(db: Database, run: int, key: str, stream: Stream = "metrics") -> list[Source]:
    """Where the series lies, in the order that breaks ties between rows of the same step and time."""
    return [
        Source(keyset, place, kind, kinds, attempt, visible, bool(ordered), chunks, pieces)
        for keyset, place, kind, ordered, kinds, attempt, visible, chunks, pieces in db.rows(
            "SELECT series.keyset, series.place, series.kind, series.ordered, keyset.kinds, keyset.attempt,"
            " keyset.visible, keyset.chunks, keyset.pieces FROM series JOIN keyset ON keyset.run = series.run"
            " AND keyset.keyset = series.keyset WHERE series.run = ? AND series.stream = ? AND series.name = ?"
            " ORDER BY keyset.attempt, keyset.journal, keyset.place",
            (run, stream, key),
        )
    ]


def keys(db: Database, run: int, stream: Stream = "metrics") -> dict[str, str]:
    """Every key that was logged, sorted, and the kinds of its values (see `chunk`)."""
    kinds: dict[str, str] = {}
    for name, kind in db.rows(
        "SELECT name, kind FROM series WHERE run = ? AND stream = ? ORDER BY name", (run, stream)
    ):
        kinds[name] = "".join(sorted({*kinds.get(name, ""), kind}))
    return kinds


def load(
    db: Database,
    run: int,
    key: str,
    stream: Stream = "metrics",
    within: tuple[int, int] = (LOWEST, HIGHEST),
) -> Series | None:
    """The points of steps within the two, both included; None when the key was never logged.

    Of several points at one step the last written counts. System metrics are sorted by time, and keep all points.
    """
    parts = _parts(db, run, key, stream, within)
    if parts is None:
        return None
    if not parts:
        return Series(np.empty(0, np.int64), np.empty(0), np.empty(0))
    steps = np.concatenate([batch.steps for _, batch in parts])
    times = np.concatenate([batch.times for _, batch in parts])
    values = together([batch.columns[0] for _, batch in parts])
    if stream == "system":
        order = np.argsort(times, kind="stable")
        return Series(steps[order], times[order], values[order])
    kept = _kept(parts, steps, times, within)
    return Series(steps, times, values) if kept is None else Series(steps[kept], times[kept], values[kept])


def replaced(db: Database, run: int, stream: Stream = "metrics") -> set[str]:
    """The series in which a later value may have replaced an earlier one of the same step."""
    return {
        name
        for (name,) in db.rows(
            "SELECT DISTINCT name FROM series WHERE run = ? AND stream = ? AND ordered = 0", (run, stream)
        )
    }


def statistics(db: Database, run: int, key: str) -> ColumnStats | None:
    """The statistics of the values that count: none that was replaced at its step or rewound. None without any.

    `first` and `last` are those of the values that were written first and last.
    """
    parts = _parts(db, run, key, "metrics", (LOWEST, HIGHEST))
    if not parts:
        return None
    steps = np.concatenate([batch.steps for _, batch in parts])
    times = np.concatenate([batch.times for _, batch in parts])
    values = together([batch.columns[0] for _, batch in parts])
    attempts = np.concatenate([np.full(len(batch), source.attempt) for source, batch in parts])
    kept = _kept(parts, steps, times, (LOWEST, HIGHEST))
    if kept is not None:
        times, values, attempts = times[kept], values[kept], attempts[kept]
    if not len(values):
        return None
    written = values[np.lexsort((times, attempts))]
    return column({"f": "d", "i": "q", "b": "?"}.get(written.dtype.kind, "o"), written)


def _parts(
    db: Database, run: int, key: str, stream: Stream, within: tuple[int, int]
) -> list[tuple[Source, Batch]] | None:
    """The rows of the series, by source; None when the key was never logged."""
    with db.reading():
        found = sources(db, run, key, stream)
        if not found:
            return None
        return [
            (source, batch)
            for source in found
            for batch in read(db, run, source.keyset, source.kinds, (source.place,), within)
            if len(batch)
        ]


def together(columns: Sequence[Column]) -> Column:
    """One column of all values, in the narrowest type that keeps each of them exactly."""
    kinds = {column.dtype.kind for column in columns}
    if len(kinds) == 1 or "O" in kinds:
        return np.concatenate(columns)
    if kinds == {"f", "i"} and all(_fits(column) for column in columns if column.dtype.kind == "i"):
        return np.concatenate([column.astype(np.float64, copy=False) for column in columns])
    return np.concatenate([column.astype(object) for column in columns])


def _fits(whole: Column) -> bool:
    return bool((np.abs(whole) <= 1 << 53).all())


def _kept(
    parts: Sequence[tuple[Source, Batch]], steps: Column, times: Column, within: tuple[int, int]
) -> Column | None:
    """The rows that count, in the order of their steps; None when these are all, as they lie."""
    hidden = any(source.visible is not None for source, _ in parts) or within != (LOWEST, HIGHEST)
    if not hidden and bool((steps[1:] > steps[:-1]).all()):
        return None
    attempts = np.concatenate([np.full(len(batch), source.attempt) for source, batch in parts])
    limits = np.concatenate(
        [np.full(len(batch), HIGHEST if source.visible is None else source.visible) for source, batch in parts]
    )
    order = np.lexsort((times, attempts, steps))
    shown = (steps <= limits) & (steps >= within[0]) & (steps <= within[1])
    order = order[shown[order]]
    sorted_steps = steps[order]
    last = np.append(sorted_steps[1:] != sorted_steps[:-1], True)[: len(order)]
    chosen: Column = order[last]
    return chosen
