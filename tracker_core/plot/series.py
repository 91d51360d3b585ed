"""Charts that draw a table's columns as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core import _texts
from tracker_core._errors import UsageError
from tracker_core._media.table import Table
from tracker_core.plot.chart import Chart

if TYPE_CHECKING:
    from collections.abc import Sequence


def line(table: Table, x: str, y: str, stroke: str | None = None, title: str = "", split_table: bool = False) -> Chart:
    """Column `y` over column `x`, a line for each value of column `stroke`."""
    del split_table
    fields = {"x": x, "y": y}
    return Chart("line", table, {**fields, "stroke": stroke} if stroke else fields, {"title": title})


def scatter(table: Table, x: str, y: str, title: str = "", split_table: bool = False) -> Chart:
    """A point for each row."""
    del split_table
    return Chart("scatter", table, {"x": x, "y": y}, {"title": title})


def bar(table: Table, label: str, value: str, title: str = "", split_table: bool = False) -> Chart:
    """A bar for each row."""
    del split_table
    return Chart("bar", table, {"label": label, "value": value}, {"title": title})


def histogram(table: Table, value: str, title: str = "", split_table: bool = False) -> Chart:
    """How the values of a column are distributed."""
    del split_table
    return Chart("histogram", table, {"value": value}, {"title": title})


def line_series(
    xs: Any,
    ys: Sequence[Any],
    keys: Sequence[str] | None = None,
    title: str = "",
    xname: str = "x",
    split_table: bool = False,
) -> Chart:
    """Several lines: `ys` is a list of series, `xs` the places of all of them or a list with those of each."""
    del split_table
    series = [_listed(values) for values in _listed(ys)]
    places = _listed(xs)
    if not places or not _is_series(places[0]):
        places = [places] * len(series)
    places = [_listed(values) for values in places]
    names = (
        [_texts.shown(key) for key in keys] if keys is not None else [f"key_{index}" for index in range(len(series))]
    )
    if not len(places) == len(series) == len(names):
        raise UsageError(f"{len(places)} xs, {len(series)} ys and {len(names)} keys do not fit together")
    table = Table(["step", "lineKey", "lineVal"], allow_mixed_types=True)
    for name, at, values in zip(names, places, series, strict=True):
        if len(at) != len(values):
            raise UsageError(f"series {name!r} has {len(values)} values at {len(at)} places")
        for x, y in zip(at, values, strict=True):
            table.add_data(x, name, y)
    fields = {"x": "step", "y": "lineVal", "stroke": "lineKey"}
    return Chart("line", table, fields, {"title": title, "xname": xname})


def _listed(values: Any) -> list[Any]:
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _is_series(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str) and getattr(value, "shape", None) != ()
