"""Foreign objects that are logged as they are, as the fitting media. Imports no framework, and ours only at use."""

from __future__ import annotations

import sys
from typing import Any

from tracker_core import _notice
from tracker_core._media.base import Media

_LONGEST_LIST = 32


def wrap(value: Any) -> Media | None:
    """The media for a figure, picture, dataframe, or array of more than 32 numbers; None for any other value.

    A list with such objects becomes one group, and a dataframe's column of texts a table. Never raises: what cannot
    be taken is warned about, and is then as foreign as any other value.
    """
    if isinstance(value, Media):
        return value
    try:
        return _made(value)
    except Exception as problem:  # noqa: BLE001 - a broken figure must not end a training run
        _notice.mention(f"a {type(value).__name__} could not be taken as media: {problem}")
        return None


def _made(value: Any) -> Media | None:
    if isinstance(value, (list, tuple)):
        return _group(value)
    if value is not None and value is sys.modules.get("matplotlib.pyplot"):
        return _figure(value)
    maker = _MAKERS.get(type(value).__module__.partition(".")[0], _array)
    return maker(value)


def _figure(value: Any) -> Media | None:
    from tracker_core._media.figure import is_matplotlib
    from tracker_core._media.image import Image

    return Image(value) if is_matplotlib(value) else None


def _picture(value: Any) -> Media | None:
    from tracker_core._media.image import Image

    return Image(value) if hasattr(value, "tobytes") else None


def _plotly(value: Any) -> Media | None:
    from tracker_core._media.plotly import Plotly

    return Plotly(value) if hasattr(value, "to_json") else None


def _bokeh(value: Any) -> Media | None:
    from tracker_core._media.bokeh import Bokeh

    return Bokeh(value)


def _frame(value: Any) -> Media | None:
    if not hasattr(value, "columns"):
        if (counted := _array(value)) is not None or not hasattr(value, "to_frame") or len(value) <= _LONGEST_LIST:
            return counted
        value = value.to_frame()
    from tracker_core._media.table import Table

    return Table(dataframe=value, allow_mixed_types=True)


def _array(value: Any) -> Media | None:
    if not _is_long(value):
        return None
    from tracker_core._media.histogram import Histogram

    return Histogram(value)


def _is_long(value: Any) -> bool:
    """Whether it is an array or tensor, of any library, of more numbers than make a list."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if dtype is None or not isinstance(shape, tuple):
        return False
    count = 1
    for side in shape:
        count *= side
    if hasattr(dtype, "is_numeric"):  # polars
        return count > _LONGEST_LIST and bool(dtype.is_numeric())
    kind = getattr(dtype, "kind", "f")  # torch's types tell no kind; numpy's that are no numbers say O, U, S, M
    return count > _LONGEST_LIST and kind in "biuf"


def holds_media(values: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list is one of media, figures or pictures."""
    first = next((value for value in values if value is not None), None)
    # Most lists are short lists of numbers or texts: only media objects are looked for behind the first.
    return type(first).__module__.partition(".")[0] in _SHOWN or any(isinstance(one, Media) for one in values)


def _group(values: list[Any] | tuple[Any, ...]) -> Media | None:
    """A group, when something in the list is media: None is left out then, and what is none becomes a text."""
    if not values or not (holds_media(values) or _is_long(values[0])):
        return None
    from tracker_core._media.group import Group
    from tracker_core._media.text import Text

    found = [(value, wrap(value)) for value in values if value is not None]
    if not any(media for _, media in found):
        return None
    return Group([media or Text(value) for value, media in found])


_SHOWN = {"PIL": _picture, "bokeh": _bokeh, "matplotlib": _figure, "plotly": _plotly}
_MAKERS = {**_SHOWN, "pandas": _frame, "polars": _frame, "pyarrow": _frame}
"""By the package of the object's type."""
