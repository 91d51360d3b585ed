"""What was fetched of references: kept for the next download of any run of this user, up to a bound.

Nothing here is the only copy of anything: it can be removed at any time, and what was used longest ago goes first.
Contents are named by what their place said of them and by their sha256; `*.part` files are downloads that go on.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from tracker_core import _home, _settings
from tracker_core._artifacts import reference
from tracker_core._artifacts.objects import place
from tracker_core._artifacts.part import part
from tracker_core._errors import CommError, UsageError

if TYPE_CHECKING:
    from tracker_core._artifacts.version import Entry

_PAUSES = (0.2, 1.0, 4.0)
"""Seconds before each further attempt that gets no byte more than the last."""
_MD5 = re.compile(r"[0-9a-f]{32}")
_UNITS = {"": 1, "B": 1} | {
    f"{letter}{kind}": base ** (index + 1)
    for index, letter in enumerate("KMGT")
    for kind, base in (("", 1000), ("B", 1000), ("IB", 1024))
}


class Cache:
    """The contents below `folder`. As a context manager, it holds at most `bound` bytes at its end, and little more
    meanwhile."""

    def __init__(self, folder: Path, bound: int) -> None:
        self.folder = folder
        self.bound = bound
        self._added = 0
        """Bytes since the last look at all that is here."""

    def __enter__(self) -> Cache:  # noqa: PYI034 - Self is not in 3.10
        return self

    def __exit__(self, *_: object) -> None:
        if self._added:
            self.clean(self.bound)

    def place(self, entry: Entry, target: Path, *, keep: bool = True) -> None:
        """Puts what `entry` refers to at `target`; it stays here too, unless it is too large or not to be kept.

        A download that was interrupted is gone on with. Raises FileNotFoundError, CommError, or Error when the content
        is another one by now.
        """
        for _ in range(2):
            source, sha256 = self.fetched(entry)
            try:
                if keep and source.stat().st_size <= self.bound:
                    place(source, sha256, target)
                else:
                    _move(source, target)
            except FileNotFoundError:  # somebody cleaned up since
                continue
            break
        else:
            raise CommError(f"{entry.path!r} was fetched twice and removed from {self.folder} at once")
        if self._added > self.bound / 10:
            self.clean(self.bound)

    def fetched(self, entry: Entry) -> tuple[Path, str]:
        """The file with what `entry` refers to, and its sha256."""
        key = _key(entry)
        known = entry.etag or entry.version
        if known and (found := self._found(key)) is not None:
            return found
        draft = self.folder / key[:2] / f"{key}.part"
        with part(draft) as file:
            if known and (found := self._found(key)) is not None:  # by somebody whom we waited for
                draft.unlink()
                return found
            if not known:  # nothing says that what was begun is of the same content
                _empty(file)
            sha256 = _download(entry, file, draft)
            target = draft.with_name(f"{key}-{sha256}")
            self._added += file.tell()
            draft.replace(target)
        return target, sha256

    def clean(self, most: int) -> tuple[int, int]:
        """Removes what was used longest ago until at most `most` bytes are left; how many files and bytes went."""
        self._added = 0
        found = []
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                told = path.stat()
                found.append((told.st_mtime, told.st_size, path))
        left = sum(size for _, size, _ in found)
        count = gone = 0
        for _, size, path in sorted(found):
            if left <= most:
                break
            if _removed(path):
                left, gone, count = left - size, gone + size, count + 1
        return count, gone

    def _found(self, key: str) -> tuple[Path, str] | None:
        for path in (self.folder / key[:2]).glob(f"{key}-*"):
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)  # used now
                return path, path.name.partition("-")[2]
        return None


def of_user() -> Cache:
    """The one that the settings `cache_dir` and `cache_size` name."""
    settings = _settings.gather({})
    folder = Path(settings.cache_dir) if settings.cache_dir is not None else _home.cache()
    return Cache(folder / "references", bytes_of(settings.cache_size))


def bytes_of(text: str) -> int:
    """ "10GB", "512 MiB" or "0" as bytes. Raises UsageError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    factor = _UNITS.get(found[2].upper()) if found else None
    if found is None or factor is None:
        raise UsageError(f"{text!r} is no size like 10GB, 512 MiB or 0")
    return int(float(found[1]) * factor)


def _key(entry: Entry) -> str:
    told = [entry.ref, entry.version, entry.etag, entry.size]
    return hashlib.sha256(msgspec.msgpack.encode(told)).hexdigest()[:32]


def _download(entry: Entry, file: IO[bytes], path: Path) -> str:
    """Writes the rest of the content to `file`, which lies at `path`; returns the sha256 of all of it.

    A tag that looks like an MD5 is one, unless the content comes twice alike with another: some places name encrypted
    or converted contents otherwise.
    """
    seen = ""
    while True:
        _receive(entry, file)
        sha256, md5 = _hashes(path)
        if not _MD5.fullmatch(entry.etag) or md5 in (entry.etag, seen):
            return sha256
        if seen:
            raise CommError(f"{entry.ref} comes otherwise each time")
        seen = md5
        _empty(file)


def _receive(entry: Entry, file: IO[bytes]) -> None:
    """Writes what is missing, with a new attempt for each interruption, until some get nowhere."""
    failures = 0
    while not (entry.size and file.tell() == entry.size):
        begun = file.tell()
        try:
            _append(entry, file)
            break
        except CommError:
            failures = 1 if file.tell() > begun else failures + 1
            if failures > len(_PAUSES):
                raise
            time.sleep(_PAUSES[failures - 1])
    file.flush()


def _append(entry: Entry, file: IO[bytes]) -> None:
    """One attempt. Raises CommError when it ends before the content does."""
    begun = file.tell()
    if entry.size and begun > entry.size:
        _empty(file)
        begun = 0
    stream = reference.read(entry, begun)
    if stream.start != begun:
        _empty(file)
    for piece in stream.pieces:
        file.write(piece)
    if stream.size is not None and file.tell() != stream.size:
        raise CommError(f"{entry.ref} ended after {file.tell()} of {stream.size} bytes")


def _empty(file: IO[bytes]) -> None:
    file.seek(0)
    file.truncate()


def _hashes(path: Path) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            sha256.update(piece)
            md5.update(piece)
    return sha256.hexdigest(), md5.hexdigest()


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError:  # another file system
        draft = target.with_name(f".{source.name[:32]}.part")
        shutil.copyfile(source, draft)
        draft.replace(target)
        source.unlink(missing_ok=True)


def _removed(path: Path) -> bool:
    """Removes a file, unless it is one that somebody is writing."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False
