"""Tables."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core import _texts
from tracker_core._errors import UsageError
from tracker_core._media.base import Media
from tracker_core._media.column import SIMPLE, Moment, cell_of, declared, is_nan, joined
from tracker_core._media.table_file import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tracker_core._media.column import Kind
    from tracker_core._media.place import Place

_AS_THEY_ARE: frozenset[Kind] = frozenset(("none", "number", "boolean", "text", "list", "map"))
_WITH_NAN: frozenset[Kind] = frozenset(("none", "number", "any"))
"""Kinds of columns that keep NaN: in others it is a missing cell."""
_DEFAULT_COLUMNS = ("Input", "Output", "Expected")


class Table(Media):
    """Rows of cells under named columns; cells may be media.

    From `columns` and `data` (rows, an array (rows, columns) or a dataframe), or from `dataframe` (pandas, polars,
    pyarrow; a lazy one is collected), or row by row with `add_data`. An index of pandas that has a name, or holds
    something else than numbers, becomes a column. A column's first value decides its kind, and another kind raises
    unless `allow_mixed_types`; `dtype` says the kinds beforehand; with `optional=False` (or a list, a column each) no
    cell may be None.

    A table may grow and be logged again: only new rows are written then, so logging it every step is cheap, and
    each log keeps the table as it was. (`log_mode` is accepted for scripts that give it; any of them does this.)
    """

    kind: ClassVar[str] = "table-file"
    MAX_ROWS = None

    def __init__(
        self,
        columns: Iterable[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | Sequence[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = None,
    ) -> None:
        del log_mode
        given = _collected(next((one for one in (dataframe, data, rows) if one is not None), None))
        names, cells = _cells_of(given, with_index=columns is None)
        if columns is not None:
            names = [_texts.name(name) for name in columns]
        elif names is None:
            width = len(cells[0]) if cells else 0
            names = [str(index) for index in range(width)] if width else list(_DEFAULT_COLUMNS)
        if len(set(names)) != len(names):
            raise UsageError(f"two columns have one name: {names}")
        self.columns = names
        self._required = _required(names, optional)
        self._mixed = allow_mixed_types
        self._kinds: list[Kind] = declared(names, dtype)
        self._rows: list[list[Any]] = []
        self._exposed = False
        self._stored: dict[tuple[Path, str], _Stored] = {}
        for row in cells:
            self.add_data(*row)

    @property
    def data(self) -> list[list[Any]]:
        """The rows themselves. A table whose rows were handed out is written whole when it is logged again."""
        self._exposed = True
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def add_data(self, *data: Any) -> None:
        """Adds one row, a value a column. Raises UsageError when the number or a kind does not fit."""
        if len(data) != len(self.columns):
            raise UsageError(f"{len(data)} values for the {len(self.columns)} columns {self.columns}")
        if list(map(SIMPLE.get, map(type, data))) == self._kinds:  # a row like those before it, at a tenth of the cost
            self._rows.append(list(data))
            return
        row = [cell_of(value) for value in data]
        self._check(row)
        self._rows.append(row)

    add_row = add_data

    def add_column(self, name: str, data: Any, optional: bool = True) -> None:
        """Adds a column with a value for each row; of a table without rows and columns, it makes the rows."""
        name = _texts.name(name)
        cells = [cell_of(value) for value in data]
        if name in self.columns:
            raise UsageError(f"there is a column {name!r} already")
        if self._rows and len(cells) != len(self._rows):
            raise UsageError(f"{len(cells)} values for {len(self._rows)} rows")
        if not self._rows and self.columns not in ([], list(_DEFAULT_COLUMNS)):
            raise UsageError("a column with values cannot join columns that have none; add rows first")
        if not optional and None in cells:
            raise UsageError(f"column {name!r} holds None and is not optional")
        kind: Kind = "none"
        for cell in cells:
            kind = joined(name, kind, cell, mixed=self._mixed)
        if kind not in _WITH_NAN:
            cells = [None if is_nan(cell) else cell for cell in cells]
        if not self._rows:
            self.columns, self._kinds, self._rows = [], [], [[] for _ in cells]
        self.columns = [*self.columns, name]
        self._kinds.append(kind)
        for row, cell in zip(self._rows, cells, strict=True):
            row.append(cell)
        self._stored.clear()

    def cast(self, col_name: str, dtype: Any, optional: bool = True) -> None:
        """Says the kind of a column anew, as `dtype` does; UsageError when a cell does not fit."""
        at = self._at(col_name)
        [kind] = declared([col_name], [dtype])
        for row in self._rows:
            if row[at] is None and not optional:
                raise UsageError(f"column {col_name!r} holds None and is not optional")
            kind = joined(col_name, kind, row[at], mixed=False)
        self._kinds[at] = kind

    def add_computed_columns(self, fn: Callable[[int, dict[str, Any]], Mapping[str, Any]]) -> None:
        """Adds the columns that `fn(index, row)` returns for every row; `row` is a map by column."""
        added = [fn(index, dict(zip(self.columns, row, strict=True))) for index, row in enumerate(self._rows)]
        for name in added[0] if added else ():
            self.add_column(name, [values[name] for values in added])

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """The values of a column, as a list or, with `convert_to="numpy"`, an array."""
        at = self._at(name)
        if convert_to not in (None, "numpy"):
            raise UsageError(f"convert_to is {convert_to!r}; 'numpy' or nothing is wanted")
        cells = [row[at] for row in self._rows]
        if convert_to is None:
            return cells
        import numpy as np

        return np.array(cells)

    def get_index(self) -> list[int]:
        """The numbers of the rows."""
        return list(range(len(self._rows)))

    def get_dataframe(self) -> Any:
        """A pandas dataframe of the rows."""
        from tracker_core._media.base import require

        require("pandas", "pandas", "Table.get_dataframe")
        import pandas as pd

        return pd.DataFrame(self._rows, columns=self.columns)

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Number and values of each row."""
        yield from enumerate(self._rows)

    def _at(self, name: str) -> int:
        if name not in self.columns:
            raise UsageError(f"there is no column {name!r} among {self.columns}")
        return self.columns.index(name)

    def _check(self, row: list[Any]) -> None:
        """Settles the kinds of the columns with `row`, whose NaN becomes None where it is no number."""
        kinds = [
            joined(name, kind, cell, mixed=self._mixed)
            for name, kind, cell in zip(self.columns, self._kinds, row, strict=True)
        ]
        for at, (before, kind) in enumerate(zip(self._kinds, kinds, strict=True)):
            if kind in _WITH_NAN:
                continue
            for earlier in self._rows if before == "none" else ():
                earlier[at] = None
            if is_nan(row[at]):
                row[at] = None
        for name, cell in zip(self.columns, row, strict=True):
            if cell is None and name in self._required:
                raise UsageError(f"the cell of column {name!r} is None, but the column is not optional")
        self._kinds = kinds

    def _kinds_stored(self) -> list[Kind]:
        """The kinds of the columns; one that holds nothing but NaN is one of numbers."""
        return [
            "number" if kind == "none" and any(is_nan(row[at]) for row in self._rows) else kind
            for at, kind in enumerate(self._kinds)
        ]

    def _store(self, place: Place) -> dict[str, Any]:
        if self._exposed:
            self._readmit()
        stored = self._stored.setdefault((place.files, place.key), _Stored())
        parts = stored.parts
        start = sum(part["rows"] for part in parts)
        if start < len(self._rows) or not parts:
            # A part at most as long as what follows is written anew with it: n logs make about log n parts.
            while parts and parts[-1]["rows"] <= len(self._rows) - start:
                start -= parts.pop()["rows"]
            parts.append(self._part(place, stored, start))
        newest = {name: parts[-1][name] for name in ("path", "sha256", "size")}
        return {
            **newest,
            "parts": list(parts),
            "rows": len(self._rows),
            "columns": list(self.columns),
            "kinds": self._kinds_stored(),
        }

    def _part(self, place: Place, stored: _Stored, start: int) -> dict[str, Any]:
        rows: Sequence[Sequence[Any]] = self._rows[start:]
        if not _AS_THEY_ARE.issuperset(self._kinds):
            rows = [
                [stored.plain(cell, place.below(name)) for name, cell in zip(self.columns, row, strict=True)]
                for row in rows
            ]
        return {**place.write("table", "table", encoded(self.columns, self._kinds_stored(), rows)), "rows": len(rows)}

    def _readmit(self) -> None:
        """Takes in what was done to the rows since they were handed out."""
        rows, self._rows = self._rows, []
        self._kinds = ["none"] * len(self.columns)
        try:
            for row in rows:
                self.add_data(*row)
        finally:
            # The list that was handed out stays the table's own.
            rows[:] = self._rows if len(self._rows) == len(rows) else rows
            self._rows = rows
        self._stored.clear()


