"""One series: every point of (run, key), exactly as it was logged.

Points of several writers (see `_writers.py`) at one step are all kept. The plain line of a key has one value a step:
that of the first writer, in the order of writers, that logged the key there. A writer whose values differ from it has a
line of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracker_core import _writers as writers
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


class Lines(NamedTuple):
    """The plain line, and in full the lines of those writers that logged another value at a step of it."""

    plain: Series
    others: dict[str, Series]

    def every(self) -> Series:
        """All points, sorted by step; of equal values at one step only one."""
        if not self.others:
            return self.plain
        parts = [self.plain, *(self._apart(name) for name in self.others)]
        steps = np.concatenate([part.steps for part in parts])
        order = np.argsort(steps, kind="stable")
        times = np.concatenate([part.times for part in parts])
        return Series(steps[order], times[order], together([part.values for part in parts])[order])

    def _apart(self, name: str) -> Series:
        """What a writer logged that neither the plain line nor a writer before it has."""
        series = self.others[name]
        new = different(self.plain, series)
        for other, earlier in self.others.items():
            if other == name:
                break
            new &= different(earlier, series) | ~np.isin(series.steps, earlier.steps)
        return Series(*(column[new] for column in series))


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
    writer: str


def sources(db: Database, run: int, key: str, stream: Stream = "metrics") -> list[Source]:
    """Where the series lies, in the order that breaks ties between rows of the same step and time."""
    return [
        Source(keyset, place, kind, kinds, attempt, visible, bool(ordered), chunks, pieces, writer)
        for keyset, place, kind, ordered, kinds, attempt, visible, chunks, pieces, writer in db.rows(
            "SELECT series.keyset, series.place, series.kind, series.ordered, keyset.kinds, keyset.attempt,"
            " keyset.visible, keyset.chunks, keyset.pieces, keyset.writer"
            " FROM series JOIN keyset ON keyset.run = series.run AND keyset.keyset = series.keyset"
            " WHERE series.run = ? AND series.stream = ? AND series.name = ?"
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


def writers_of(db: Database, run: int, key: str | None = None) -> list[str]:
    """Who logged the key, or any key, the first writer first."""
    if key is None:
        statement = "SELECT DISTINCT writer FROM keyset WHERE run = ? AND stream = 'metrics'"
        found = db.rows(statement, (run,))
    else:
        statement = (
            "SELECT DISTINCT keyset.writer FROM series JOIN keyset ON keyset.run = series.run"
            " AND keyset.keyset = series.keyset WHERE series.run = ? AND series.stream = 'metrics' AND series.name = ?"
        )
        found = db.rows(statement, (run, key))
    return sorted((writer for (writer,) in found), key=writers.rank)


def load(
    db: Database,
    run: int,
    key: str,
    stream: Stream = "metrics",
    within: tuple[int, int] = (LOWEST, HIGHEST),
    writer: str | None = None,
) -> Series | None:
    """The plain line, or that of `writer`, at steps within the two, both included; None when there is no such line.

    Of several points of one writer at one step the last written counts. System metrics are sorted by time, and keep all
    points.
    """
    with db.reading():
        found = [source for source in sources(db, run, key, stream) if writer in (None, source.writer)]
        return _line(_parts(db, run, found, within), stream, within) if found else None


def lines(
    db: Database, run: int, key: str, stream: Stream = "metrics", within: tuple[int, int] = (LOWEST, HIGHEST)
) -> Lines | None:
    """The lines of a key; None when it was never logged."""
    with db.reading():
        found = sources(db, run, key, stream)
        if not found:
            return None
        parts = _parts(db, run, found, within)
    plain = _line(parts, stream, within)
    names = sorted({source.writer for source in found}, key=writers.rank)
    # Where steps only rose, no step is there twice.
    if len(names) == 1 or stream == "system" or all(source.ordered for source in found):
        return Lines(plain, {})
    others = {}
    for name in names[1:]:
        own = _line([part for part in parts if part[0].writer == name], stream, within)
        if different(plain, own).any():
            others[name] = own
    return Lines(plain, others)


def different(plain: Series, other: Series) -> Column:
    """Which points of `other` have a value that `plain`, which has a point at each of their steps, has not."""
    if not len(plain.steps):
        return np.zeros(len(other.steps), bool)
    places = np.minimum(np.searchsorted(plain.steps, other.steps), len(plain.steps) - 1)
    found: Column = (plain.steps[places] == other.steps) & unequal(plain.values[places], other.values)
    return found


def unequal(left: Column, right: Column) -> Column:
    """Where two columns differ; NaN equals NaN."""
    if "O" in (left.dtype.kind, right.dtype.kind):
        pairs = zip(left.tolist(), right.tolist(), strict=True)
        return np.array([not _equal(*pair) for pair in pairs], bool)
    both = np.zeros(len(left), bool)
    if left.dtype.kind == right.dtype.kind == "f":
        both = np.isnan(left) & np.isnan(right)
    found: Column = (left != right) & ~both
    return found


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right or (left != left and right != right))  # noqa: PLR0124 - NaN differs from itself


def _parts(db: Database, run: int, found: Sequence[Source], within: tuple[int, int]) -> list[tuple[Source, Batch]]:
    return [
        (source, batch)
        for source in found
        for batch in read(db, run, source.keyset, source.kinds, (source.place,), within)
        if len(batch)
    ]


def _line(parts: Sequence[tuple[Source, Batch]], stream: Stream, within: tuple[int, int]) -> Series:
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
    """The statistics of the first writer's values that count: none that was replaced at its step or rewound. None
    without any.

    `first` and `last` are those of the values that were written first and last.
    """
    with db.reading():
        found = sources(db, run, key)
        parts = _parts(db, run, found, (LOWEST, HIGHEST))
    for level in sorted({writers.precedence(source.writer) for source in found}):
        stats = _statistics([part for part in parts if writers.precedence(part[0].writer) == level])
        if stats is not None:
            return stats
    return None


def _statistics(parts: Sequence[tuple[Source, Batch]]) -> ColumnStats | None:
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
    ranks = {
        name: -place for place, name in enumerate(sorted({source.writer for source, _ in parts}, key=writers.rank))
    }
    priority = np.concatenate([np.full(len(batch), ranks[source.writer]) for source, batch in parts])
    order = np.lexsort((times, attempts, priority, steps))
    shown = (steps <= limits) & (steps >= within[0]) & (steps <= within[1])
    order = order[shown[order]]
    sorted_steps = steps[order]
    last = np.append(sorted_steps[1:] != sorted_steps[:-1], True)[: len(order)]
    chosen: Column = order[last]
    return chosen
