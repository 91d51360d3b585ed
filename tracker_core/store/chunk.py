"""Columns as bytes: one byte that names the codec, then the values.

Kinds are those of the journal (`d` float64, `q` int64, `?` bool), `t` for times (float64 that rise a little from row
to row) and `o` for everything else (plain data). Bytes of the same weight are put side by side before zstd sees them;
integers and times as differences. All of it is exact, NaN payloads included.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
import zstandard

if TYPE_CHECKING:
    from collections.abc import Sequence

Column: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
"""One-dimensional: float64, int64, bool or object."""

DTYPES = {"d": np.dtype("<f8"), "q": np.dtype("<i8"), "?": np.dtype("?"), "t": np.dtype("<f8"), "o": np.dtype("O")}

ROWS = 4096
"""Rows of a full chunk."""

_RAW, _SHUFFLED, _DIFFERENCES, _PLAIN, _OBJECTS = range(5)
_LEVEL = 1
_SMALL = 8

_local = threading.local()


def pack(kind: str, values: Column | Sequence[Any]) -> bytes:
    """The values of one column, in C order if they are a table."""
    if kind == "o":
        return bytes((_OBJECTS,)) + _compress(msgspec.msgpack.encode(list(values)))
    array = np.ascontiguousarray(values, DTYPES[kind])
    if array.size < _SMALL:
        return bytes((_RAW,)) + array.tobytes()
    if kind == "?":
        return bytes((_PLAIN,)) + _compress(array.tobytes())
    if kind == "d":
        return bytes((_SHUFFLED,)) + _compress(_shuffle(array))
    whole = array.view("<i8")
    differences = np.empty_like(whole)
    differences[0] = whole[0]
    np.subtract(whole[1:], whole[:-1], out=differences[1:])
    return bytes((_DIFFERENCES,)) + _compress(_shuffle(differences))


def unpack(kind: str, data: bytes) -> Column:
    """What `pack` was given, flat. The array may be read-only."""
    codec = data[0]
    dtype = DTYPES[kind]
    if codec == _RAW:
        return np.frombuffer(data, dtype, offset=1)
    content = _decompress(data)
    if codec == _OBJECTS:
        return objects(msgspec.msgpack.decode(content))
    if codec == _PLAIN:
        return np.frombuffer(content, dtype)
    array = np.ascontiguousarray(np.frombuffer(content, np.uint8).reshape(8, -1).T).view(dtype).ravel()
    if codec == _SHUFFLED:
        return array
    whole = array.view("<i8")
    np.cumsum(whole, out=whole)
    return array


def objects(values: Sequence[Any]) -> Column:
    """An object array of exactly these values, lists and maps included."""
    array = np.empty(len(values), object)
    array[:] = values if not any(isinstance(value, list | tuple) for value in values) else None
    if len(values) and array[0] is None:
        for place, value in enumerate(values):
            array[place] = value
    return array


def _shuffle(array: Column) -> bytes:
    shuffled: bytes = array.view(np.uint8).reshape(-1, 8).T.tobytes()
    return shuffled


def _compress(data: bytes) -> bytes:
    # A compressor serves one thread at a time, and making one costs as much as a chunk.
    compressor: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if compressor is None:
        compressor = _local.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
    return compressor.compress(data)


def _decompress(data: bytes) -> bytes:
    decompressor: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if decompressor is None:
        decompressor = _local.decompressor = zstandard.ZstdDecompressor()
    return decompressor.decompress(memoryview(data)[1:])
