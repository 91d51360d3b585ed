"""The key sets of one run while it is read: rows come in, chunks and pieces go out.

Rows wait in pieces until 4,096 of a key set are together, or until the run is over. Few pieces are long and the last
one is short, so that a run that is looked at every second rewrites little.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tracker_core import _records as records
from tracker_core._writers import of as writer_of
from tracker_core.store import batch as batches
from tracker_core.store.chunk import OBJECTS, ROWS
from tracker_core.store.seal import seal
from tracker_core.store.stats import Kept, Stats, join, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tracker_core.store.batch import Batch
    from tracker_core.store.chunk import Column
    from tracker_core.store.database import Database

PIECE = 256
"""Rows of a full piece; also the fewest that are worth a chunk when a run ends."""

_CHUNK_VALUES = 1 << 20
_PIECE_VALUES = 1 << 16
"""Values of the largest chunk and piece: ten thousand metrics are sealed sooner than ten."""


class Stock:
    """One key set of one journal."""

    def __init__(self, number: int, journal: str, place: int, attempt: int, stream: str, writer: str) -> None:
        self.number = number
        self.journal = journal
        self.place = place
        self.attempt = attempt
        self.stream = stream
        self.writer = writer
        self.names: tuple[str, ...] = ()
        self.kinds = ""
        self.visible: int | None = None
        self.purged: int | None = None
        """The last step that no purge hides. What follows in the journal goes to another stock of the same names."""
        self.kept = Kept()
        self.chunks = 0
        self.pieces = 0
        self.waiting: Batch | None = None
        """The rows in pieces; None while nobody read them back."""
        self.frames: list[bytes] = []
        self.rows: list[tuple[int, float, Sequence[Any]]] = []

    @property
    def full(self) -> int:
        """Rows of a chunk, whole spans of the pyramid."""
        return min(ROWS, max(256, _CHUNK_VALUES // len(self.kinds) // 256 * 256))

    @property
    def enough(self) -> int:
        """Rows of a piece."""
        return min(PIECE, max(16, _PIECE_VALUES // len(self.kinds)))

    def add(self, step: int, time: float, values: Sequence[Any]) -> None:
        """One row that came as a record."""
        if not OBJECTS.isdisjoint(self.kinds):
            self.rows.append((step, time, values))
        else:
            self.frames.append(struct.pack(f"<13xqd{self.kinds}", step, time, *values))

    def take(self) -> Batch:
        """The rows that came since the last call."""
        found = (
            batches.from_rows(self.rows, self.kinds)
            if self.rows
            else batches.from_frames(b"".join(self.frames), self.kinds)
        )
        self.frames, self.rows = [], []
        return found


class Shelf:
    """All key sets of a run."""

    def __init__(self, db: Database, run: int) -> None:
        self._db = db
        self._run = run
        self._stocks: dict[tuple[str, str, tuple[str, ...], str], Stock] = {}
        self._purged: list[Stock] = []
        self._places: dict[str, int] = {}
        for (
            number,
            journal,
            place,
            attempt,
            stream,
            writer,
            names,
            kinds,
            visible,
            purged,
            stats,
            chunks,
            pieces,
        ) in db.rows(
            "SELECT keyset, journal, place, attempt, stream, writer, names, kinds, visible, purged, stats, chunks,"
            " pieces FROM keyset WHERE run = ? ORDER BY keyset",
            (run,),
        ):
            stock = Stock(number, journal, place, attempt, stream, writer)
            stock.names = msgspec.msgpack.decode(names, type=tuple[str, ...])
            stock.kinds, stock.visible, stock.chunks, stock.pieces = kinds, visible, chunks, pieces
            stock.purged = purged
            stock.kept = records.decode_as(stats, Kept)
            self._place(stock)

    def __iter__(self) -> Iterator[Stock]:
        yield from self._purged
        yield from self._stocks.values()

    def stock(
        self, journal: str, attempt: int, stream: str, names: tuple[str, ...], kinds: str, beside: int | None
    ) -> Stock:
        """The stock of these names, made when they are new. `beside`: the attempt that went on when this one began."""
        found = self._stocks.get((journal, stream, names, kinds))
        if found is not None:
            return found
        place, writer = self._places.get(journal, 0), writer_of(journal, attempt, beside)
        stock = Stock(len(self._stocks) + len(self._purged), journal, place, attempt, stream, writer)
        stock.names, stock.kinds = names, kinds
        self._place(stock)
        self._db.run(
            "INSERT INTO keyset (run, keyset, journal, place, attempt, writer, stream, names, kinds, visible, stats,"
            " chunks, pieces) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._run,
                stock.number,
                journal,
                stock.place,
                attempt,
                writer,
                stream,
                msgspec.msgpack.encode(names),
                kinds,
                None,
                records.encode(stock.kept),
                0,
                0,
            ),
        )
        self._db.many(
            "INSERT INTO series (run, stream, name, keyset, place, kind, ordered) VALUES (?, ?, ?, ?, ?, ?, 1)",
            [
                (self._run, stream, name, stock.number, place, kind)
                for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
            ],
        )
        return stock

    def store(self) -> None:
        """Writes what came in."""
        fresh = [(stock, stock.take()) for stock in self if stock.frames or stock.rows]
        self._order([(stock, batch.steps) for stock, batch in fresh])
        for stock, batch in fresh:
            self._keep(stock, batch)

    def purge(self, purge: records.Purge, journal: str, attempt: int) -> list[Stock]:
        """Hide what a purge in this journal takes back; returns the stocks that are complete by it."""
        complete = []
        for stock in self:
            same_writer = _writer(stock.journal) == _writer(journal) and stock.attempt <= attempt
            if not same_writer or stock.stream != "metrics" or not purge.hides(stock.names):
                continue
            stock.purged = min(purge.step - 1, purge.step - 1 if stock.purged is None else stock.purged)
            complete.append(stock)
        for stock in complete:
            key = (stock.journal, stock.stream, stock.names, stock.kinds)
            if self._stocks.get(key) is stock:
                del self._stocks[key]
                self._purged.append(stock)
        return complete

    def hide(self, visible: Callable[[int], int | None]) -> None:
        """Take the rows that a later attempt rewound, or that were purged, out of the statistics.

        `visible` is asked by attempt.
        """
        for stock in self:
            limit = visible(stock.attempt) if stock.stream == "metrics" else None
            if stock.purged is not None:
                limit = stock.purged if limit is None else min(limit, stock.purged)
            if limit is None and stock.visible is None:
                continue
            stock.visible = limit
            stock.kept = Kept(sealed=self._measure(stock))
            self._update(stock)

    def seal(self) -> None:
        """Seals what waits and is worth a chunk: no more rows are expected."""
        for stock in self:
            waiting = self._waiting(stock) if stock.pieces else None
            if waiting is not None and len(waiting) >= PIECE:
                self._seal(stock, waiting, len(waiting))
                if stock.visible is not None:
                    stock.kept = Kept(sealed=self._measure(stock))
                self._update(stock)

    def _keep(self, stock: Stock, batch: Batch) -> None:
        waiting = self._waiting(stock)
        rows = batches.concat((waiting, batch), stock.kinds)
        whole = len(rows) // stock.full * stock.full
        if whole:
            self._seal(stock, rows, whole)
        else:
            self._append(stock, waiting, batch)
            stock.waiting = rows
            stock.kept.waiting = measure(rows, stock.kinds)
        self._update(stock)

    def _seal(self, stock: Stock, rows: Batch, end: int) -> None:
        """Rows up to `end` become chunks, the others the only piece."""
        for start in range(0, end, stock.full):
            part = rows.slice(start, min(start + stock.full, end))
            seal(self._db, self._run, stock.number, stock.chunks, part, stock.kinds)
            stock.chunks += 1
            stock.kept.sealed = join(stock.kept.sealed, measure(part, stock.kinds))
        self._db.run("DELETE FROM piece WHERE run = ? AND keyset = ?", (self._run, stock.number))
        stock.pieces = 0
        rest = rows.slice(end)
        if len(rest):
            self._piece(stock, rest)
        stock.waiting = rest
        stock.kept.waiting = measure(rest, stock.kinds)

    def _append(self, stock: Stock, waiting: Batch, batch: Batch) -> None:
        """Adds to the last piece while that is short."""
        last = self._db.row(
            "SELECT length FROM piece WHERE run = ? AND keyset = ? AND piece = ?",
            (self._run, stock.number, stock.pieces - 1),
        )
        if last is not None and last[0] < stock.enough:
            stock.pieces -= 1
            self._db.run(
                "DELETE FROM piece WHERE run = ? AND keyset = ? AND piece = ?",
                (self._run, stock.number, stock.pieces),
            )
            batch = batches.concat((waiting.slice(len(waiting) - last[0]), batch), stock.kinds)
        self._piece(stock, batch)

    def _piece(self, stock: Stock, batch: Batch) -> None:
        self._db.run(
            "INSERT INTO piece (run, keyset, piece, length, data) VALUES (?, ?, ?, ?, ?)",
            (self._run, stock.number, stock.pieces, len(batch), batches.encode(batch, stock.kinds)),
        )
        stock.pieces += 1

    def _waiting(self, stock: Stock) -> Batch:
        if stock.waiting is not None:
            return stock.waiting
        if not stock.pieces:
            return batches.empty(stock.kinds)
        found = self._db.rows(
            "SELECT data FROM piece WHERE run = ? AND keyset = ? ORDER BY piece", (self._run, stock.number)
        )
        return batches.concat((batches.decode(data, stock.kinds) for (data,) in found), stock.kinds)

    def _order(self, fresh: list[tuple[Stock, Column]]) -> None:
        """Marks the series whose steps stopped to rise: their pyramid may hold values that were overwritten."""
        writers: dict[tuple[str, str], list[int]] = {}
        for index, (stock, _) in enumerate(fresh):
            for name in stock.names:
                writers.setdefault((stock.stream, name), []).append(index)
        last = self._last()
        verdicts: dict[tuple[int, ...], tuple[bool, int]] = {}
        broken = []
        for key, indices in writers.items():
            together = tuple(indices)
            if together not in verdicts:
                verdicts[together] = _rising([fresh[index][1] for index in indices])
            rising, first = verdicts[together]
            if not rising or first <= last.get(key, first - 1):
                broken.append((self._run, *key))
        self._db.many("UPDATE series SET ordered = 0 WHERE run = ? AND stream = ? AND name = ?", broken)

    def _last(self) -> dict[tuple[str, str], int]:
        last: dict[tuple[str, str], int] = {}
        for stock in self:
            stats = stock.kept.all
            if stats is None:
                continue
            for name in stock.names:
                key = (stock.stream, name)
                last[key] = max(stats.step, last.get(key, stats.step))
        return last

    def _measure(self, stock: Stock) -> Stats | None:
        """The statistics of the visible rows, read from the start."""
        from tracker_core.store.part import read

        total = None
        for part in read(self._db, self._run, stock.number, stock.kinds):
            visible = part if stock.visible is None else part.select(part.steps <= stock.visible)
            total = join(total, measure(visible, stock.kinds))
        return total

    def _place(self, stock: Stock) -> None:
        if stock.purged is None:
            self._stocks[stock.journal, stock.stream, stock.names, stock.kinds] = stock
        else:
            self._purged.append(stock)
        self._places[stock.journal] = stock.place + 1

    def _update(self, stock: Stock) -> None:
        self._db.run(
            "UPDATE keyset SET visible = ?, purged = ?, stats = ?, chunks = ?, pieces = ? WHERE run = ? AND keyset = ?",
            (
                stock.visible,
                stock.purged,
                records.encode(stock.kept),
                stock.chunks,
                stock.pieces,
                self._run,
                stock.number,
            ),
        )


def _writer(journal: str) -> str:
    """The label of the writer in a journal's name, `002-background.0000.journal`."""
    return journal.partition("-")[2].partition(".")[0].partition("~")[0]


def _rising(parts: list[Column]) -> tuple[bool, int]:
    """Whether each part's steps rise and none is in two of them; and the smallest."""
    first = min(int(steps.min()) for steps in parts)
    rising = all(bool((steps[1:] > steps[:-1]).all()) for steps in parts)
    if rising and len(parts) > 1:
        together = np.concatenate(parts)
        rising = len(np.unique(together)) == len(together)
    return rising, first
