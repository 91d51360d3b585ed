"""Columns as bytes: one byte that names the codec, then the values.

Kinds are those of the journal (`d` float64, `q` int64, `?` bool), `t` for times (float64 that rise a little from row
to row), `w` for integers beyond 64 bits and `o` for everything else (plain data). Bytes of the same weight are put
side by side before zstd sees them; integers and times as differences; floats that a float32 holds, which is what most
trainings log, as such. All of it is exact, NaN payloads included.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import zstandard

from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Sequence

Column: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
"""One-dimensional: float64, int64, bool or object."""

DTYPES = {
    "d": np.dtype("<f8"),
    "q": np.dtype("<i8"),
    "?": np.dtype("?"),
    "t": np.dtype("<f8"),
    "w": np.dtype("O"),
    "o": np.dtype("O"),
}

OBJECTS = frozenset("wo")
"""Kinds whose columns hold Python objects."""

ROWS = 4096
"""Rows of a full chunk."""

_RAW, _SHUFFLED, _DIFFERENCES, _PLAIN, _OBJECTS, _NARROW = range(6)
_LEVEL = 1
_SMALL = 8
_BEYOND = np.int64((1 << 29) - 1)
"""The bits of a float64 that a float32 has no room for."""

_local = threading.local()


def pack(kind: str, values: Column | Sequence[Any]) -> bytes:
    """The values of one column, in C order if they are a table."""
    if kind in OBJECTS:
        return bytes((_OBJECTS,)) + _compress(records.encode(list(values)))
    array = np.ascontiguousarray(values, DTYPES[kind])
    if array.size < _SMALL:
        return bytes((_RAW,)) + array.tobytes()
    if kind == "?":
        return bytes((_PLAIN,)) + _compress(array.tobytes())
    if kind == "d":
        narrow = _narrow(array)
        if narrow is not None:
            return bytes((_NARROW,)) + _compress(_shuffle(narrow, 4))
        return bytes((_SHUFFLED,)) + _compress(_shuffle(array, 8))
    whole = array.view("<i8")
    differences = np.empty_like(whole)
    differences[0] = whole[0]
    np.subtract(whole[1:], whole[:-1], out=differences[1:])
    return bytes((_DIFFERENCES,)) + _compress(_shuffle(differences, 8))


def unpack(kind: str, data: bytes) -> Column:
    """What `pack` was given, flat. The array may be read-only."""
    codec = data[0]
    dtype = DTYPES[kind]
    if codec == _RAW:
        return np.frombuffer(data, dtype, offset=1)
    content = _decompress(data)
    if codec == _OBJECTS:
        return objects(records.decode_as(content, list[Any]))
    if codec == _PLAIN:
        return np.frombuffer(content, dtype)
    if codec == _NARROW:
        return _unshuffle(content, 4).view("<f4").ravel().astype(np.float64)
    array = _unshuffle(content, 8).view(dtype).ravel()
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


def _narrow(array: Column) -> Column | None:
    """The same values as float32; None when that has no room for one of them."""
    if (array.view("<i8") & _BEYOND).any():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = array.astype("<f4")
    same = np.array_equal(narrow.astype(np.float64).view("<i8"), array.view("<i8"))
    return narrow if same else None


def _shuffle(array: Column, width: int) -> bytes:
    shuffled: bytes = array.view(np.uint8).reshape(-1, width).T.tobytes()
    return shuffled


def _unshuffle(content: bytes, width: int) -> Column:
    return np.ascontiguousarray(np.frombuffer(content, np.uint8).reshape(width, -1).T)


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
