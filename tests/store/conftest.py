"""Runs written with the real journal writer, and a store over them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tracker_core import _folder, _journal
from tracker_core import _records as records
from tracker_core.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EPOCH = 1_790_000_000.0


class Draft:
    """A run that a test writes. `at` is the time of the next record; it rises by a second with each."""

    def __init__(self, root: Path, clock: Iterator[int], run_id: str, project: str, **start) -> None:
        self.folder = _folder.create(root, run_id, offline=True)
        self.id = run_id
        self.project = project
        self._clock = clock
        self.writers = {}
        self.attempt = 0
        self.begin(**start)

    def at(self) -> float:
        return float(next(self._clock))

    def begin(self, **start) -> None:
        """The next attempt."""
        self.attempt += 1
        self.write(records.Start(time=self.at(), run=self.id, project=self.project, attempt=self.attempt, **start))

    def writer(self, label: str = "main", attempt: int | None = None):
        attempt = self.attempt if attempt is None else attempt
        if (attempt, label) not in self.writers:
            self.writers[attempt, label] = _journal.open_writer(self.folder, label, run=self.id, attempt=attempt)
        return self.writers[attempt, label]

    def write(self, record: records.Record, label: str = "main") -> None:
        self.writer(label).write(record)

    def config(self, **values) -> None:
        self.write(records.Config(time=self.at(), set=values))

    def log(self, step: int, label: str = "main", stream: records.Stream = "metrics", time=None, **values) -> float:
        """One row, packed where it is all numbers."""
        time = self.at() if time is None else time
        kinds = {bool: "?", float: "d", int: "q"}
        values = {key.replace("__", "."): value for key, value in values.items()}
        large = any(type(value) is int and not -(1 << 63) <= value < 1 << 63 for value in values.values())
        if not large and all(type(value) in kinds for value in values.values()):
            writer = self.writer(label)
            key_set = writer.key_set(tuple(values), "".join(kinds[type(value)] for value in values.values()), stream)
            writer.append(key_set.pack(_journal.ROW, key_set.id, step, time, *values.values()))
        else:
            self.write(records.Row(time=time, step=step, data=values, stream=stream), label)
        return time

    def end(self, exit_code: int | None = 0, **end) -> None:
        self.write(records.End(time=self.at(), exit_code=exit_code, **end))
        self.close()

    def close(self) -> None:
        """What the death of the process does."""
        for writer in self.writers.values():
            writer.close()
        self.writers.clear()


class Workshop:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.drafts = []
        self._clock = itertools.count(int(EPOCH))

    def run(self, run_id: str = "r1", project: str = "digits", **start) -> Draft:
        self.drafts.append(Draft(self.root, self._clock, run_id, project, **start))
        return self.drafts[-1]

    def store(self) -> Store:
        """A store that has caught up."""
        store = Store(self.root)
        store.refresh()
        return store

    def one(self):
        """The store, and its only run."""
        store = self.store()
        (run,) = store.runs()
        return store, run


@pytest.fixture
def workshop(tmp_path):
    workshop = Workshop(tmp_path / "tracker")
    yield workshop
    for draft in workshop.drafts:
        draft.close()


@pytest.fixture(scope="session")
def workshop_factory(tmp_path_factory):
    """A new workshop at every call, for tests that run many examples."""

    def make() -> Workshop:
        return Workshop(tmp_path_factory.mktemp("workshop") / "tracker")

    return make
