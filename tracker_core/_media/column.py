"""What the cells of a table's column are, and how any value becomes a cell."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from tracker_core import _texts, _values
from tracker_core._errors import UsageError
from tracker_core._media.base import Media
from tracker_core._media.foreign import holds_media, is_shown, seen

Kind: TypeAlias = Literal["none", "number", "boolean", "text", "time", "list", "map", "media", "any"]

_PLAIN: dict[type, Kind] = {
    float: "number",
    int: "number",
    str: "text",
    bool: "boolean",
    type(None): "none",
    list: "list",
    dict: "map",
}
SIMPLE: dict[type, Kind] = {float: "number", int: "number", str: "text", bool: "boolean"}
"""Types whose values are cells as they are."""
_SCALARS = frozenset((float, int, str, bool, type(None)))


class Moment(str):
    """A time of more than microseconds, in ISO 8601."""

    __slots__ = ()


def kind_of(cell: object) -> Kind:
    """The kind of a cell that `cell_of` made."""
    return _PLAIN.get(type(cell)) or ("media" if isinstance(cell, Media) else "time")


def is_nan(cell: object) -> bool:
    return type(cell) is float and math.isnan(cell)


def cell_of(value: Any) -> Any:
    """`value` as a cell: plain data, a date, or Media. What is none of these is kept as a text. Never raises."""
    kind = type(value)
    if kind in SIMPLE or value is None:
        return value
    try:
        return _cell(value, kind)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return _values.plain(value)


def _cell(value: Any, kind: type) -> Any:  # noqa: C901 - one line a kind
    if isinstance(value, Media):
        return value
    if _values.is_missing(value):
        return None
    if isinstance(value, (dt.datetime, dt.date)):
        return value
    if is_shown(value) or (kind in (list, tuple) and holds_media(value)):
        return seen(value)
    if kind in (list, tuple):
        return _listed(value)
    if getattr(value, "shape", ()) == () and (single := _values.number(value)) is not None:
        return single
    if getattr(getattr(value, "dtype", None), "kind", None) == "M" and (moment := _values.time_text(value)):
        return _moment(moment)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if isinstance(value, np.ma.MaskedArray):
        return _values.plain(value.tolist())
    if getattr(value, "ndim", 0) and hasattr(value, "tolist"):  # numpy's arrays, tensors
        return _listed(_numbers_of(value).tolist())
    return _values.plain(value)


def _moment(text: str) -> dt.datetime | dt.date | str:
    """A time of numpy's as the date that it is, or as a text where Python has none."""
    for kind in (dt.date, dt.datetime):
        try:
            moment = kind.fromisoformat(text)
        except ValueError:
            continue
        if moment.isoformat() == text:
            return moment
    return Moment(text)


def _numbers_of(value: Any) -> Any:
    """An array whose `tolist` gives Python's numbers: those of ml_dtypes and long doubles are none."""
    dtype = getattr(value, "dtype", None)
    short = getattr(dtype, "kind", None) == "V" and getattr(dtype, "names", None) is None
    return value.astype(np.float64) if short or dtype == np.longdouble else value


def _listed(values: Any) -> list[Any]:
    """A list as a cell, at a tenth of the cost where it holds only numbers and texts, as embeddings do."""
    if _SCALARS.issuperset(map(type, values)):
        return list(values)
    if set(map(type, values)) <= {list, tuple} and all(_SCALARS.issuperset(map(type, part)) for part in values):
        return list(map(list, values))
    return _values.plain(values)  # type: ignore[no-any-return]


def joined(column: str, known: Kind, cell: object, *, mixed: bool) -> Kind:
    """The kind of a column of kind `known` that gets `cell`. Raises UsageError for two kinds unless `mixed`."""
    kind = "none" if is_nan(cell) and known not in ("any", "number") else kind_of(cell)  # a missing value, until then
    if kind in (known, "none") or known == "any":
        return known
    if known == "none":
        return kind
    if mixed:
        return "any"
    raise UsageError(
        f"column {column!r} holds values of kind {known}, so {_texts.represented(cell)[:100]} ({kind}) does not fit; "
        "Table(allow_mixed_types=True) takes both"
    )


def declared(columns: list[str], dtype: Any) -> list[Kind]:
    """The kinds that `dtype` asks for: one type for all columns, a list, or a map by name. None means any kind."""
    if isinstance(dtype, Mapping):
        return [_declared(dtype[name]) if name in dtype else "none" for name in columns]
    if isinstance(dtype, (list, tuple)):
        if len(dtype) != len(columns):
            raise UsageError(f"dtype names {len(dtype)} types for {len(columns)} columns")
        return [_declared(one) for one in dtype]
    return [_declared(dtype)] * len(columns)


def _declared(dtype: Any) -> Kind:
    if dtype is None:
        return "none"
    if isinstance(dtype, type) and issubclass(dtype, Media):
        return "media"
    if dtype is object:
        return "any"
    if dtype not in _PLAIN:
        raise UsageError(f"dtype {dtype!r} is none of float, int, str, bool, list, dict, object or a media class")
    return _PLAIN[dtype]
