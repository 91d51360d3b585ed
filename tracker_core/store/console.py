"""What a run wrote to the terminal, line by line, kept in blocks of a thousand lines.

Lines stand in the order in which they were begun: attempt by attempt, within one journal by journal. A progress bar is
one line whose text is replaced again and again, nearly always in the last block.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from tracker_core.store.chunk import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core import _records as records
    from tracker_core.store.database import Database

BLOCK = 1000

_ESCAPE = re.compile(r"\x1b\[[0-9;:]*m")
"""Colours: what else a terminal is told does not reach the journal."""


class Line(NamedTuple):
    """`time` is when the line was begun; `text` is what it said in the end and may hold ANSI colours."""

    number: int
    attempt: int
    stream: str
    time: float
    text: str


class _Block:
    """Lines of one journal, by stream and their number there."""

    def __init__(self, number: int, lines: dict[tuple[str, int], tuple[float, str]] | None = None) -> None:
        self.number = number
        self.lines = lines or {}


def count(db: Database, run: int, search: str = "") -> int:
    if search:
        return sum(1 for _ in _found(db, run, search))
    row = db.row("SELECT SUM(length) FROM console WHERE run = ?", (run,))
    return int(row[0] or 0) if row else 0


def page(db: Database, run: int, start: int = 0, length: int = 1000, search: str = "") -> list[Line]:
    """Lines from `start` on (0 is the first).

    With `search`, of the lines that contain it, in whatever case; then `number` counts the lines found.
    """
    if search:
        found = itertools.islice(enumerate(_found(db, run, search)), start, start + length)
        return [line._replace(number=number) for number, line in found]
    with db.reading():
        lines: list[Line] = []
        before = 0
        for attempt, journal, block, held in db.rows(
            "SELECT attempt, journal, block, length FROM console WHERE run = ? ORDER BY attempt, journal, block", (run,)
        ):
            if before < start + length and before + held > start:
                row = db.row(
                    "SELECT data FROM console WHERE run = ? AND attempt = ? AND journal = ? AND block = ?",
                    (run, attempt, journal, block),
                )
                assert row is not None
                lines += _lines(row[0], attempt, before)
            before += held
    return [line for line in lines if start <= line.number < start + length]


def find(db: Database, run: int, search: str, start: int, length: int) -> tuple[int, list[Line]]:
    """How many lines contain `search`, and those from the `start`-th on, each with its number among all lines."""
    total, lines = 0, []
    for line in _found(db, run, search):
        if start <= total < start + length:
            lines.append(line)
        total += 1
    return total, lines


class Console:
    """The lines of one run on their way into the store."""

    def __init__(self, db: Database, run: int) -> None:
        self._db = db
        self._run = run
        self._journals: dict[tuple[int, str], _Journal] = {}

    def add(self, record: records.Console, journal: str, attempt: int) -> None:
        key = (attempt, journal)
        if key not in self._journals:
            self._journals[key] = _Journal(self._db, self._run, attempt, journal)
        self._journals[key].add(record)

    def store(self) -> None:
        for journal in self._journals.values():
            journal.store()


class _Journal:
    """The lines of one journal."""

    def __init__(self, db: Database, run: int, attempt: int, journal: str) -> None:
        self._db = db
        self._key = (run, attempt, journal)
        self._changed: dict[int, _Block] = {}
        self._held: dict[str, _Block] = {}
        """Where the last line was found that was replaced, by stream: a progress bar is replaced often."""
        self._last = self._read("ORDER BY block DESC LIMIT 1") or _Block(0)
        row = db.row(
            "SELECT MAX(out_high), MAX(err_high) FROM console WHERE run = ? AND attempt = ? AND journal = ?", self._key
        )
        out, err = row or (None, None)
        self._high = {"stdout": -1 if out is None else out, "stderr": -1 if err is None else err}

    def add(self, record: records.Console) -> None:
        place = (record.stream, record.line)
        block = self._holder(place) if record.line <= self._high[record.stream] else None
        if block is None:
            if len(self._last.lines) >= BLOCK:
                self._last = _Block(self._last.number + 1)
            block = self._last
            self._high[record.stream] = max(record.line, self._high[record.stream])
        begun = block.lines[place][0] if place in block.lines else record.time
        block.lines[place] = (begun, record.text)
        self._changed[block.number] = block

    def store(self) -> None:
        self._db.many(
            "INSERT INTO console (run, attempt, journal, block, length, out_low, out_high, err_low, err_high, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, attempt, journal, block) DO UPDATE"
            " SET length = excluded.length, out_low = excluded.out_low, out_high = excluded.out_high,"
            " err_low = excluded.err_low, err_high = excluded.err_high, data = excluded.data",
            [
                (
                    *self._key,
                    block.number,
                    len(block.lines),
                    *_range(block, "stdout"),
                    *_range(block, "stderr"),
                    _encode(block),
                )
                for block in self._changed.values()
            ],
        )
        self._changed = {}

    def _holder(self, place: tuple[str, int]) -> _Block | None:
        """The block that has this line already."""
        held = self._held.get(place[0], self._last)
        for block in (self._last, held):
            if place in block.lines:
                return block
        found = next((block for block in self._changed.values() if place in block.lines), None) or self._stored(place)
        if found is not None:
            self._held[place[0]] = found
        return found

    def _stored(self, place: tuple[str, int]) -> _Block | None:
        side = "out" if place[0] == "stdout" else "err"
        found = self._read(f"AND {side}_low <= ? AND {side}_high >= ? LIMIT 1", place[1], place[1])
        return found if found is not None and place in found.lines else None

    def _read(self, which: str, *args: int) -> _Block | None:
        row = self._db.row(
            f"SELECT block, data FROM console WHERE run = ? AND attempt = ? AND journal = ? {which}",  # noqa: S608 - our own conditions
            (*self._key, *args),
        )
        if row is None:
            return None
        streams, numbers, times, texts = unpack("o", row[1])
        places = zip(map(_stream, streams), numbers, strict=True)
        return _Block(row[0], dict(zip(places, zip(times, texts, strict=True), strict=True)))


def _found(db: Database, run: int, search: str) -> Iterator[Line]:
    """Colours between the letters do not hide what is searched."""
    wanted = search.lower()
    before = 0
    for attempt, held, data in db.rows(
        "SELECT attempt, length, data FROM console WHERE run = ? ORDER BY attempt, journal, block", (run,)
    ):
        for line in _lines(data, attempt, before):
            text = _ESCAPE.sub("", line.text) if "\x1b" in line.text else line.text
            if wanted in text.lower():
                yield line
        before += held


def _lines(data: bytes, attempt: int, before: int) -> list[Line]:
    streams, _, times, texts = unpack("o", data)
    return [
        Line(before + place, attempt, _stream(stream), time, text)
        for place, (stream, time, text) in enumerate(zip(streams, times, texts, strict=True))
    ]


def _encode(block: _Block) -> bytes:
    return pack(
        "o",
        [
            "".join("o" if stream == "stdout" else "e" for stream, _ in block.lines),
            [number for _, number in block.lines],
            [time for time, _ in block.lines.values()],
            [text for _, text in block.lines.values()],
        ],
    )


def _stream(letter: str) -> str:
    return "stdout" if letter == "o" else "stderr"


def _range(block: _Block, stream: str) -> tuple[int | None, int | None]:
    numbers = [number for place, number in block.lines if place == stream]
    return min(numbers, default=None), max(numbers, default=None)
