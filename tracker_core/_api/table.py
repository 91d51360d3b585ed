"""History as users take it: spread to a number of rows, in a DataFrame or as dicts."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker_core._errors import UsageError
from tracker_core.store import rows
from tracker_core.store.cell import floating

if TYPE_CHECKING:
    from tracker_core.store.rows import Table


def along(table: Table, key: str) -> Table:
    """The rows that have `key`, sorted by it."""
    if key in rows.AXES:
        return table
    if key not in table.columns:
        return table.select(np.empty(0, np.int64))
    having = np.flatnonzero(table.masks[key])
    order = np.argsort(floating(table.columns[key][having]), kind="stable")
    return table.select(having[order])


def spread(table: Table, samples: int | None) -> Table:
    """At most `samples` rows, evenly spread."""
    count = len(table.steps)
    if samples is None or count <= samples:
        return table
    return table.select(np.unique(np.linspace(0, count - 1, samples).round().astype(np.int64)))


def show(table: Table, *, pandas: bool | None) -> Any:
    """A DataFrame or a list of dicts; None takes what is installed. Raises UsageError for pandas that is not."""
    installed = importlib.util.find_spec("pandas") is not None
    if pandas and not installed:
        raise UsageError("history(pandas=True) needs pandas: pip install 'tracker-core[pandas]', or give pandas=False")
    if not installed or pandas is False:
        return table.dicts()
    from pandas import DataFrame

    columns: dict[str, Any] = {"_step": table.steps, "_timestamp": table.times, "_runtime": table.runtimes}
    if table.writers is not None:
        columns["_writer"] = table.writers
    for key, column in table.columns.items():
        mask = table.masks[key]
        columns[rows.column_name(key)] = column if mask.all() else _with_holes(column, mask)
    return DataFrame(columns)


def _with_holes(column: Any, mask: Any) -> Any:
    if column.dtype.kind == "O":
        return np.where(mask, column, None)
    if column.dtype.kind == "b" or (column.dtype.kind == "i" and (abs(column[mask].astype(object)) > 1 << 53).any()):
        return np.where(mask, column.astype(object), None)
    return np.where(mask, column.astype(np.float64), np.nan)
