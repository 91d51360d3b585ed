"""What a run wrote to the terminal, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tracker_core.store.database import Database


class Line(NamedTuple):
    """`time` is when the line was begun; `text` is what it said in the end and may hold ANSI colours."""

    number: int
    attempt: int
    stream: str
    time: float
    text: str


def count(db: Database, run: int, search: str = "") -> int:
    condition, args = _search(search)
    row = db.row(f"SELECT COUNT(*) FROM console WHERE run = ?{condition}", (run, *args))  # noqa: S608 - arguments are bound
    return int(row[0]) if row else 0


def page(db: Database, run: int, start: int = 0, length: int = 1000, search: str = "") -> list[Line]:
    """Lines in the order in which they were begun, from `start` (0 is the first).

    With `search`, of the lines that contain it, in whatever case; then `number` counts the lines found.
    """
    condition, args = _search(search)
    found = db.rows(
        f"SELECT attempt, stream, time, text FROM console WHERE run = ?{condition}"  # noqa: S608 - arguments are bound
        " ORDER BY attempt, time, line, journal, stream LIMIT ? OFFSET ?",
        (run, *args, length, start),
    )
    return [Line(start + place, *line) for place, line in enumerate(found)]


def _search(text: str) -> tuple[str, tuple[str, ...]]:
    if not text:
        return "", ()
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return " AND LOWER(text) LIKE ? ESCAPE '\\'", (f"%{escaped}%",)
