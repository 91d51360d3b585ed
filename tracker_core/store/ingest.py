"""From a run's journals to its tables, each time from where the last time ended.

One transaction reads on from the positions that it finds, and commits data and new positions together: it does not
matter how many processes catch up at once, or which of them is killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _records as records
from tracker_core._errors import Error
from tracker_core._journal import START, Block, Position, Reader
from tracker_core._snapshot import Attempt, Snapshot
from tracker_core.store import schema, series
from tracker_core.store.console import Console
from tracker_core.store.damage import Damage
from tracker_core.store.keyset import Shelf, Stock
from tracker_core.store.run import card
from tracker_core.store.summary import Source, summarise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracker_core._folder import RunFolder
    from tracker_core._journal import KeySet
    from tracker_core.store.database import Database
    from tracker_core.store.stats import ColumnStats

PORTION = 32 << 20
"""Bytes of rows after which a transaction ends, so that other writers get their turn."""

_RECORD = 64
"""What a record counts for, however long it is."""


class Ingest:
    """One run's way into the store, inside writing transactions.

    It may be kept from one transaction to the next while nobody else wrote the run, and then spares reading back what
    it wrote; after a transaction that failed it is of no use.
    """

    def __init__(self, db: Database, run: int) -> None:
        self._db = db
        self._run = run
        self._shelf = Shelf(db, run)
        found = db.row("SELECT snapshot FROM fold WHERE run = ?", (run,))
        self.snapshot = records.decode_as(found[0], Snapshot) if found else Snapshot()
        self._journals = {
            name: _Journal(Position(segment, place), gaps)
            for name, segment, place, gaps in db.rows(
                "SELECT name, segment, place, gaps FROM journal WHERE run = ?", (run,)
            )
        }
        self._console = Console(db, run)
        self._files: list[records.File] = []
        self._stocks: dict[tuple[str, int], Stock] = {}
        self._taken = 0
        self._folded = False

    def catch_up(self, folder: RunFolder) -> bool:
        """Reads what is new, up to a portion; True when more may be left."""
        self._taken = 0
        for path in folder.journals():
            self._journal(path)
            if self._taken >= PORTION:
                break
        self._flush()
        return self._taken >= PORTION

    def present(self, state: records.State, run_id: str) -> int:
        """Writes what lists show; returns the run's new version. `run_id` is what the folder's name tells."""
        begins: list[float] = []
        ends: dict[int, float] = {}
        own = []
        for stock in self._shelf:
            stats = stock.kept.all
            if stats is None:
                continue
            begins.append(stats.begin)
            ends[stock.attempt] = max(stats.end, ends.get(stock.attempt, 0.0))
            if stock.stream == "metrics":
                own.append(Source(stock.attempt, stock.journal, stock.place, stock.names, stats, stock.writer))
        damage = self._damage()
        snapshot = self.snapshot if not damage.headless else _guess(self.snapshot, run_id, begins)
        shown = card(snapshot, state, self._updated(ends), ends, damage)
        runtime = 0.0
        if own:
            newest = max(own, key=lambda source: source.stats.end)
            origins = {life.number: life.origin for life in shown.attempts}
            runtime = max(0.0, newest.stats.end - origins.get(newest.attempt, shown.start))
        encode = records.encode
        listed = int(bool(shown.id) and not self.snapshot.deleted)
        if listed and self.snapshot.archived is not None:
            listed = schema.ARCHIVED
        version = schema.advance(self._db)
        self._db.run(
            "UPDATE run SET version = ?, listed = ?, card = ?, config = ?, summary = ?, metadata = ? WHERE run = ?",
            (
                version,
                listed,
                encode(shown),
                encode(self.snapshot.config),
                encode(summarise(self.snapshot, own, runtime, self._recount())),
                encode({number: attempt.metadata for number, attempt in self.snapshot.attempts.items()}),
                self._run,
            ),
        )
        return version

    def _recount(self) -> Callable[[str], ColumnStats | None]:
        """The statistics of a series in which values were replaced; None for any other."""
        replaced: set[str] | None = None

        def recount(key: str) -> ColumnStats | None:
            nonlocal replaced
            if replaced is None:
                replaced = series.replaced(self._db, self._run)
            return series.statistics(self._db, self._run, key) if key in replaced else None

        return recount

    def _damage(self) -> Damage:
        """A run that lacks its first record may be one whose journals did not all arrive yet; with gaps it is not."""
        gaps = {name: journal.gaps for name, journal in sorted(self._journals.items()) if journal.gaps}
        headless = bool(gaps) and not self.snapshot.id
        return Damage(self.snapshot.lost, sum(gaps.values()), tuple(gaps), headless)

    def seal(self) -> None:
        """The run is over: no more rows are expected."""
        self._shelf.seal()

    def _journal(self, path: Path) -> None:
        new = path.name not in self._journals
        journal = self._journals.setdefault(path.name, _Journal(START, 0))
        begin = journal.position
        try:
            self._entries(path, journal.open(path), journal.attempt)
        except Error:
            # Of a newer version: whoever knows that one builds the index anew. The run's other journals can be read.
            journal.position = Position(0, path.stat().st_size)
        if journal.position == begin and not new:
            return
        self._db.run(
            "INSERT INTO journal (run, name, attempt, segment, place, gaps) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (run, name) DO UPDATE SET segment = excluded.segment, place = excluded.place,"
            " gaps = excluded.gaps",
            (self._run, path.name, journal.attempt, *journal.position, journal.gaps),
        )

    def _entries(self, path: Path, reader: Reader, attempt: int) -> None:
        name = path.name
        taken = self._taken
        for item in reader.blocks():
            if isinstance(item, Block):
                key_set, _, data = item
                stock = self._stocks.get((name, key_set.id)) or self._stock(name, attempt, key_set)
                stock.frames.append(data)
                taken += len(data)
            else:
                self._record(item, name, attempt)
                taken += _RECORD
            if taken >= PORTION:
                break
        self._taken = taken

    def _stock(self, journal: str, attempt: int, key_set: KeySet) -> Stock:
        found = self._shelf.stock(journal, attempt, key_set.stream, key_set.names, key_set.kinds, self._beside(attempt))
        self._stocks[journal, key_set.id] = found
        return found

    def _record(self, record: records.Record, journal: str, attempt: int) -> None:
        if isinstance(record, records.Row):
            self._row(record, journal, attempt)
        elif isinstance(record, records.Console):
            self._console.add(record, journal, attempt)
        elif isinstance(record, records.File):
            self._files.append(record)
        elif isinstance(record, records.Purge):
            for stock in self._shelf.purge(record, journal, attempt):
                self._stocks = {key: each for key, each in self._stocks.items() if each is not stock}
        else:
            self.snapshot.apply(record, attempt=attempt)
            self._folded = True

    def _row(self, record: records.Row, journal: str, attempt: int) -> None:
        """A row that is not all numbers: its numbers go where those of packed rows go."""
        names = tuple(record.data)
        if not names:
            return
        kinds = "".join(_kind(value) for value in record.data.values())
        stock = self._shelf.stock(journal, attempt, record.stream, names, kinds, self._beside(attempt))
        stock.add(record.step, record.time, tuple(record.data.values()))

    def _beside(self, attempt: int) -> int | None:
        known = self.snapshot.attempts.get(attempt)
        return known.beside if known is not None else None

    def _flush(self) -> None:
        self._shelf.store()
        self._shelf.hide(self.snapshot.visible_step)
        self._console.store()
        self._db.many(
            "INSERT INTO file (run, path, time, record) VALUES (?, ?, ?, ?) ON CONFLICT (run, path) DO UPDATE"
            " SET time = excluded.time, record = excluded.record WHERE excluded.time >= file.time",
            [(self._run, file.path, file.time, records.encode(file)) for file in self._files],
        )
        if self._folded:
            self._db.run(
                "INSERT INTO fold (run, snapshot) VALUES (?, ?)"
                " ON CONFLICT (run) DO UPDATE SET snapshot = excluded.snapshot",
                (self._run, records.encode(self.snapshot)),
            )
        self._files, self._folded = [], False

    def _updated(self, ends: dict[int, float]) -> float:
        lives = self.snapshot.attempts.values()
        return max(
            self.snapshot.heartbeat,
            *ends.values(),
            *(attempt.end or attempt.start for attempt in lives),
            *self.snapshot.times.values(),
            0.0,
        )


class _Journal:
    """How far a journal was read. `gaps` counts the bytes that could not be."""

    def __init__(self, position: Position, gaps: int) -> None:
        self._position = position
        self._gaps = gaps
        self._reader: Reader | None = None
        self.attempt = 0

    def open(self, path: Path) -> Reader:
        """The reader that goes on from here. Raises `Error` for a journal of a version that is not known."""
        if self._reader is None:
            reader = Reader(path, self._position)
            self.attempt = reader.header.attempt
            self._reader = reader
        return self._reader

    @property
    def position(self) -> Position:
        return self._reader.position if self._reader else self._position

    @position.setter
    def position(self, value: Position) -> None:
        self._position, self._reader = value, None

    @property
    def gaps(self) -> int:
        read = self._reader.gaps if self._reader else []
        return self._gaps + sum(gap.end - gap.start for gap in read)


def _guess(snapshot: Snapshot, run_id: str, begins: list[float]) -> Snapshot:
    """The snapshot of a run whose first record is unreadable."""
    attempts = snapshot.attempts or {1: Attempt(number=1, start=min(begins, default=snapshot.heartbeat))}
    first = min(attempts)
    start = min([attempts[first].start, *begins])
    attempts = {**attempts, first: msgspec.structs.replace(attempts[first], start=start)}
    project = snapshot.project or "uncategorized"
    return msgspec.structs.replace(snapshot, id=run_id, project=project, attempts=attempts)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "?"
    if isinstance(value, float):
        return "d"
    if isinstance(value, int):
        return "q" if -(1 << 63) <= value < 1 << 63 else "w"
    return "o"
