"""What earlier runs left in a folder: the answers that `init` needs about ids, resuming and forking.

Reads journals only; the store is not needed to go on with a run.
"""

from __future__ import annotations

import os
import struct
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from tracker_core import _folder, _journal, _metrics, _writers
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_END_OF_CALENDAR = 253_402_300_800.0


class Past(msgspec.Struct, kw_only=True):
    """A run as its earlier attempts left it."""

    snapshot: Snapshot
    last_step: int | None
    """The highest step of a visible row; None when nothing was logged."""
    latest: dict[str, Any]
    aggregates: dict[str, _metrics.Aggregate]
    last_steps: dict[str, int] = {}
    """The highest visible step of each key."""
    last_time: float = 0.0
    """The time of the newest record: a later attempt's records must not be older, whatever its clock says."""
    by_hand: records.Summary | None = None
    """With `until`: what was set in the summary by hand at that step, of the keys that were set again later."""


def occupants(root: Path, project: str, run_id: str) -> Iterator[tuple[RunFolder, Snapshot]]:
    """The folders that hold this id in this project, newest first, archived ones left out."""
    for folder in reversed(_folder.find(root, run_id)):
        snapshot = identify(folder)
        if snapshot.project == project and snapshot.archived is None:
            yield folder, snapshot


def identify(folder: RunFolder) -> Snapshot:
    """Enough of a run to tell whose id it is: its first record, and what people did to it."""
    snapshot = Snapshot()
    for path in folder.journals():
        reader = _journal.Reader(path)
        edited = path.name.startswith("000-")
        for entry in reader.entries():
            if isinstance(entry, records.Archive | records.Delete | records.Start):
                snapshot.apply(entry, attempt=0 if edited else 1)
            if isinstance(entry, records.Start) and not edited:
                break
        if not edited and snapshot.id:
            break
    return snapshot


def read(folder: RunFolder, *, until: int | None = None) -> Past:
    """The whole past of a run; with `until` only what had been logged and set when that step was the newest."""
    snapshot, purges, last_time = _fold(folder)
    visible, rows, hidden = Snapshot(), _Rows(snapshot.metrics), set[str]()
    for entry, attempt, writer, shown in _entries(folder, snapshot, purges, until):
        if isinstance(entry, _journal.Numbers):
            rows.add(attempt, writer, entry.key_set.names, entry.values, entry.step, entry.time)
        elif isinstance(entry, records.Row):
            rows.add(attempt, writer, tuple(entry.data), tuple(entry.data.values()), entry.step, entry.time)
        elif shown:
            visible.apply(entry, attempt=attempt)
        else:
            hidden.update(entry.set, entry.remove)
    return Past(
        snapshot=snapshot,
        last_step=rows.last_step,
        latest=rows.summary(visible),
        aggregates=rows.aggregates(),
        last_steps=rows.last_steps,
        last_time=last_time,
        by_hand=rows.by_hand(visible, hidden) if hidden else None,
    )


def _fold(folder: RunFolder) -> tuple[Snapshot, _Purges, float]:
    """A run without its rows, what hides mirrored rows, and the time of the newest record."""
    snapshot, purges, last_time = Snapshot(), _Purges(), 0.0
    for path in folder.journals():
        attempt = int(path.name[:3])
        for number, entry in enumerate(_journal.Reader(path).entries()):
            if isinstance(entry, _journal.KeySet):
                continue
            if last_time < entry.time < _END_OF_CALENDAR:
                last_time = entry.time
            if isinstance(entry, records.Purge):
                purges.add(attempt, path, number, entry)
            if not isinstance(entry, _journal.Numbers | records.Row | records.Console):
                snapshot.apply(entry, attempt=attempt)
    return snapshot, purges, last_time


def _entries(
    folder: RunFolder, snapshot: Snapshot, purges: _Purges, until: int | None
) -> Iterator[tuple[_journal.Numbers | records.Row | records.Summary, int, str, bool]]:
    """The visible rows of the run's metrics, and every summary record with whether it was written by step `until`.

    With the attempt and the writer of each.

    A summary record has no step of its own: it belongs to the highest step that its writer had reached.
    """
    highest: dict[int, int] = {}
    for path in folder.journals():
        attempt = int(path.name[:3])
        limit = _lower(snapshot.visible_step(attempt), until)
        own = snapshot.attempts.get(attempt)
        writer = _writers.of(path.name, attempt, own.beside if own is not None else None)
        if own is not None and own.rewind is not None:
            reached = own.rewind
        else:
            reached = max((step for earlier, step in highest.items() if earlier < attempt), default=-1)
        for entry in purges.left(attempt, path):
            if isinstance(entry, records.Summary):
                yield entry, attempt, writer, attempt == 0 or until is None or reached <= until
            elif isinstance(entry, _journal.Numbers | records.Row):
                stream = entry.stream if isinstance(entry, records.Row) else entry.key_set.stream
                if stream == "metrics":
                    reached = max(reached, entry.step)
                    if limit is None or entry.step <= limit:
                        yield entry, attempt, writer, True
        highest[attempt] = max(reached, highest.get(attempt, -1))


