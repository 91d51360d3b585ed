"""History: what was logged at each step, over all key sets and journals, as a user's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracker_core import _writers as writers
from tracker_core.store.part import HIGHEST, LOWEST, read
from tracker_core.store.series import together, unequal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracker_core._records import Stream
    from tracker_core.store.batch import Batch
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database
    from tracker_core.store.run import Card

WINDOW = 65_536
"""Rows that are merged at a time, so that a long history needs no more memory than a short one."""

AXES = ("_step", "_timestamp", "_runtime")


class _Part(NamedTuple):
    """Rows of one key set; `columns` are those of `names`."""

    attempt: int
    writer: str
    names: tuple[str, ...]
    batch: Batch


class Table(NamedTuple):
    """Merged rows sorted by step (system metrics: by time). `masks[key]` tells which rows have the key.

    A step has one row with the plain lines' values (see `series.py`), and after it one for each writer that logged
    another value there, with what that writer logged. `writers` names the writers of such rows; it is None where there
    are none.
    """

    steps: Column
    times: Column
    runtimes: Column
    columns: dict[str, Column]
    masks: dict[str, Column]
    writers: Column | None = None

    def select(self, rows: Column) -> Table:
        return Table(
            self.steps[rows],
            self.times[rows],
            self.runtimes[rows],
            {key: column[rows] for key, column in self.columns.items()},
            {key: mask[rows] for key, mask in self.masks.items()},
            None if self.writers is None else self.writers[rows],
        )

    def dicts(self) -> list[dict[str, Any]]:
        """Each row with the keys that it has, after `_step`, `_timestamp` and `_runtime`; with `_writer` where it is
        that of another writer."""
        rows: list[dict[str, Any]] = [
            {"_step": step, "_timestamp": time, "_runtime": runtime}
            for step, time, runtime in zip(
                self.steps.tolist(), self.times.tolist(), self.runtimes.tolist(), strict=True
            )
        ]
        if self.writers is not None:
            for row, writer in zip(rows, self.writers.tolist(), strict=True):
                if writer is not None:
                    row["_writer"] = writer
        for key, column in self.columns.items():
            values = column.tolist()
            mask = self.masks[key]
            places = range(len(rows)) if mask.all() else np.flatnonzero(mask).tolist()
            name = column_name(key)
            for place in places:
                rows[place][name] = values[place]
        return rows


def column_name(key: str) -> str:
    """The column of a metric: its name, with a prefix where every row has a column of that name."""
    return f"metric.{key}" if key in AXES else key


def table(
    db: Database,
    run: int,
    card: Card,
    keys: Sequence[str] | None = None,
    within: tuple[int, int] = (LOWEST, HIGHEST),
    stream: Stream = "metrics",
    samples: int | None = None,
) -> Table:
    """The rows of steps within the two, both included; with `keys` only those that have all of them.

    With `samples` at most so many, evenly spread, the first and last among them; system metrics come whole.
    """
    with db.reading():
        only = _spread(db, run, keys, within, samples) if samples is not None and stream == "metrics" else None
        parts = _parts(db, run, keys, within, stream, only)
    origins = {life.number: life.origin for life in card.attempts}
    merged = _merge(parts, origins, by_time=stream == "system")
    if stream == "metrics":
        merged = _with_writers(merged, parts, origins)
    if not keys:
        return merged
    missing = [key for key in keys if key not in merged.columns and key not in AXES]
    complete = np.full(len(merged.steps), not missing)
    for key in keys:
        if key in merged.masks:
            complete &= merged.masks[key]
    return merged if complete.all() else merged.select(np.flatnonzero(complete))


def windows(db: Database, run: int, within: tuple[int, int], stream: Stream = "metrics") -> Iterator[tuple[int, int]]:
    """Ranges of steps that cover what lies within the two, each of about `WINDOW` rows of the longest key set."""
    if stream == "system":
        yield within
        return
    longest = db.row(
        "SELECT chunk.keyset, COUNT(*) FROM chunk JOIN keyset ON keyset.run = chunk.run"
        " AND keyset.keyset = chunk.keyset WHERE chunk.run = ? AND keyset.stream = ? GROUP BY chunk.keyset"
        " ORDER BY COUNT(*) DESC LIMIT 1",
        (run, stream),
    )
    low, high = within
    if longest is not None:
        lows = sorted(
            row[0] for row in db.rows("SELECT low FROM chunk WHERE run = ? AND keyset = ?", (run, longest[0]))
        )
        for edge in lows[WINDOW // 4096 :: WINDOW // 4096]:
            if low < edge <= high:
                yield low, edge - 1
                low = edge
    yield low, high


def _spread(db: Database, run: int, keys: Sequence[str] | None, within: tuple[int, int], samples: int) -> Column | None:
    """Some of the steps that have all of the keys, evenly spread; None where there are no more than that."""
    steps: dict[int, Column] = {}
    owners: dict[str, list[int]] = {}
    for keyset, _, names, kinds, _, _, visible in _wanted(db, run, keys, "metrics"):
        last = within[1] if visible is None else min(within[1], visible)
        found = [batch.steps for batch in read(db, run, keyset, kinds, (), within)]
        joined = np.concatenate(found) if found else np.empty(0, np.int64)
        steps[keyset] = joined[(joined >= within[0]) & (joined <= last)]
        for name in names if keys else ("",):
            owners.setdefault(name, []).append(keyset)
    # Keys that are always logged together have their steps in common.
    axes = [_union([steps[keyset] for keyset in together]) for together in {tuple(found) for found in owners.values()}]
    axis = axes[0] if axes else np.empty(0, np.int64)
    for other in axes[1:]:
        axis = np.intersect1d(axis, other, assume_unique=True)
    if len(axis) <= samples:
        return None
    places = np.unique(np.linspace(0, len(axis) - 1, samples).round().astype(np.int64))
    chosen: Column = axis[places]
    return chosen


def _union(parts: Sequence[Column]) -> Column:
    together = np.concatenate(parts)
    return together if bool((together[1:] > together[:-1]).all()) else np.unique(together)


def _parts(
    db: Database, run: int, keys: Sequence[str] | None, within: tuple[int, int], stream: Stream, only: Column | None
) -> list[_Part]:
    parts = []
    for keyset, places, names, kinds, attempt, writer, visible in _wanted(db, run, keys, stream):
        last = within[1] if visible is None else min(within[1], visible)
        for batch in read(db, run, keyset, kinds, places, within, only):
            shown = (batch.steps >= within[0]) & (batch.steps <= last)
            chosen = batch if shown.all() else batch.select(shown)
            if len(chosen):
                parts.append(_Part(attempt, writer, names, chosen))
    return parts


def _wanted(
    db: Database, run: int, keys: Sequence[str] | None, stream: Stream
) -> list[tuple[int, tuple[int, ...], tuple[str, ...], str, int, str, int | None]]:
    """The key sets that have any of the keys, and which of their columns to read."""
    chosen: dict[int, list[tuple[int, str]]] = {}
    for keyset, place, name in db.rows(
        "SELECT keyset, place, name FROM series WHERE run = ? AND stream = ? ORDER BY keyset, place", (run, stream)
    ):
        if keys is None or name in keys:
            chosen.setdefault(keyset, []).append((place, name))
    return [
        (
            keyset,
            tuple(place for place, _ in chosen[keyset]),
            tuple(name for _, name in chosen[keyset]),
            kinds,
            attempt,
            writer,
            visible,
        )
        for keyset, kinds, attempt, writer, visible in db.rows(
            "SELECT keyset, kinds, attempt, writer, visible FROM keyset WHERE run = ? ORDER BY attempt, journal, place",
            (run,),
        )
        if keyset in chosen
    ]


def _merge(parts: Sequence[_Part], origins: dict[int, float], *, by_time: bool) -> Table:
    if not parts:
        return Table(np.empty(0, np.int64), np.empty(0), np.empty(0), {}, {})
    steps = np.concatenate([part.batch.steps for part in parts])
    times = np.concatenate([part.batch.times for part in parts])
    attempts = np.concatenate([np.full(len(part.batch), part.attempt) for part in parts])
    # Written order: the later write of two at one place of the table comes last and stands; that of the first writer
    # comes after those of others.
    names = sorted({part.writer for part in parts}, key=writers.rank, reverse=True)
    priority = np.concatenate([np.full(len(part.batch), names.index(part.writer)) for part in parts])
    order = np.lexsort((times, attempts, priority)) if not by_time else np.lexsort((times, attempts))
    if by_time:
        rows = np.empty(len(steps), np.int64)
        rows[order] = np.arange(len(steps))
        axis = steps[order]
    else:
        axis, rows = np.unique(steps, return_inverse=True)
    count = len(axis)
    when = np.empty(count)
    when[rows[order]] = times[order]
    origin = np.empty(count)
    origin[rows[order]] = np.array([origins.get(attempt, 0.0) for attempt in attempts[order].tolist()])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    columns, masks = _columns(parts, rows, rank, count)
    # A fork's history was written before the fork began.
    return Table(axis, when, np.maximum(when - origin, 0.0), columns, masks)


def _with_writers(merged: Table, parts: Sequence[_Part], origins: dict[int, float]) -> Table:
    """The table with the rows of those writers whose values are not the plain lines'."""
    names = sorted({part.writer for part in parts}, key=writers.rank)
    tables = [merged]
    labels: list[str | None] = [None]
    for name in names[1:]:
        own = _merge([part for part in parts if part.writer == name], origins, by_time=False)
        places = np.searchsorted(merged.steps, own.steps)
        apart = np.zeros(len(own.steps), bool)
        for key, column in own.columns.items():
            apart |= own.masks[key] & unequal(merged.columns[key][places], column)
        if apart.any():
            tables.append(own.select(np.flatnonzero(apart)))
            labels.append(name)
    return merged if len(tables) == 1 else _concatenate(tables, labels)


