"""Plain data: None, bool, int, float, str, list and dict with string keys, which any record can hold.

Whatever users hand in becomes plain here, by looks alone: no framework is imported to recognise its objects. Nothing
here raises because of a user's object: a part that fails is recorded as its `repr`, the rest as usual.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from enum import Enum
from itertools import islice
from typing import Any

from tracker_core import _notice
from tracker_core import _records as records
from tracker_core._texts import member_text, named, represented, shown, text, type_name, without_address

LIST_LIMIT = 32
"""An array of at most this many elements is kept as a list."""

_DEPTH_LIMIT = 64
_INT64 = range(-(2**63), 2**63)
_FLOAT_BITS = 1023
_DIGIT_BITS = 10_000
"""Longer integers are kept as hexadecimal text: Python refuses to write out more than 4,300 decimal digits."""
_REPR_LIMIT = 10_000
_SEQUENCE_LIMIT = 10_000
"""Elements of a foreign sequence, such as a range or a dataset, that are read."""
_MAPPING_LIMIT = 1_000_000

_NANOSECONDS = {
    "W": 604_800 * 10**9,
    "D": 86_400 * 10**9,
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 1000,
    "ns": 1,
}
"""By numpy's names of units."""


def plain(value: Any) -> Any:
    """`value` as plain data. Never raises: what cannot be converted is kept as its `repr`, with one warning."""
    return _plain(value, ())


def number(value: Any) -> float | int | bool | None:
    """`value` as an exact bool, int or float when it is one number that a float can at least approximate, else None.

    Numpy and JAX scalars, tensors and arrays of one element count as numbers; reading one from an accelerator waits
    for it. A masked element is NaN.
    """
    kind = type(value)
    if kind is float or kind is bool:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if value in _INT64 or value.bit_length() <= _FLOAT_BITS else None
    try:
        return _number(value)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way; then it is no number
        return None


def is_wide(value: Any) -> bool:
    """Whether `value` is an integer that 64 bits cannot hold."""
    return type(value) is int and value not in _INT64


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