class Glance(NamedTuple):
    """A run without the values of its rows. `steps` has the highest visible step of each writer that logged rows."""

    snapshot: Snapshot
    steps: dict[tuple[int, str], int]
    """By attempt and journal label."""

    @property
    def next_step(self) -> int:
        """The step after the highest of any writer."""
        return max(self.steps.values(), default=-1) + 1


def glance(folder: RunFolder) -> Glance:
    """What a process needs to know that joins a run: rows are skipped in blocks, so this is quick for a long run."""
    snapshot = Snapshot()
    steps: dict[tuple[int, str], int] = {}
    for path in folder.journals():
        writer = (int(path.name[:3]), path.name[4:].partition(".")[0])
        for item in _journal.Reader(path).blocks():
            if isinstance(item, _journal.Block):
                if item.key_set.stream == "metrics":
                    steps[writer] = max(steps.get(writer, _highest(item)), _highest(item))
            elif isinstance(item, records.Row):
                if item.stream == "metrics":
                    steps[writer] = max(steps.get(writer, item.step), item.step)
            elif not isinstance(item, records.Console):
                snapshot.apply(item, attempt=writer[0])
    for writer, step in steps.items():
        limit = snapshot.visible_step(writer[0])
        steps[writer] = step if limit is None else min(step, limit)
    return Glance(snapshot, steps)


def _highest(block: _journal.Block) -> int:
    """The highest step of a block of packed rows."""
    rows = struct.Struct(f"<13xq{block.key_set.stride - 21}x")
    highest: int = max(step for (step,) in rows.iter_unpack(block.data))
    return highest


