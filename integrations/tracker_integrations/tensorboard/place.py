"""Where event files lie: in a folder, in a cloud's bucket, or wherever fsspec reaches."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tracker_core.integration import FileTree, bucket

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

_CHUNK = 1 << 20
_PAUSE = 10.0


class Entry(NamedTuple):
    """A file, by its path below the place (POSIX separators). `changed` is in Unix seconds, `number` another one when
    another file was moved to that path; both are None where nobody says.
    """

    path: str
    size: int
    changed: float | None = None
    number: int | None = None


class Place(Protocol):
    pause: float
    """Seconds between two looks."""

    def entries(self) -> Iterator[Entry]:
        """Every file, those of one folder by name: the order in which one writer made them."""

    def read(self, path: str, start: int) -> Iterator[bytes]:
        """What is there from byte `start` on, in pieces. Objects of clouds are only ever replaced by longer ones."""


def place(source: str) -> Place:
    """The place at a path or address. Raises ModuleNotFoundError for a scheme that neither of both readers knows."""
    scheme, separator, _ = source.partition("://")
    if not separator:
        return Folder(source)
    return Bucket(source) if scheme in bucket.SCHEMES else Anywhere(source)


# Sub-folders by which frameworks tell phases apart: their name belongs to the tags even when there is only one.
_PHASES = frozenset(("train", "training", "validation", "val", "valid", "eval", "evaluation", "test"))

# `add_hparams` makes one sub-folder a session and names it by the time, which would be a new prefix every time.
SESSION = re.compile(r"\d{9,}\.\d+")


def split_phases(folder: str) -> tuple[str, str]:
    """A folder without those of phases and sessions at its end, which belong to it, and the prefix that these give."""
    parent, name = posixpath.split(folder)
    if not name or not (name.lower() in _PHASES or SESSION.fullmatch(name)):
        return folder, ""
    owner, prefix = split_phases(parent)
    return owner, prefix if SESSION.fullmatch(name) else f"{prefix}{name}/"


def is_excluded(folder: str, patterns: Iterable[str]) -> bool:
    """Whether a folder, or one that it lies in, has one of the names or fits one of the patterns."""
    names = [folder, *(folder[:end] for end in range(len(folder)) if folder[end] == "/")]
    return any(name == each or fnmatch.fnmatchcase(name, each) for each in patterns for name in names)


class Folder:
    pause = 0.0

    def __init__(self, source: str | os.PathLike[str]) -> None:
        self._folder = Path(source)

    def entries(self) -> Iterator[Entry]:
        for path, inside in FileTree(self._folder):  # links to folders are followed, as TensorBoard does
            try:
                status = path.stat()
            except OSError:
                continue
            yield Entry(inside, status.st_size, status.st_mtime, status.st_ino)

    def read(self, path: str, start: int) -> Iterator[bytes]:
        with Path(self._folder, path).open("rb") as file:
            file.seek(start)
            while chunk := file.read(_CHUNK):
                yield chunk


class Bucket:
    pause = _PAUSE

    def __init__(self, source: str) -> None:
        self._address = source.rstrip("/")

    def entries(self) -> Iterator[Entry]:
        found = sorted(bucket.below(self._address))
        for item in found:
            yield Entry(item.address.removeprefix(f"{self._address}/"), item.size)

    def read(self, path: str, start: int) -> Iterator[bytes]:
        yield from bucket.read(f"{self._address}/{path}", start, "").pieces


class Anywhere:
    """What fsspec reaches, which TensorBoard's own writers use for addresses that they do not know themselves."""

    pause = _PAUSE

    def __init__(self, source: str) -> None:
        import fsspec

        self._system: Any
        self._system, self._root = fsspec.core.url_to_fs(source)

    def entries(self) -> Iterator[Entry]:
        self._system.invalidate_cache()
        root = self._root.rstrip("/")
        try:
            found = self._system.find(root, detail=True)
        except FileNotFoundError:
            return
        for path, facts in sorted(found.items()):
            yield Entry(path.removeprefix(f"{root}/"), facts["size"])

    def read(self, path: str, start: int) -> Iterator[bytes]:
        yield self._system.cat_file(f"{self._root.rstrip('/')}/{path}", start=start)
