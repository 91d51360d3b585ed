"""A chart: a table, and which of its columns are drawn how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core import _texts, _values
from tracker_core._errors import UsageError
from tracker_core._media.base import Media
from tracker_core._media.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker_core._media.place import Place


class Chart(Media):
    """`chart` names the kind of drawing; `fields` says which column of `table` (or dataframe) plays which part in it.

    `strings` are texts such as `title`; `facts` are numbers worth showing beside it, such as areas under curves.
    """

    kind: ClassVar[str] = "chart"

    def __init__(
        self,
        chart: str,
        table: Any,
        fields: Mapping[str, str],
        strings: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        table = table if isinstance(table, Table) else Table(dataframe=table)
        for part, column in fields.items():
            if column not in table.columns:
                raise UsageError(f"{part}={column!r} is no column of the table, which has {table.columns}")
        self.chart = chart
        self.table = table
        self.fields = {name: _texts.name(column) for name, column in fields.items()}
        texts = ((name, _texts.shown(text or "")) for name, text in (strings or {}).items())
        self.strings = {name: text for name, text in texts if text}
        self.facts = _values.plain(dict(facts or {}))

    def _store(self, place: Place) -> dict[str, Any]:
        # Under the chart's own key, so that a table drawn by two charts is one file for each state of it.
        table = self.table.store(place.key, place.step, place.files)
        if "error" in table:
            return {"error": table["error"]}
        reference = {"chart": self.chart, "table": table, "fields": self.fields, "strings": self.strings}
        return {**reference, "facts": self.facts} if self.facts else reference


def plot_table(
    vega_spec_name: str,
    data_table: Any,
    fields: Mapping[str, str],
    string_fields: Mapping[str, str] | None = None,
    split_table: bool = False,
) -> Chart:
    """A chart of any kind that the UI knows, by name: "line", "scatter", "bar", "histogram", "heatmap" ...

    Names of charts that others keep ("wandb/line/v0") are read by the part between the slashes.
    """
    del split_table  # the UI can show the table of any chart
    name = vega_spec_name.split("/")[1] if vega_spec_name.count("/") == 2 else vega_spec_name
    return Chart(name, data_table, fields, string_fields)