def _concatenate(tables: Sequence[Table], labels: Sequence[str | None]) -> Table:
    steps = np.concatenate([table.steps for table in tables])
    columns, masks = {}, {}
    for key in tables[0].columns:
        present = [table for table in tables if key in table.columns]
        values = together([table.columns[key] for table in present])
        column = np.zeros(len(steps), values.dtype) if values.dtype.kind != "O" else np.empty(len(steps), object)
        mask = np.zeros(len(steps), bool)
        start = taken = 0
        for table in tables:
            count = len(table.steps)
            if key in table.columns:
                column[start : start + count] = values[taken : taken + count]
                mask[start : start + count] = table.masks[key]
                taken += count
            start += count
        columns[key], masks[key] = column, mask
    owners = np.empty(len(steps), object)
    owners[:] = [label for table, label in zip(tables, labels, strict=True) for _ in range(len(table.steps))]
    times, runtimes = (np.concatenate([getattr(table, name) for table in tables]) for name in ("times", "runtimes"))
    whole = Table(steps, times, runtimes, columns, masks, owners)
    return whole.select(np.argsort(steps, kind="stable"))


def _columns(
    parts: Sequence[_Part], rows: Column, rank: Column, count: int
) -> tuple[dict[str, Column], dict[str, Column]]:
    places: dict[str, list[tuple[int, int, int]]] = {}
    start = 0
    for index, part in enumerate(parts):
        for place, name in enumerate(part.names):
            places.setdefault(name, []).append((index, place, start))
        start += len(part.batch)
    columns, masks = {}, {}
    for name in sorted(places):
        found = places[name]
        values = together([parts[index].batch.columns[place] for index, place, _ in found])
        spans = [slice(start, start + len(parts[index].batch)) for index, _, start in found]
        where = np.concatenate([rows[span] for span in spans])
        order = np.argsort(np.concatenate([rank[span] for span in spans]), kind="stable")
        column = np.zeros(count, values.dtype) if values.dtype.kind != "O" else np.empty(count, object)
        column[where[order]] = values[order]
        mask = np.zeros(count, bool)
        mask[where] = True
        columns[name], masks[name] = column, mask
    return columns, masks