class _Purges:
    """The mirrored rows that were taken back; `left` reads a journal without them."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[int, int, records.Purge]]] = {}

    def add(self, attempt: int, path: Path, number: int, purge: records.Purge) -> None:
        """`number` is that of the entry in its journal."""
        self._found.setdefault(_writer(path), []).append((attempt, number, purge))

    def left(self, attempt: int, path: Path) -> Iterator[_journal.Entry]:
        purges = self._found.get(_writer(path), [])
        for number, entry in enumerate(_journal.Reader(path).entries()):
            if purges and isinstance(entry, _journal.Numbers | records.Row):
                names = entry.key_set.names if isinstance(entry, _journal.Numbers) else tuple(entry.data)
                later = (purge for *at, purge in purges if at > [attempt, number] and purge.step <= entry.step)
                if any(purge.hides(names) for purge in later):
                    continue
            yield entry


def _writer(path: Path) -> str:
    return path.name.partition("-")[2].partition(".")[0].partition("~")[0]


class _Rows:
    """The newest value of each key, and all values of those whose summary is more than that.

    Of the writers that logged a key, the first one's (see `_writers.py`) count.
    """

    def __init__(self, metrics: dict[str, records.Metric]) -> None:
        self.last_step: int | None = None
        self.last_steps: dict[str, int] = {}
        self._metrics = metrics
        self._latest: dict[str, tuple[tuple[int, float], Any]] = {}
        self._values: dict[str, dict[int, Any]] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._writers: dict[str, tuple[int, int]] = {}

    def add(
        self, attempt: int, writer: str, names: tuple[str, ...], values: tuple[Any, ...], step: int, at: float
    ) -> None:
        if self.last_step is None or step > self.last_step:
            self.last_step = step
        order, precedence = (attempt, at), _writers.precedence(writer)
        for name, value in zip(names, values, strict=True):
            if step > self.last_steps.get(name, -1):
                self.last_steps[name] = step
            first = self._writers.setdefault(name, precedence)
            if precedence > first:
                continue
            if precedence < first:
                self._writers[name] = precedence
                self._latest.pop(name, None)
                self._values.pop(name, None)
            known = self._latest.get(name)
            if known is None or order >= known[0]:
                self._latest[name] = (order, value)
            if name not in self._kinds:
                self._kinds[name] = _metrics.aggregated(_metrics.find(self._metrics, name))
            if self._kinds[name]:
                kept = self._values.setdefault(name, {})
                kept.pop(step, None)  # a value that is replaced at its step does not count, nor does its place
                kept[step] = value

    def aggregates(self) -> dict[str, _metrics.Aggregate]:
        aggregates = {name: _metrics.Aggregate() for name in self._values}
        for name, aggregate in aggregates.items():
            for step, value in self._values[name].items():
                aggregate.add(value, step)
            aggregate.top, aggregate.replaced = max(self._values[name]), False
        return aggregates

    def summary(self, snapshot: Snapshot) -> dict[str, Any]:
        """What was logged last, and what was set by hand since; `snapshot` holds the latter."""
        result: dict[str, Any] = {}
        aggregates = self.aggregates()
        for key, (_, value) in self._latest.items():
            if self._stands(snapshot, key):
                continue
            if not (kinds := self._kinds[key]):
                result[key] = value
            elif parts := aggregates[key].summary(kinds, self._goal(key)):
                result[key] = parts
        result.update({key: value for key, value in snapshot.summary.items() if self._stands(snapshot, key)})
        return result

    def by_hand(self, snapshot: Snapshot, keys: set[str]) -> records.Summary:
        """The record that brings back, for these keys, what was set by hand in `snapshot`."""
        standing = {key for key in keys if self._stands(snapshot, key)}
        kept = {key: snapshot.summary[key] for key in standing if key in snapshot.summary}
        return records.Summary(
            time=0.0, set=kept, remove=tuple(sorted(standing - kept.keys())), forget=tuple(sorted(keys))
        )

    def _stands(self, snapshot: Snapshot, key: str) -> bool:
        """Whether what was set or deleted by hand is newer than what was logged."""
        time = snapshot.times.get(f"summary/{key}")
        return time is not None and (key not in self._latest or time >= self._latest[key][0][1])

    def _goal(self, key: str) -> Literal["minimize", "maximize"] | None:
        metric = _metrics.find(self._metrics, key)
        return metric.goal if metric is not None else None


def copy(fork: records.Fork, folder: RunFolder, attempt: int) -> None:
    """Gives a forked run the history that it goes on from, in a journal of its own: its origin may be deleted."""
    origin = RunFolder(folder.root / fork.folder)
    snapshot, purges, _ = _fold(origin)
    opened: dict[str, _journal.Writer] = {}

    def journal(name: str) -> _journal.Writer:
        if name not in opened:
            label = "history" if name == _writers.MAIN else name
            opened[name] = _journal.open_writer(folder, label, run=folder.id, attempt=attempt)
        return opened[name]

    main = journal(_writers.MAIN)
    for metric in snapshot.metrics.values():
        main.write(metric)
    for entry, _, name, shown in _entries(origin, snapshot, purges, fork.step):
        if isinstance(entry, _journal.Numbers):
            writer = journal(name)
            key_set = writer.key_set(entry.key_set.names, entry.key_set.kinds, entry.key_set.stream)
            writer.append(key_set.pack(_journal.ROW, key_set.id, entry.step, entry.time, *entry.values))
        elif shown:
            (journal(name) if isinstance(entry, records.Row) else main).write(entry)
    for writer in opened.values():
        writer.close()


def archive(folder: RunFolder, successor: str, run_id: str) -> None:
    """Sets an earlier run of the same id aside; nothing of it is moved or lost."""
    writer = _journal.open_writer(folder, f"edit-{os.getpid()}", run=run_id, attempt=0)
    writer.write(records.Archive(time=time.time(), successor=successor))
    writer.close()


def busy(folder: RunFolder) -> bool:
    """Whether a training process is writing this run now."""
    return any(_journal.alive(path) for path in folder.journals() if "-main" in path.name)


def concurrent(folder: RunFolder, snapshot: Snapshot, attempt: int) -> int | None:
    """The attempt that another process is writing while `attempt` begins; None where there is none.

    One that itself began beside another does not count: it has no say in the run's state.
    """
    alone = [number for number in range(1, attempt) if getattr(snapshot.attempts.get(number), "beside", None) is None]
    names = {path.name[:3]: path for path in folder.journals() if path.name[3:].startswith("-main.")}
    going = [number for number in alone if (path := names.get(f"{number:03d}")) is not None and _journal.alive(path)]
    return max(going, default=None)


def _lower(left: int | None, right: int | None) -> int | None:
    return right if left is None else left if right is None else min(left, right)
