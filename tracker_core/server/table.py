"""Rows of a logged table: a page of them, in the order and of the kind that is asked for."""

from __future__ import annotations

import bisect
import math
import operator
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import zstandard

from tracker_core._errors import NotFoundError, UsageError
from tracker_core._media.table_file import TableFile
from tracker_core.server import detail, wire
from tracker_core.server.board import finite
from tracker_core.store.series import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tracker_core.server.source import Entry

_KEPT = 8
"""Orders that are remembered: whoever turns the pages of a sorted table has it sorted once."""

_MOST = 5_000_000
"""Rows of the largest table that is sorted or searched."""


_COMPARED = re.compile(r"(<=|>=|!=|<|>|=)\s*(.+)", re.DOTALL)
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


class _Page(NamedTuple):
    """A page of a file; its first row has the number `first` in the table."""

    file: TableFile
    number: int
    first: int
    rows: int


class Tables:
    def __init__(self) -> None:
        self._orders: dict[tuple[Any, ...], list[int]] = {}

    def read(self, entry: Entry, asked: wire.OfTable) -> wire.Table:
        """Of a chart its own table. Raises NotFoundError where no table was logged so, or its file is gone."""
        series = load(entry.shelf.store.db, entry.run.number, asked.key, within=(asked.step, asked.step))
        value = series.values[-1] if series is not None and len(series.values) else None
        if isinstance(value, dict) and value.get("_type") == "chart":
            value = value.get("table")
        if not isinstance(value, dict) or value.get("_type") != "table-file" or "parts" not in value:
            raise NotFoundError(f"no table was logged as {asked.key!r} at step {asked.step}")
        try:
            paths = [detail.file(entry, part["path"]) for part in value["parts"]]  # a record could name any path
            columns = list(map(str, value["columns"]))
            pages = list(_pages(paths))
            total = sum(page.rows for page in pages)
            wanted = range(total)[asked.first : asked.first + asked.count]
            matching = total
            if asked.search or asked.sort or asked.filter:
                order = self._order(paths, pages, asked, len(columns), total)
                matching = len(order)
                rows = list(_picked(pages, order[asked.first : asked.first + asked.count]))
            else:
                rows = list(_picked(pages, list(wanted)))
        except (KeyError, TypeError, ValueError, zstandard.ZstdError) as error:
            raise NotFoundError(f"the table {asked.key!r} of step {asked.step} cannot be read: {error}") from error
        return wire.Table(columns, total, matching, asked.first, finite(rows))

    def _order(self, paths: list[Path], pages: list[_Page], asked: wire.OfTable, width: int, total: int) -> list[int]:
        """The numbers of the rows that match, sorted."""
        if total > _MOST:
            raise UsageError(f"a table of {total} rows is too large to be sorted or searched here; use Api()")
        column = abs(int(asked.sort)) if asked.sort else None
        if column is not None and column >= width:
            raise UsageError(f"the table has {width} columns: sort by 0 to {width - 1}")
        filters = [_filter(it, width) for it in asked.filter]
        key = (*paths, total, asked.search, asked.sort, asked.filter)
        if key not in self._orders:
            found = list(_matching(pages, asked.search.lower(), filters, column))
            if column is not None:
                there = [it for it in found if it[0] is not None]
                there.sort(key=_first, reverse=asked.sort.startswith("-"))
                found = [*there, *(it for it in found if it[0] is None)]
            while len(self._orders) >= _KEPT:
                self._orders.pop(next(iter(self._orders)), None)
            self._orders[key] = [row for _, row in found]
        return self._orders[key]


def _pages(paths: list[Path]) -> Iterator[_Page]:
    first = 0
    for path in paths:
        file = TableFile(path)
        for number, (_, _, rows) in enumerate(file.footer.pages):
            yield _Page(file, number, first, rows)
            first += rows


def _picked(pages: list[_Page], wanted: list[int]) -> Iterator[list[Any]]:
    """Those rows in that order; no other page is read."""
    opened: dict[int, list[list[Any]]] = {}
    starts = [page.first for page in pages]
    for row in wanted:
        at = bisect.bisect_right(starts, row) - 1
        if at not in opened:
            opened[at] = pages[at].file.page(pages[at].number)
        yield [column[row - pages[at].first] for column in opened[at]]


def _matching(
    pages: list[_Page], search: str, filters: list[tuple[int, Callable[[Any], bool]]], column: int | None
) -> Iterator[tuple[Any, int]]:
    """What to sort by and the number of every row that passes the filters and has a cell with `search` in it."""
    for page in pages:
        columns = page.file.page(page.number)
        keys = [None] * page.rows if column is None else list(map(_rank, columns[column]))
        for at, key in enumerate(keys):
            if search and not any(search in str(cells[at]).lower() for cells in columns):
                continue
            if all(fits(columns[place][at]) for place, fits in filters):
                yield key, page.first + at


def _filter(text: str, width: int) -> tuple[int, Callable[[Any], bool]]:
    """The number of a column and what its cells must be; as `lib/cell.ts` has it for the rows of a panel."""
    number, _, typed = text.partition(":")
    if int(number) >= width:
        raise UsageError(f"the table has {width} columns: filter 0 to {width - 1}")
    found = _COMPARED.fullmatch(typed.strip())
    if found is None:
        wanted = typed.strip().lower()
        return int(number), lambda cell: wanted in str(cell).lower()
    holds, operand = _SIGNS[found[1]], found[2].lower()
    try:
        bound = float(operand)
    except ValueError:
        bound = None

    def fits(cell: Any) -> bool:
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            return bool(holds(cell, bound)) if bound is not None else found[1] == "!="
        if cell is None:
            return found[1] == "!="
        # A text is neither more nor less than a number.
        return (bound is None or found[1] in ("=", "!=")) and bool(holds(str(cell).lower(), operand))

    return int(number), fits


def _rank(cell: Any) -> tuple[int, Any] | None:
    """Numbers before texts; None for what has no place: nothing, NaN, media."""
    if isinstance(cell, int | float):
        return None if math.isnan(cell) else (0, cell)
    return (1, cell.casefold()) if isinstance(cell, str) else None


def _first(it: tuple[Any, int]) -> Any:
    return it[0]
