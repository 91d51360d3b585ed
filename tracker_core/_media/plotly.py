"""Plotly figures, kept as the JSON that plotly.js draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core._errors import UsageError
from tracker_core._media.base import Media
from tracker_core._media.figure import is_matplotlib
from tracker_core._media.image import Image

if TYPE_CHECKING:
    from tracker_core._media.place import Place


class Plotly(Media):
    """A plotly figure. It is written down at once, so that later changes of the figure do not reach it."""

    kind: ClassVar[str] = "plotly-file"
    json: bytes

    def __init__(self, val: Any) -> None:
        if is_matplotlib(val):
            raise UsageError("this is a matplotlib figure: log it as it is, or as Image(figure)")
        if not hasattr(val, "to_json"):
            raise UsageError(f"a plotly figure is wanted, not {type(val).__name__}")
        self.json = val.to_json().encode()

    @classmethod
    def from_json(cls, figure: bytes) -> Plotly:
        """From what plotly writes as JSON."""
        made = cls.__new__(cls)
        made.json = figure
        return made

    @classmethod
    def make_plot_media(cls, val: Any) -> Plotly | Image:
        """The fitting value for a plotly or a matplotlib figure."""
        return Image(val) if is_matplotlib(val) else cls(val)

    def _store(self, place: Place) -> dict[str, Any]:
        return place.write("plotly", "plotly.json", self.json)
