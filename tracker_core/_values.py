"""Plain data: None, bool, int, float, str, list and dict with string keys, which any record can hold.

Whatever users hand in becomes plain here, by looks alone: no framework is imported to recognise its objects.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

from tracker_core import _notice

LIST_LIMIT = 32
"""An array of at most this many elements is kept as a list."""

_DEPTH_LIMIT = 64
_INT64 = range(-(2**63), 2**63)
_REPR_LIMIT = 10_000


def plain(value: Any) -> Any:
    """`value` as plain data. Never raises: what cannot be converted is kept as its `repr`, with one warning."""
    return _plain(value, 0)


def number(value: Any) -> float | int | bool | None:
    """`value` as an exact bool, int (of 64 bits) or float when it is one number, else None.

    Numpy and JAX scalars, tensors and arrays of one element count as numbers; reading one from an accelerator waits
    for it.
    """
    kind = type(value)
    if kind is float or kind is bool:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if value in _INT64 else _wide(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Enum):
        return None
    if isinstance(value, int):
        return number(int(value))
    if _size(value) == 1 and hasattr(value, "item"):
        try:
            item = value.item()
        except Exception:  # noqa: BLE001 - a foreign object may fail in any way; then it is no number
            return None
        return number(item) if type(item) in (float, int, bool) else None
    if hasattr(value, "__float__") and not isinstance(value, (str, bytes)) and _size(value) is None:
        try:
            return float(value)  # Decimal, Fraction
        except Exception:  # noqa: BLE001 - as above
            return None
    return None


def same(left: Any, right: Any) -> bool:
    """Whether two plain values are equal as canonical JSON: 1 is 1.0, true is not 1, NaN is NaN."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)


def fields(value: Any) -> Mapping[str, Any] | None:
    """What an object that is there to hold named values holds; None when it is another kind of object."""
    if isinstance(value, type):
        return None
    kind = type(value)
    for described in ("__dataclass_fields__", "__struct_fields__"):
        if names := getattr(kind, described, None):
            return {name: getattr(value, name, None) for name in names}
    if hasattr(kind, "__attrs_attrs__"):
        return {each.name: getattr(value, each.name, None) for each in kind.__attrs_attrs__}
    if callable(getattr(kind, "model_dump", None)) or kind.__name__ in ("Namespace", "SimpleNamespace"):
        return getattr(value, "__dict__", None)  # pydantic, argparse, jsonargparse
    return None


def items(mapping: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """The items of a mapping. One whose values are worked out as they are read may fail at some: those say why."""
    if type(mapping) is dict:
        return mapping.items()
    try:
        return list(mapping.items())
    except Exception:  # noqa: BLE001 - OmegaConf's for a value that is missing
        return [(key, _read(mapping, key)) for key in mapping]


def _read(mapping: Mapping[Any, Any], key: Any) -> Any:
    try:
        return mapping[key]
    except Exception as error:  # noqa: BLE001 - a foreign object may fail in any way
        return f"<{type(error).__name__}: {str(error).partition(chr(10))[0]}>"


def text(value: str) -> str:
    """`value` without lone surrogates, which no encoding of the journal can hold."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _plain(value: Any, depth: int) -> Any:  # noqa: C901, PLR0912 - one line a kind
    if value is None or type(value) is bool or type(value) is float:
        return value
    if type(value) is str:
        return text(value)
    if depth > _DEPTH_LIMIT:
        return _fallback(value)
    if type(value) is dict or isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in items(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if (single := number(value)) is not None:
        return single
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str):
        return text(str(value))
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, AbstractSet):
        return _set(value, depth)
    if (held := fields(value)) is not None:
        return {_key(name): _plain(item, depth + 1) for name, item in held.items()}
    if isinstance(value, slice):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "__fspath__"):
        return text(str(value))
    if isinstance(value, Sequence):
        return [_plain(item, depth + 1) for item in value]
    if (size := _size(value)) is not None and size <= LIST_LIMIT and hasattr(value, "tolist"):
        return _array(value, depth)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    if size is None and type(value).__str__ is not object.__str__:  # type: ignore[comparison-overlap]
        return _text_of(value)
    return _fallback(value)


def _text_of(value: Any) -> str:
    """As a torch.device, a UUID or a timedelta shows itself."""
    try:
        shown = str(value)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return _fallback(value)
    return text(shown if len(shown) <= _REPR_LIMIT else f"{shown[:_REPR_LIMIT]}…")


def _size(value: Any) -> int | None:
    """How many elements an array-like has; None when it is none."""
    if isinstance(value, (str, bytes, type)):
        return None
    try:
        if hasattr(value, "numel"):
            return int(value.numel())
        size = getattr(value, "size", None)
        return int(size) if isinstance(size, int) and hasattr(value, "dtype") else None
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way; then it is no array
        return None


def _array(value: Any, depth: int) -> Any:
    try:
        return _plain(value.tolist(), depth + 1)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return _fallback(value)


def _set(value: AbstractSet[Any], depth: int) -> list[Any]:
    items = [_plain(item, depth + 1) for item in value]
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def _key(key: Any) -> str:
    if type(key) is str:
        return text(key)
    if isinstance(key, Enum):
        return key.name
    return text(str(key))


def _wide(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


_warned: set[type] = set()


def _fallback(value: Any) -> str:
    try:
        shown = repr(value)
    except Exception as error:  # noqa: BLE001 - a broken repr is no reason to lose the rest
        shown = f"<{type(value).__qualname__}, whose repr failed: {error}>"
    if type(value) not in _warned:
        _warned.add(type(value))
        _notice.mention(f"a value of type {type(value).__module__}.{type(value).__qualname__} is recorded as its repr")
    return text(shown if len(shown) <= _REPR_LIMIT else f"{shown[:_REPR_LIMIT]}…")
