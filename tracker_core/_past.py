"""What earlier runs left in a folder: the answers that `init` needs about ids, resuming and forking.

Reads journals only; the store is not needed to go on with a run.
"""

from __future__ import annotations

import os
import struct
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tracker_core import _folder, _journal, _metrics
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Past(msgspec.Struct, kw_only=True):
    """A run as its earlier attempts left it."""

    snapshot: Snapshot
    last_step: int | None
    """The highest step of a visible row; None when nothing was logged."""
    latest: dict[str, Any]
    aggregates: dict[str, _metrics.Aggregate]
    last_steps: dict[str, int] = {}
    """The highest visible step of each key."""


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
    """The whole past of a run; with `until` only what stands at or below that step."""
    snapshot = Snapshot()
    journals = [(int(path.name[:3]), path) for path in folder.journals()]
    purges = _Purges()
    for attempt, path in journals:
        for number, entry in enumerate(_journal.Reader(path).entries()):
            if isinstance(entry, _journal.Numbers | _journal.KeySet | records.Row | records.Console):
                continue
            if isinstance(entry, records.Purge):
                purges.add(attempt, path, number, entry)
            snapshot.apply(entry, attempt=attempt)
    fold = _Rows(snapshot)
    for attempt, path in journals:
        limit = _lower(snapshot.visible_step(attempt), until)
        for entry in purges.left(attempt, path):
            fold.add(entry, limit)
    return Past(
        snapshot=snapshot,
        last_step=fold.last_step,
        latest=fold.summary(),
        aggregates=fold.aggregates,
        last_steps=fold.last_steps,
    )


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
    """Folds rows into their newest values. Values by hand and by log compete by time."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.last_step: int | None = None
        self.aggregates: dict[str, _metrics.Aggregate] = {}
        self.last_steps: dict[str, int] = {}
        self._latest: dict[str, tuple[float, Any]] = {}
        self._watched: dict[str, bool] = {}

    def add(self, entry: object, limit: int | None) -> None:
        if isinstance(entry, _journal.Numbers):
            if entry.key_set.stream == "metrics":
                self._row(entry.key_set.names, entry.values, entry.step, entry.time, limit)
        elif isinstance(entry, records.Row):
            if entry.stream == "metrics":
                self._row(tuple(entry.data), tuple(entry.data.values()), entry.step, entry.time, limit)
        elif isinstance(entry, records.Summary):
            for key, value in entry.set.items():
                self._latest[key] = (entry.time, value)
            for key in entry.remove:
                self._latest.pop(key, None)

    def summary(self) -> dict[str, Any]:
        result = {}
        for key, (_, value) in self._latest.items():
            metric = _metrics.find(self.snapshot.metrics, key)
            kinds = _metrics.aggregated(metric)
            if not kinds or key not in self.aggregates or metric is None:
                result[key] = value
            elif "none" not in kinds:
                result[key] = self.aggregates[key].summary(kinds, metric.goal)
        return result

    def _row(self, names: tuple[str, ...], values: tuple[Any, ...], step: int, at: float, limit: int | None) -> None:
        if limit is not None and step > limit:
            return
        if self.last_step is None or step > self.last_step:
            self.last_step = step
        for name, value in zip(names, values, strict=True):
            if step > self.last_steps.get(name, -1):
                self.last_steps[name] = step
            known = self._latest.get(name)
            if known is None or at >= known[0]:
                self._latest[name] = (at, value)
            if self._is_watched(name):
                self.aggregates.setdefault(name, _metrics.Aggregate()).add(value)

    def _is_watched(self, name: str) -> bool:
        if name not in self._watched:
            self._watched[name] = bool(_metrics.aggregated(_metrics.find(self.snapshot.metrics, name)))
        return self._watched[name]


def copy(fork: records.Fork, folder: RunFolder, attempt: int) -> None:
    """Gives a forked run the history that it goes on from, in a journal of its own: its origin may be deleted."""
    origin = RunFolder(folder.root / fork.folder)
    snapshot = read(origin).snapshot
    writer = _journal.open_writer(folder, "history", run=folder.id, attempt=attempt)
    journals = [(int(path.name[:3]), path) for path in origin.journals()]
    purges = _Purges()
    for number_of, path in journals:
        for number, entry in enumerate(_journal.Reader(path).entries()):
            if isinstance(entry, records.Purge):
                purges.add(number_of, path, number, entry)
    for number_of, path in journals:
        hidden = snapshot.visible_step(number_of)
        limit = fork.step if hidden is None else min(hidden, fork.step)
        for entry in purges.left(number_of, path):
            if isinstance(entry, _journal.Numbers) and entry.step <= limit:
                key_set = writer.key_set(entry.key_set.names, entry.key_set.kinds, entry.key_set.stream)
                writer.append(key_set.pack(_journal.ROW, key_set.id, entry.step, entry.time, *entry.values))
            elif isinstance(entry, records.Metric | records.Summary) or (
                isinstance(entry, records.Row) and entry.step <= limit
            ):
                writer.write(entry)
    writer.close()


def archive(folder: RunFolder, successor: str, run_id: str) -> None:
    """Sets an earlier run of the same id aside; nothing of it is moved or lost."""
    writer = _journal.open_writer(folder, f"edit-{os.getpid()}", run=run_id, attempt=0)
    writer.write(records.Archive(time=time.time(), successor=successor))
    writer.close()


def busy(folder: RunFolder) -> bool:
    """Whether a training process is writing this run now."""
    return any(_journal.alive(path) for path in folder.journals() if "-main" in path.name)


def _lower(left: int | None, right: int | None) -> int | None:
    return right if left is None else left if right is None else min(left, right)
