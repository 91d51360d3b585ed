"""What the cells of a table's column are, and how any value becomes a cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from tracker_core import _values
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


def kind_of(cell: object) -> Kind:
    """The kind of a cell that `cell_of` made."""
    return _PLAIN.get(type(cell)) or ("media" if isinstance(cell, Media) else "time")


def cell_of(value: Any) -> Any:
    """`value` as a cell: plain data, a date, or Media. What is none of these is kept as a text."""
    kind = type(value)
    if kind in SIMPLE or value is None or isinstance(value, Media):
        return value
    if isinstance(value, (dt.datetime, dt.date)):
        return value
    if is_shown(value) or (kind in (list, tuple) and holds_media(value)):
        return seen(value)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if hasattr(value, "tolist"):  # numpy's scalars and arrays, tensors
        return cell_of(value.tolist())
    if kind not in (list, tuple, dict):
        return _values.plain(value)
    try:  # ten times as fast, for embeddings of a thousand numbers
        return msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)
    except (TypeError, ValueError, RecursionError):  # keys that are no texts, or a list in itself
        return repr(value)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else _values.plain(value)


def joined(column: str, known: Kind, cell: object, *, mixed: bool) -> Kind:
    """The kind of a column of kind `known` that gets `cell`. Raises UsageError for two kinds unless `mixed`."""
    kind = kind_of(cell)
    if kind in (known, "none") or known == "any":
        return known
    if known == "none":
        return kind
    if mixed:
        return "any"
    raise UsageError(
        f"column {column!r} holds values of kind {known}, so {cell!r:.100} ({kind}) does not fit; "
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
