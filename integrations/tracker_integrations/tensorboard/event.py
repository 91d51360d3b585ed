"""What stands in an event file, read without protobuf.

The few messages needed have not changed since 2016, and the background process that reads them would otherwise
load protobuf and TensorBoard for every run. Field numbers are those of `tensorboard/compat/proto/*.proto`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")

# tensor types (types.proto): number -> the struct character of one element in `tensor_content`
_CONTENT = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 19: "e", 22: "I", 23: "Q"}
_STRING = 7
_START = 1
"""The status of a SessionLog at the start of a session."""
_HALF = 19


class Histogram(NamedTuple):
    """`counts[i]` values lie in (edges[i], edges[i + 1]]."""

    counts: list[float]
    edges: list[float]


class Picture(NamedTuple):
    """An encoded image, usually PNG; tensorboardX puts videos here as GIF."""

    data: bytes


class Sound(NamedTuple):
    data: bytes
    content_type: str
    sample_rate: float


class Tensor(NamedTuple):
    """Row-major `values`: numbers, or bytes when the tensor holds strings."""

    shape: tuple[int, ...]
    values: list[Any]


class Value(NamedTuple):
    """One value of a summary. `content` is a float for a scalar and None for what only has metadata."""

    tag: str
    content: float | Histogram | Picture | Sound | Tensor | None
    plugin: str
    plugin_content: bytes


class Event(NamedTuple):
    """A file's first event has `version` and no values.

    `graph` is a serialised GraphDef, `meta_graph` a MetaGraphDef. `profile` is the tag and the serialised RunMetadata
    of one step. `starts` is true where a session starts, or is started again at `step`.
    """

    wall_time: float
    step: int
    version: str
    values: list[Value]
    graph: bytes
    meta_graph: bytes = b""
    profile: tuple[str, bytes] | None = None
    starts: bool = False


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message: int, bytes, or the 4 or 8 bytes of a fixed one.

    Raises ValueError or IndexError when `data` is no message.
    """
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        kind = key & 7
        if kind == 0:
            value, position = _varint(data, position)
            yield key >> 3, value
            continue
        if kind == 2:
            size, position = _varint(data, position)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"no wire type {kind}")
        if position + size > end:
            raise ValueError("a field is longer than its message")
        yield key >> 3, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def event(data: bytes) -> Event:
    wall_time, step, version, graph, meta_graph, starts = 0.0, 0, "", b"", b"", False
    profile: tuple[str, bytes] | None = None
    values: list[Value] = []
    for number, value in fields(data):
        if number == 1:
            (wall_time,) = _DOUBLE.unpack(value)
        elif number == 2:
            step = _signed(value)
        elif number == 3:
            version = text(value)
        elif number == 4:
            graph = value
        elif number == 5:
            values.extend(_value(inner) for one, inner in fields(value) if one == 1)
        elif number == 7:
            starts = _one(value, 1, 0) == _START
        elif number == 8:
            profile = (text(_one(value, 1, b"")), _one(value, 2, b""))
        elif number == 9:
            meta_graph = value
    return Event(wall_time, step, version, values, graph, meta_graph, profile, starts)


def _value(data: bytes) -> Value:
    tag, node, plugin, plugin_content = "", "", "", b""
    content: float | Histogram | Picture | Sound | Tensor | None = None
    for number, value in fields(data):
        if number == 1:
            tag = text(value)
        elif number == 2:
            (content,) = _FLOAT.unpack(value)
        elif number == 4:
            content = Picture(_one(value, 4, b""))
        elif number == 5:
            content = _histogram(value)
        elif number == 6:
            content = _sound(value)
        elif number == 7:
            node = text(value)
        elif number == 8:
            content = _tensor(value)
        elif number == 9:
            plugin, plugin_content = _plugin(value)
    return Value(tag or node, content, plugin, plugin_content)


def _plugin(metadata: bytes) -> tuple[str, bytes]:
    data = _one(metadata, 1, b"")
    return text(_one(data, 1, b"")), _one(data, 2, b"")


def _histogram(data: bytes) -> Histogram:
    limits: list[float] = []
    counts: list[float] = []
    low = 0.0
    for number, value in fields(data):
        if number == 1:
            (low,) = _DOUBLE.unpack(value)
        elif number in (6, 7):
            (limits if number == 6 else counts).extend(_unpacked(value, "d"))
    return Histogram(counts, [low, *limits] if limits else [])


def _sound(data: bytes) -> Sound:
    rate = _one(data, 1, b"\0\0\0\0")
    return Sound(_one(data, 4, b""), text(_one(data, 5, b"")), _FLOAT.unpack(rate)[0])


def _tensor(data: bytes) -> Tensor:  # noqa: C901 - one line a field
    kind = 0
    shape: tuple[int, ...] = ()
    values: list[Any] = []
    content = b""
    for number, value in fields(data):
        if number == 1:
            kind = value
        elif number == 2:
            shape = tuple(_signed(_one(dim, 1, 0)) for one, dim in fields(value) if one == 2)
        elif number == 4:
            content = value
        elif number in (5, 6):
            values.extend(_unpacked(value, "f" if number == 5 else "d"))
        elif number == 8:
            values.append(value)
        elif number in (7, 10, 11, 13, 16, 17):
            values.extend(_varints(value) if isinstance(value, bytes) else [_signed(value)])
    if kind == _HALF:  # given by their bits
        values = [_unpacked(bits.to_bytes(2, "little"), "e")[0] for bits in values]
    if content and kind in _CONTENT:
        values = _unpacked(content, _CONTENT[kind])
    size = 1
    for side in shape:
        size *= side
    if len(values) == 1 and size > 1 and kind != _STRING:  # all elements are equal
        values *= size
    return Tensor(shape, values)


def _unpacked(data: bytes, kind: str) -> list[Any]:
    return list(struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data))


def _varints(data: bytes) -> list[int]:
    values, position = [], 0
    while position < len(data):
        value, position = _varint(data, position)
        values.append(_signed(value))
    return values


def _one(data: bytes, wanted: int, default: Any) -> Any:
    """The last value of a field, which is the one that counts."""
    found = default
    for number, value in fields(data):
        if number == wanted:
            found = value
    return found


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def hyperparameters(content: bytes) -> dict[str, Any]:
    """The values in the `hparams` plugin's record of a session's start; empty for its other records."""
    start = _one(content, 3, b"")
    found = {}
    for number, entry in fields(start):
        if number == 1:
            found[text(_one(entry, 1, b""))] = _json(_one(entry, 2, b""))
    return found


def _json(data: bytes) -> Any:
    """A google.protobuf.Value."""
    for number, value in fields(data):
        if number == 2:
            return _DOUBLE.unpack(value)[0]
        if number == 3:
            return text(value)
        if number == 4:
            return bool(value)
        if number == 5:
            return {text(_one(entry, 1, b"")): _json(_one(entry, 2, b"")) for _, entry in fields(value)}
        if number == 6:
            return [_json(item) for _, item in fields(value)]
    return None