class _Stored:
    """What is written of a table under one key of one run: its parts, and where media in its cells went."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self._media: dict[int, dict[str, Any]] = {}  # by id: the table's rows keep the cells alive

    def plain(self, cell: Any, place: Place) -> Any:
        """A cell as the file holds it. Media keep the file that they got first when parts are written anew."""
        if isinstance(cell, Media):
            if id(cell) not in self._media:
                self._media[id(cell)] = cell.store(place.key, place.step, place.files)
            return self._media[id(cell)]
        if isinstance(cell, Moment):
            return str(cell)
        return cell.isoformat() if isinstance(cell, dt.date) else cell


class JoinedTable(Media):
    """Two tables side by side, joined where both have the same value under `join_key` (or one key for each)."""

    kind: ClassVar[str] = "joined-table"

    def __init__(self, table1: Table, table2: Table, join_key: str | Sequence[str]) -> None:
        keys = [join_key, join_key] if isinstance(join_key, str) else list(join_key)
        for table, key in zip((table1, table2), keys, strict=True):
            if not hasattr(table, "columns"):
                raise UsageError(f"a JoinedTable is made of two tables, not of {type(table).__name__}")
            if key not in table.columns:
                raise UsageError(f"there is no column {key!r} to join on among {table.columns}")
        self._tables = (table1, table2)
        self._keys = keys

    def _store(self, place: Place) -> dict[str, Any]:
        first, second = (
            table.store(f"{place.key}/{name}", place.step, place.files)
            for name, table in zip(("table1", "table2"), self._tables, strict=True)
        )
        return {"table1": first, "table2": second, "join_key": self._keys}


def _cells_of(given: Any, *, with_index: bool = False) -> tuple[list[str] | None, list[Sequence[Any]]]:
    """Column names, where `given` has them, and rows."""
    if given is None:
        return None, []
    if hasattr(given, "columns") and hasattr(given, "itertuples"):  # pandas
        columns = [(_label(name), _series(given.iloc[:, at])) for at, name in enumerate(given.columns)]
        if with_index:
            columns = [*_index(given, dict(columns)), *columns]
        return _distinct([name for name, _ in columns]), list(zip(*(values for _, values in columns), strict=True))
    if hasattr(given, "columns") and hasattr(given, "iter_rows"):  # polars
        return _distinct(given.columns), list(given.iter_rows())
    if hasattr(given, "columns") and hasattr(given, "column_names"):  # pyarrow
        return _distinct(given.column_names), list(zip(*(column.to_pylist() for column in given.columns), strict=True))
    return None, [_row(row) for row in (given.tolist() if hasattr(given, "tolist") else given)]


def _index(frame: Any, known: Mapping[str, list[Any]]) -> list[tuple[str, list[Any]]]:
    """The index of a pandas dataframe as columns, where that says more than which row it is and than those `known`."""
    index = frame.index
    if index.names == [None] and index.dtype.kind in "iu":
        return []
    levels = [index.get_level_values(at) for at in range(index.nlevels)]
    unnamed = ["index"] if len(levels) == 1 else [f"level_{at}" for at in range(len(levels))]
    found = []
    for level, other in zip(levels, unnamed, strict=True):
        name, values = other if level.name is None else _label(level.name), _series(level.to_series())
        if name not in known:
            found.append((name, values))
        elif values != known[name]:
            found.append((f"{name} (index)", values))
    return found


def _label(name: Any) -> str:
    """The name of a pandas column; the levels of one that has several are joined, as in `loss.mean`."""
    if isinstance(name, tuple):
        return ".".join(part for part in map(_texts.name, name) if part)
    return _texts.name(name)


def _row(given: Any) -> Sequence[Any]:
    row = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(row, (list, tuple)):
        raise UsageError(
            f"data is a list of rows, each a list with a value a column; not {_texts.represented(given)[:100]}"
        )
    return row


def _collected(given: Any) -> Any:
    """Polars' lazy frame with its work done. It is asked for nothing else, as its columns alone may cost as much.

    A series becomes a frame of one column.
    """
    if hasattr(given, "collect"):
        return given.collect()
    return given.to_frame() if hasattr(given, "to_frame") and not hasattr(given, "columns") else given


def _distinct(names: Iterable[Any]) -> list[str]:
    """Names as texts; repeated ones get a number, as pandas gives it to those of a file."""
    found: dict[str, None] = {}
    for name in map(_texts.name, names):
        free = (f"{name}.{number}" for number in itertools.count(1) if f"{name}.{number}" not in found)
        found[name if name not in found else next(free)] = None
    return list(found)


def _required(names: Sequence[str], optional: bool | Sequence[bool]) -> frozenset[str]:
    """The columns that may not hold None."""
    each = [optional] * len(names) if isinstance(optional, bool) else list(optional)
    if len(each) != len(names):
        raise UsageError(f"optional says it of {len(each)} columns, and there are {len(names)}")
    return frozenset(name for name, may in zip(names, each, strict=True) if not may)


def _series(series: Any) -> list[Any]:
    """The values of a pandas column. What is missing in it is None, but among floats, which have NaN of their own."""
    values = series.tolist()
    if getattr(series.dtype, "kind", "O") == "f":
        return list(values)
    missing = series.isna()
    return [None if gone else value for value, gone in zip(values, missing, strict=True)] if missing.any() else values
