"""Foreign objects that can be seen: pictures, figures, and arrays of numbers. Imports no framework, and ours only at
use."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from tracker_core import _notice
from tracker_core._media.base import Media

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_LIST = 32


def media_of(value: Any, make: Callable[[Any], Media | None]) -> Media | None:
    """`value` if it is media, else what `make` makes of it. Never raises: what cannot be taken is warned about, and is
    then as foreign as any other value.
    """
    try:
        return value if isinstance(value, Media) else make(value)
    except Exception as problem:  # noqa: BLE001 - a broken figure must not end a training run
        _notice.mention(f"a {type(value).__name__} could not be taken as media: {_notice.reason(problem)}")
        return None


def seen(value: Any) -> Media | None:
    """The media for a figure, picture, or array of more than 32 numbers; None for any other value. A list with such
    objects becomes one group."""
    return media_of(value, _made)


def _made(value: Any) -> Media | None:
    return group_of(value, seen) if isinstance(value, (list, tuple)) else one(value)


def one(value: Any) -> Media | None:
    """The media for what is no list."""
    if value is not None and value is sys.modules.get("matplotlib.pyplot"):
        return _figure(value)
    return _SHOWN.get(package(value), array)(value)


def package(value: Any) -> str:
    """The name of the package that the type comes from."""
    return type(value).__module__.partition(".")[0]


def is_shown(value: Any) -> bool:
    """Whether it comes from a library of pictures or figures."""
    return package(value) in _SHOWN


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


def array(value: Any) -> Media | None:
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
        return count > LONGEST_LIST and bool(dtype.is_numeric())
    kind = getattr(dtype, "kind", "f")  # torch's types tell no kind; numpy's that are no numbers say O, U, S, M
    short = kind == "V" and not getattr(dtype, "names", None)  # bfloat16 and other floats of ml_dtypes
    return count > LONGEST_LIST and (short or kind in "biuf")


def holds_media(values: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list is one of media, figures or pictures."""
    first = next((value for value in values if not _is_missing(value)), None)
    # Most lists are short lists of numbers or texts: only media objects are looked for behind the first.
    return is_shown(first) or any(isinstance(value, Media) for value in values)


def group_of(values: list[Any] | tuple[Any, ...], make: Callable[[Any], Media | None]) -> Media | None:
    """A group, when something in the list is media: None and NaN are left out then, others become texts."""
    if not values or not (holds_media(values) or _is_long(values[0])):
        return None
    from tracker_core._media.group import Group
    from tracker_core._media.text import Text

    found = [(value, make(value)) for value in values if not _is_missing(value)]
    if not any(media for _, media in found):
        return None
    return Group([media or Text(value) for value, media in found])


def _is_missing(value: Any) -> bool:
    return value is None or (type(value) is float and math.isnan(value))


_SHOWN = {"PIL": _picture, "bokeh": _bokeh, "matplotlib": _figure, "plotly": _plotly}
"""By the package of the object's type."""
