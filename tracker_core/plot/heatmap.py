"""A matrix in colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core import _texts
from tracker_core._errors import UsageError
from tracker_core._media.array import owned
from tracker_core._media.table import Table
from tracker_core.plot.chart import Chart

if TYPE_CHECKING:
    from collections.abc import Sequence


def heatmap(
    x_labels: Sequence[Any], y_labels: Sequence[Any], matrix_values: Any, show_text: bool = False, title: str = ""
) -> Chart:
    """Values of a matrix (rows, columns): rows are named by `y_labels`, columns by `x_labels`."""
    values = owned(matrix_values)
    if values.shape != (len(y_labels), len(x_labels)):
        raise UsageError(f"a matrix of the shape {values.shape} has not {len(y_labels)} rows of {len(x_labels)}")
    table = Table(["x_axis", "y_axis", "values"])
    for y, row in zip(y_labels, values.tolist(), strict=True):
        for x, value in zip(x_labels, row, strict=True):
            table.add_data(_texts.shown(x), _texts.shown(y), value)
    fields = {"x": "x_axis", "y": "y_axis", "value": "values"}
    return Chart("heatmap", table, fields, {"title": title}, {"show_text": bool(show_text)})
