"""What users hand to `log`, as one flat row of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _deferred, _notice, _values
from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    Files: TypeAlias = Callable[[], Path]
    """Returns the folder of the run's files, which may be renamed between two calls."""

_LIMIT = 32 << 20
_LONG = 10_000
STEPS = range(-(2**63), 2**63)


class Collected(NamedTuple):
    """`numeric` says whether all values of the row are numbers."""

    row: dict[str, Any]
    late: dict[str, _deferred.Deferred]
    numeric: bool


def check(data: Any) -> None:
    """TypeError for what is no row."""
    if not isinstance(data, Mapping):
        raise TypeError(f"log() takes a mapping of names to values, like {{'loss': 0.5}}, not {type(data).__name__}")
    for key in data:
        if not isinstance(key, str):
            raise TypeError(f"log() takes strings as names; {key!r} is {type(key).__name__}")


def step(given: Any) -> int:
    """A step as a plain int; TypeError when it is none."""
    single = _values.number(given)
    if single is None or isinstance(single, bool) or single % 1 != 0 or int(single) not in STEPS:
        raise TypeError(f"step must be a whole number of 64 bits, not {given!r}")
    return int(single)


def collect(data: Mapping[str, Any], step: int, files: Files | None) -> Collected:
    """Nested mappings under joined names; media are kept in `files`, None for nowhere."""
    row: dict[str, Any] = {}
    late: dict[str, _deferred.Deferred] = {}
    return Collected(row, late, _fill(data, step, files, "", row, late))


def render(key: str, value: Any, step: int, files: Files | None) -> Any:
    """`value` as plain data, mappings as such; media in it are kept in `files` under `key`."""
    if isinstance(value, Mapping):
        return {_values.text(str(name)): render(f"{key}.{name}", part, step, files) for name, part in value.items()}
    return _single(key, value, step, files)


def shrink(record: records.Row) -> records.Row:
    """`record`, its longest values cut when it is too large for a journal."""
    if not any(isinstance(value, str | list | dict) and len(value) > _LONG for value in record.data.values()):
        return record
    if len(records.encode(record)) <= _LIMIT:
        return record
    data = dict(record.data)
    for key, value in record.data.items():
        size = len(records.encode(records.Row(time=0.0, step=0, data={key: value})))
        if size > _LIMIT // 8:
            data[key] = f"<{size} bytes, too large for a logged value>"
            _notice.mention(f"{key!r} has {size / 1e6:.0f} MB and is left out: save it as a file instead")
    return records.Row(time=record.time, step=record.step, data=data, stream=record.stream)


def _fill(
    data: Mapping[str, Any],
    step: int,
    files: Files | None,
    prefix: str,
    row: dict[str, Any],
    late: dict[str, _deferred.Deferred],
) -> bool:
    numeric = True
    for name, value in data.items():
        key = _values.text(f"{prefix}{name}")
        if (deferred := _deferred.take(value)) is not None:
            late[key] = deferred
        elif (single := _values.number(value)) is not None:
            row[key] = single
        elif isinstance(value, Mapping):
            numeric = _fill(value, step, files, f"{key}.", row, late) and numeric
        else:
            row[key] = _single(key, value, step, files)
            numeric = False
    return numeric


def _single(key: str, value: Any, step: int, files: Files | None) -> Any:
    if value is None or isinstance(value, str):
        return _values.plain(value)
    from tracker_core import _media

    media = _media.wrap(value)
    if media is None:
        return _values.plain(value)
    if files is None:
        return {"_type": media.kind}
    return media.store(key, step, files())
