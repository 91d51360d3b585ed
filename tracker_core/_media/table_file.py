"""The file of a table: pages of rows, each with its columns side by side, so that a page is read alone.

    magic, page, page, ..., footer, u32 length of the footer, magic

A page is zstd over msgpack: a list with one entry a column, either a list of cells or `{"kind", "data"}` with the
little-endian bytes of float64 (`d`), int64 (`q`) or bool (`?`), which a browser takes as a typed array. The footer
is msgpack: names and kinds of the columns, and where each page starts, how long it is and how many rows it has.
Why not Parquet: see docs/design/media.md.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard

from tracker_core import _records as records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_MAGIC = b"TRKTABL1"
_LENGTH = 4
PAGE_ROWS = 1000
_TYPES = {"d": float, "q": int, "?": bool}
_CODES = {"d": "d", "q": "q", "?": "b"}


class Footer(msgspec.Struct, frozen=True):
    """`pages` has (offset, length, rows) of each."""

    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    pages: tuple[tuple[int, int, int], ...]

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.pages)


_encode = records.encode
_decode = msgspec.msgpack.Decoder(ext_hook=records.extension).decode
_decode_footer = msgspec.msgpack.Decoder(Footer).decode


def encoded(columns: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """The whole file for `rows`, whose cells are plain data."""
    compress = zstandard.ZstdCompressor(level=3).compress
    parts, pages, offset = [_MAGIC], [], len(_MAGIC)
    for start in range(0, len(rows), PAGE_ROWS):
        some = rows[start : start + PAGE_ROWS]
        page = compress(_encode([_column(cells) for cells in zip(*some, strict=True)]))
        pages.append((offset, len(page), len(some)))
        parts.append(page)
        offset += len(page)
    footer = records.encode(Footer(tuple(columns), tuple(kinds), tuple(pages)))
    return b"".join([*parts, footer, len(footer).to_bytes(_LENGTH, "little"), _MAGIC])


def _column(cells: tuple[Any, ...]) -> Any:
    types = set(map(type, cells))
    for kind, wanted in _TYPES.items():
        if types == {wanted}:
            try:
                return {"kind": kind, "data": _packed(_CODES[kind], cells)}
            except OverflowError:  # beyond 64 bits
                return cells
    return cells


def _packed(code: str, cells: tuple[Any, ...]) -> bytes:
    packed = array(code, cells)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


class TableFile:
    """Reads one file. Raises ValueError when it is no table or cut short."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            size = file.seek(0, 2)
            tail = len(_MAGIC) + _LENGTH
            file.seek(max(0, size - tail))
            end = file.read(tail)
            if size < tail + len(_MAGIC) or end[_LENGTH:] != _MAGIC:
                raise ValueError(f"{path.name} is no table, or not whole")
            length = int.from_bytes(end[:_LENGTH], "little")
            file.seek(size - tail - length)
            self.footer = _decode_footer(file.read(length))

    def page(self, number: int) -> list[list[Any]]:
        """The columns of one page."""
        offset, length, rows = self.footer.pages[number]
        with self._path.open("rb") as file:
            file.seek(offset)
            columns = _decode(zstandard.ZstdDecompressor().decompress(file.read(length)))
        return [_unpacked(column) for column in columns] if rows else []

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[list[Any]]:
        """Rows `start` to `stop`; pages outside are not read."""
        stop = self.footer.rows if stop is None else stop
        first = 0
        for number, (_, _, count) in enumerate(self.footer.pages):
            if first < stop and first + count > start:
                page = zip(*self.page(number), strict=True)
                for index, row in enumerate(page, first):
                    if start <= index < stop:
                        yield list(row)
            first += count


def _unpacked(column: Any) -> list[Any]:
    if not isinstance(column, dict):
        return list(column)
    cells = array(_CODES[column["kind"]], column["data"])
    if sys.byteorder == "big":
        cells.byteswap()
    return [bool(cell) for cell in cells] if column["kind"] == "?" else cells.tolist()


def read(files: Path, reference: Mapping[str, Any], start: int = 0, stop: int | None = None) -> list[list[Any]]:
    """Rows `start` to `stop` of a logged table, from the map in its row; `files` is the run's folder for files."""
    found: list[list[Any]] = []
    first = 0
    stop = reference["rows"] if stop is None else stop
    for part in reference["parts"]:
        last = first + part["rows"]
        if first < stop and last > start:
            found.extend(TableFile(files / part["path"]).rows(max(0, start - first), stop - first))
        first = last
    return found