def encoded_size(value: Any) -> int:
    """Bytes that plain data takes in a record; 0 for what is always small."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    return len(records.encode(value)) if isinstance(value, (dict, list)) else 0


def fields(value: Any) -> Mapping[str, Any] | None:
    """The named values of an object that is there to hold them; None when it is another kind of object."""
    if isinstance(value, type):
        return None
    kind = type(value)
    for described in ("__dataclass_fields__", "__struct_fields__"):
        if names := getattr(kind, described, None):
            return {name: _attribute(value, name) for name in names}
    if hasattr(kind, "__attrs_attrs__"):
        return {each.name: _attribute(value, each.name) for each in kind.__attrs_attrs__}
    if callable(getattr(kind, "model_dump", None)) or kind.__name__ in ("Namespace", "SimpleNamespace"):
        return getattr(value, "__dict__", None)  # pydantic, argparse, jsonargparse
    return None


def items(mapping: Any) -> Iterable[tuple[Any, Any]]:
    """The items of a mapping. Where reading a value fails, the reason is given as its text."""
    if type(mapping) is dict:
        return mapping.items()
    try:
        return list(islice(((key, value) for key, value in mapping.items()), _MAPPING_LIMIT))
    except Exception:  # noqa: BLE001 - OmegaConf's for a value that is missing
        if issubclass(type(mapping), dict) and type(mapping).__getitem__ is dict.__getitem__:
            return list(dict.items(mapping))
        return [(key, _read(mapping, key)) for key in islice(iter(mapping), _MAPPING_LIMIT)]


def readable_items(mapping: Any, where: str) -> Iterable[tuple[Any, Any]]:
    """As `items`, but a mapping that cannot be read at all has none, with a warning that names `where`.

    Raises TypeError for what is no mapping.
    """
    if not is_mapping(mapping):
        raise TypeError(f"{where} takes a mapping of names to values, not {type(mapping).__name__}")
    try:
        return items(mapping)
    except Exception as error:  # noqa: BLE001 - a foreign object may fail in any way
        _notice.mention(f"{where}: a {type(mapping).__name__} could not be read: {_notice.reason(error)}")
        return ()


def is_mapping(value: Any) -> bool:
    """Whether `value` is a mapping, or behaves like one without being registered as such. Never raises."""
    try:
        if issubclass(type(value), dict) or isinstance(value, Mapping):
            return True
        kind = type(value)
        looks = all(callable(getattr(kind, name, None)) for name in ("keys", "items", "__getitem__"))
        return looks and not isinstance(value, type) and not hasattr(kind, "shape") and not hasattr(value, "dtype")
    except Exception:  # noqa: BLE001 - as above
        return False


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    """`above` holds the ids of the containers around `value`, so that one that contains itself has an end."""
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is str:
        return text(value)
    if kind is int:
        return _whole(value)
    try:
        return _converted(value, kind, above)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return _fallback(value)


def _converted(value: Any, kind: type, above: tuple[int, ...]) -> Any:  # noqa: C901, PLR0912 - one line a kind
    if len(above) > _DEPTH_LIMIT or id(value) in above:
        return _fallback(value)
    if kind is not list and kind is not tuple and is_mapping(value):
        below = (*above, id(value))
        return {own: _plain(item, below) for own, item in named(items(value)).items()}
    if isinstance(value, (list, tuple)):
        return _listed(value, kind, (*above, id(value)))
    if (single := number(value)) is not None:
        return single
    if isinstance(value, Enum):
        return member_text(value)
    if isinstance(value, str):
        return text(str.__str__(value) if issubclass(kind, str) else str(value))
    if isinstance(value, int):
        return _whole(int(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return text(bytes(value).decode("utf-8", "surrogateescape"))
    if is_missing(value):
        return None
    if isinstance(value, AbstractSet):
        return _set(value, (*above, id(value)))
    if (held := fields(value)) is not None:
        below = (*above, id(value))
        return {own: _plain(item, below) for own, item in named(held.items()).items()}
    if isinstance(value, slice):
        below = (*above, id(value))
        return {part: _plain(getattr(value, part), below) for part in ("start", "stop", "step")}
    if (moment := time_text(value)) is not None:
        return moment
    if hasattr(value, "__fspath__"):
        return shown(value)
    if isinstance(value, Sequence):
        return _sequence(value, above)
    if (size := _size(value)) is not None and size <= LIST_LIMIT and hasattr(value, "tolist"):
        return _array(value, above)
    if callable(value) and hasattr(value, "__qualname__"):
        module = getattr(value, "__module__", None)
        return text(f"{module}.{value.__qualname__}" if module else str(value.__qualname__))
    if size is None and kind.__str__ is not object.__str__:  # type: ignore[comparison-overlap]
        return _cut(without_address(str(value), value))  # as a torch.device, a UUID or a version shows itself
    return _fallback(value)


def time_text(value: Any) -> str | None:
    """A date, time or duration of any library as a text; None when it is none.

    Dates are ISO 8601, durations like those of `datetime.timedelta`; both keep nanoseconds.
    """
    if _dtype_kind(value) in ("M", "m") and _size(value) == 1:
        return _numpy_time(value)
    if isinstance(value, timedelta):
        nanoseconds = getattr(value, "nanoseconds", 0)  # pandas' Timedelta
        return _duration((value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1000 + int(nanoseconds))
    moment = value.isoformat() if hasattr(value, "isoformat") else None
    return text(moment) if type(moment) is str else None


def _number(value: Any) -> float | int | bool | None:
    kind = type(value)
    if issubclass(kind, float):
        return float.__float__(value)
    if kind.__module__ == "numpy" and value.size == 1 and value.dtype.kind in "fiub":  # the usual one, at half the cost
        item = value.item()
        if type(item) in (float, int, bool):
            return number(item)
    if isinstance(value, (Enum, str, bytes, type)):
        return None
    if issubclass(kind, int):
        return number(int.__int__(value))
    if isinstance(value, (int, float)):  # a proxy
        return number(float(value) if isinstance(value, float) else int(value))
    size = _size(value)
    if size == 1 and hasattr(value, "item"):
        return _item(value)
    if size is None and hasattr(value, "__float__"):
        single = float(value)  # Decimal, Fraction
        if abs(single) >= 2**53 and math.isfinite(single) and (whole := int(value)) == value:
            return number(whole)
        return single
    return None


def _item(value: Any) -> float | int | bool | None:
    """The number in an array of one element."""
    dtype_kind = _dtype_kind(value)
    if dtype_kind in ("M", "m"):  # a time, whose item may be its count of nanoseconds
        return None
    if _is_masked(value):
        return math.nan
    item = value.item()
    if type(item) in (float, int, bool):
        return number(item)
    # longdouble and the short floats of ml_dtypes are no Python numbers
    return float(item) if dtype_kind in ("f", "V") and hasattr(item, "__float__") else None


def _is_masked(value: Any) -> bool:
    return type(value).__module__.startswith("numpy.ma") and bool(value.mask.all())


def is_missing(value: Any) -> bool:
    """Whether it is None, pandas' NaT or NA, or numpy's NaT."""
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return True
    return _dtype_kind(value) in ("M", "m") and _size(value) == 1 and str(value) == "NaT"


def _dtype_kind(value: Any) -> str | None:
    return getattr(getattr(value, "dtype", None), "kind", None)


def _numpy_time(value: Any) -> str:
    single = value.reshape(())[()] if hasattr(value, "reshape") else value
    if _dtype_kind(value) == "M":
        whole, _, fraction = str(single).partition(".")
        fraction = fraction.rstrip("0")
        digits = next((size for size in (6, 9) if len(fraction) <= size), 0)
        return f"{whole}.{fraction.ljust(digits, '0')}" if fraction else whole
    unit, step = sys.modules["numpy"].datetime_data(value.dtype)
    if unit not in _NANOSECONDS:
        return str(single)  # a month has no fixed length
    return _duration(int(single.astype("i8")) * step * _NANOSECONDS[unit])


def _duration(nanoseconds: int) -> str:
    """As `datetime.timedelta` shows itself, with nine digits behind the seconds where it has nanoseconds."""
    seconds, fraction = divmod(nanoseconds, 10**9)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if days:
        clock = f"{days} day{'' if abs(days) == 1 else 's'}, {clock}"
    if not fraction:
        return clock
    return f"{clock}.{fraction:09}" if fraction % 1000 else f"{clock}.{fraction // 1000:06}"


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


def _listed(value: Any, kind: type, above: tuple[int, ...]) -> list[Any]:
    for own in (list, tuple):
        if issubclass(kind, own):  # whose own `__iter__` may fail
            return [_plain(item, above) for item in own.__iter__(value)]
    return [_plain(item, above) for item in value]


def _sequence(value: Sequence[Any], above: tuple[int, ...]) -> Any:
    if len(value) > _SEQUENCE_LIMIT:
        return _fallback(value)
    below = (*above, id(value))
    try:
        items = list(islice(iter(value), _SEQUENCE_LIMIT))
    except Exception:  # noqa: BLE001 - OmegaConf's, for an element that is missing
        items = [_read(value, place) for place in range(len(value))]
    return [_plain(item, below) for item in items]


def _array(value: Any, above: tuple[int, ...]) -> Any:
    if _dtype_kind(value) in ("M", "m"):  # whose `tolist` may give counts of nanoseconds
        return [_plain(part, (*above, id(value))) for part in value]
    if _dtype_kind(value) == "V" and not getattr(value.dtype, "names", None):  # bfloat16
        return _plain(value.astype("f8").tolist(), (*above, id(value)))
    return _plain(value.tolist(), (*above, id(value)))


def _set(value: AbstractSet[Any], above: tuple[int, ...]) -> list[Any]:
    items = [_plain(item, above) for item in value]
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def _read(mapping: Any, key: Any) -> Any:
    try:
        return mapping[key]
    except Exception as error:  # noqa: BLE001 - a foreign object may fail in any way
        return _failure(error)


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception as error:  # noqa: BLE001 - as above
        return _failure(error)


def _failure(error: Exception) -> str:
    return f"<{type(error).__name__}: {_notice.reason(error).partition(chr(10))[0]}>"


def _whole(value: int) -> int | str:
    return value if value in _INT64 or value.bit_length() <= _DIGIT_BITS else hex(value)


def _cut(value: str) -> str:
    return text(value if len(value) <= _REPR_LIMIT else f"{value[:_REPR_LIMIT]}…")


_warned: set[str] = set()


def _fallback(value: Any) -> str:
    kind = type_name(value)
    if kind not in _warned:
        _warned.add(kind)
        _notice.mention(f"a value of type {kind} is recorded as its repr")
    return _cut(represented(value))
