"""Bokeh figures, kept as pages that draw themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core._errors import UsageError
from tracker_core._media.base import Media

if TYPE_CHECKING:
    from tracker_core._media.place import Place


class Bokeh(Media):
    """A bokeh figure, layout or document. It is written down at once, with the code that draws it (about a megabyte),
    so that it looks the same in years and without a network."""

    kind: ClassVar[str] = "html-file"

    def __init__(self, data: Any) -> None:
        if not any(base.__module__.startswith("bokeh.") for base in type(data).__mro__):
            raise UsageError(f"a bokeh figure is wanted, not {type(data).__name__}")
        from bokeh.embed import file_html
        from bokeh.resources import INLINE

        self.html = file_html(data, INLINE, "bokeh").encode()

    def _store(self, place: Place) -> dict[str, Any]:
        return place.write("html", "html", self.html)
