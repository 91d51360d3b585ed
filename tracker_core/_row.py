"""What users hand to `log`, as one flat row of plain values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _deferred, _notice, _texts, _values
from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    Files: TypeAlias = Callable[[], Path]
    """Returns the folder of the run's files, which may be renamed between two calls."""

_LIMIT = 32 << 20
_LONG = 10_000
_DEPTH = 64
STEPS = range(-(2**63), 2**63)
RESERVED = frozenset(("_step", "_timestamp", "_runtime"))
"""The columns that every row has."""


class Collected(NamedTuple):
    """`numeric` says whether all values of the row are numbers."""

    row: dict[str, Any]
    late: dict[str, _deferred.Deferred]
    numeric: bool


def check(data: Any) -> Mapping[str, Any]:
    """`data` when it is a row: TypeError for anything else. A mapping that cannot be read is an empty row."""
    if type(data) is not dict:
        if not _values.is_mapping(data):
            raise TypeError(
                f"log() takes a mapping of names to values, like {{'loss': 0.5}}, not {type(data).__name__}"
            )
        data = dict(_values.readable_items(data, "log()"))
    for key in data:
        if not issubclass(type(key), str):
            raise TypeError(f"log() takes strings as names; {_texts.represented(key)} is {type(key).__name__}")
    return data  # type: ignore[no-any-return]


def step(given: Any) -> int:
    """A step as a plain int; TypeError when it is none."""
    single = int(given) if isinstance(given, int) and not isinstance(given, bool) else _values.number(given)
    if single is None or isinstance(single, bool) or single % 1 != 0 or int(single) not in STEPS:
        raise TypeError(f"step must be a whole number of 64 bits, not {_texts.represented(given)}")
    return int(single)


def collect(data: Mapping[str, Any], step: int, files: Files | None) -> Collected:
    """Nested mappings under joined names; media are kept in `files`, None for nowhere."""
    row: dict[str, Any] = {}
    late: dict[str, _deferred.Deferred] = {}
    return Collected(row, late, _fill(data, step, files, "", row, late, ()))


def render(key: str, value: Any, step: int, files: Files | None, above: tuple[int, ...] = ()) -> Any:
    """`value` as plain data, mappings as such; media in it are kept in `files` under `key`."""
    if _is_level(value, above):
        named = _texts.named(_values.items(value))
        below = (*above, id(value))
        return {name: render(f"{key}.{name}", part, step, files, below) for name, part in named.items()}
    return _single(key, value, step, files)


def shrink(record: records.Row) -> records.Row:
    """`record`, its longest values cut when it is too large for a journal."""
    if not any(map(_is_long, record.data.values())) or len(records.encode(record)) <= _LIMIT:
        return record
    data = dict(record.data)
    for key, value in record.data.items():
        size = _values.encoded_size(value)
        if size > _LIMIT // 8:
            data[key] = f"<{size} bytes, too large for a logged value>"
            _notice.mention(f"{key!r} has {size / 1e6:.0f} MB and is left out: save it as a file instead")
    return records.Row(time=record.time, step=record.step, data=data, stream=record.stream)


def _is_long(value: Any) -> bool:
    """Whether a value may be too large: it is long, or holds something that may be."""
    if isinstance(value, str):
        return len(value) > _LONG
    if isinstance(value, dict):
        return len(value) > _LONG or any(map(_is_long, value.values()))
    return isinstance(value, list) and (len(value) > _LONG or any(map(_is_long, value)))


def _fill(
    data: Any,
    step: int,
    files: Files | None,
    prefix: str,
    row: dict[str, Any],
    late: dict[str, _deferred.Deferred],
    above: tuple[int, ...],
) -> bool:
    """Adds the values of `data` to `row` and `late`. `above` holds the ids of the mappings around it."""
    numeric = True
    pairs = data.items() if type(data) is dict else _values.items(data)
    for name, value in pairs:
        key = prefix + (name if type(name) is str and name.isascii() else _texts.name(name))
        if key in RESERVED:
            key = _moved(key)
        if key in row or key in late:
            key = _free(key, row, late)
        if (deferred := _deferred.take(value)) is not None:
            late[key] = deferred
        elif (single := _values.number(value)) is not None:
            row[key] = single
            numeric = numeric and not _values.is_wide(single)
        elif _is_level(value, above):
            numeric = _fill_level(value, step, files, key, row, late, (*above, id(value))) and numeric
        else:
            row[key] = _single(key, value, step, files)
            numeric = False
    return numeric


def _moved(key: str) -> str:
    """Another name for a metric that is named like a column of every row."""
    hint = ": give log(step=...) for the step of a row" if key == "_step" else ""
    _notice.mention(f"{key!r} is a column of every row; the value logged under it is kept as 'metric.{key}'{hint}")
    return f"metric.{key}"


def _fill_level(
    value: Any,
    step: int,
    files: Files | None,
    key: str,
    row: dict[str, Any],
    late: dict[str, _deferred.Deferred],
    above: tuple[int, ...],
) -> bool:
    filled = len(row) + len(late)
    try:
        numeric = _fill(value, step, files, f"{key}.", row, late, above)
    except Exception:  # noqa: BLE001 - a foreign mapping may fail in any way
        row[key] = _values.plain(value)
        return False
    if len(row) + len(late) > filled:
        return numeric
    row[key] = {}  # an empty mapping
    return False


def _is_level(value: Any, above: tuple[int, ...]) -> bool:
    """Whether `value` is a mapping whose values are recorded one by one."""
    try:
        if not isinstance(value, Mapping):
            return False
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way
        return False
    return id(value) not in above and len(above) < _DEPTH


def _free(key: str, *taken: Mapping[str, Any]) -> str:
    """`key` with a number, since `{"a.b": 1, "a": {"b": 2}}` are two values of one name."""
    numbered = (f"{key} ({number})" for number in itertools.count(2))
    free = next(name for name in numbered if not any(name in names for names in taken))
    _notice.mention(f"two values of one log() call are named {key!r}: the second is recorded as {free!r}")
    return free


def _single(key: str, value: Any, step: int, files: Files | None) -> Any:
    if value is None or issubclass(type(value), str):
        return _values.plain(value)
    from tracker_core import _media

    media = _media.wrap(value)
    if media is None:
        return _values.plain(value)
    if files is None:
        return {"_type": media.kind}
    return media.store(key, step, files())
