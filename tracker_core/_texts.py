"""Texts of any object: names, keys, captions and labels, which every record, file and page can hold.

Nothing here raises because of a user's object.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import count, islice
from typing import TYPE_CHECKING, Any, TypeVar

from tracker_core import _notice

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]{4,16}\b|(?<=') 0x[0-9A-Fa-f]{6,16}\b| id='\d+'")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")

_T = TypeVar("_T")


def named(pairs: Iterable[tuple[Any, _T]]) -> dict[str, _T]:
    """The pairs by the texts of their keys. Keys that become one text are all kept, under distinct names.

    A string keeps its text, another key gets its type behind it: `{1: ..., "1": ...}` becomes `1 (int)` and `1`.
    """
    pairs = list(pairs)
    names = [name(key) for key, _ in pairs]
    if len(set(names)) < len(names):
        names = _distinct(names, [key for key, _ in pairs])
    return {own: value for own, (_, value) in zip(names, pairs, strict=True)}


def name(key: Any) -> str:
    """A mapping's key as a text: strings and members of a str-Enum as they are, other members by their name."""
    if type(key) is str:
        return text(key)
    try:
        return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else shown(key)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return f"<{type_name(key)}>"


def text(value: str) -> str:
    """`value` without lone surrogates, which no encoding of the journal can hold.

    Bytes that Python could not decode, as in names of files, are decoded as UTF-8; one that is no UTF-8 is written as
    Python escapes it, `caf\\xe9`, so that different names stay different.
    """
    if value.isascii() or not _SURROGATE.search(value):
        return value
    joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # pairs become characters
    escaped = _NO_BYTE.sub(lambda match: f"\\u{ord(match[0]):04x}", joined)
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(value: Any) -> str:
    """Any object as a text, for names, captions and labels. Never raises."""
    if type(value) is str:
        return text(value)
    try:
        if issubclass(type(value), str):
            return text(str.__str__(value))
        if isinstance(value, Enum):
            return member_text(value)
        return text(without_address(str(value), value))
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return f"<{type_name(value)}>"


def represented(value: Any) -> str:
    """The `repr` of any object, without its address in memory. Never raises."""
    try:
        return text(without_address(repr(value), value))
    except Exception as error:  # noqa: BLE001 - a broken repr is no reason to lose the rest
        return f"<{type_name(value)}, whose repr failed: {text(_notice.reason(error))}>"


def type_name(value: Any) -> str:
    """The qualified name of the type of `value`."""
    kind = type(value)
    return f"{type.__getattribute__(kind, '__module__')}.{type.__getattribute__(kind, '__qualname__')}"


def without_addresses(value: Any) -> Any:
    """Plain data whose texts hold no memory addresses: what earlier versions recorded of objects without a repr."""
    if isinstance(value, str):
        return _ADDRESS.sub("", value) if "<" in value and "0x" in value else value
    if isinstance(value, list):
        return [without_addresses(part) for part in value]
    if isinstance(value, dict):
        return {key: without_addresses(part) for key, part in value.items()}
    return value


def member_text(member: Enum) -> str:
    """The text of a member of an Enum: its own where it is a string, else its name."""
    if issubclass(type(member), str):
        return text(str.__str__(member))
    own = getattr(member, "_name_", None)  # None for a Flag of several bits before Python 3.11
    return text(own if own is not None else str(member))


def _distinct(names: list[str], keys: list[Any]) -> list[str]:
    """`names` with a suffix where several are equal; strings keep theirs."""
    taken = {own for own, key in zip(names, keys, strict=True) if type(key) is str}
    strings: set[str] = set()
    found, changed = [], []
    for own, key in zip(names, keys, strict=True):
        if type(key) is str and own not in strings:
            strings.add(own)
            found.append(own)
            continue
        free = own
        if own in taken:
            described = f"{own} ({type(key).__name__})"
            numbered = (f"{described} {number}" for number in count(2))
            free = next(each for each in (described, *islice(numbered, len(names))) if each not in taken)
            changed.append(free)
        taken.add(free)
        found.append(free)
    _notice.mention(
        f"several keys of a mapping have the same text: recorded under {', '.join(map(repr, changed[:10]))}, "
        "so that no value is lost"
    )
    return found


def without_address(shown: str, value: Any) -> str:
    """`shown`, the text of `value`, without its address in memory, which differs in every process."""
    own = id(value)
    if "0x" not in shown and str(own) not in shown:
        return shown
    shown = _ADDRESS.sub("", shown)
    for form in (f"0x{own:x}", f"0x{own:X}", f"0x{own:016x}", str(own)):
        shown = shown.replace(form, "...")
    return shown
