"""Foreign objects that are logged as they are, as the fitting media. Imports no framework, and ours only at use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core._media.foreign import LONGEST_LIST, array, group_of, media_of, one, package

if TYPE_CHECKING:
    from tracker_core._media.base import Media

_FRAMES = frozenset(("pandas", "polars", "pyarrow"))


def wrap(value: Any) -> Media | None:
    """The media for a figure, picture, dataframe, or array of more than 32 numbers; None for any other value.

    A list with such objects becomes one group, and a dataframe's column of texts a table. Never raises: what cannot
    be taken is warned about, and is then as foreign as any other value.
    """
    return media_of(value, _made)


def _made(value: Any) -> Media | None:
    if isinstance(value, (list, tuple)):
        return group_of(value, wrap)
    return _frame(value) if package(value) in _FRAMES else one(value)


def _frame(value: Any) -> Media | None:
    if not hasattr(value, "collect") and not hasattr(value, "columns"):
        if (counted := array(value)) is not None or not hasattr(value, "to_frame") or len(value) <= LONGEST_LIST:
            return counted
        value = value.to_frame()
    from tracker_core._media.table import Table

    return Table(dataframe=value, allow_mixed_types=True)
