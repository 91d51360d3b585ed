"""Where a media value of one key and step goes below a run's `files/`."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typing_extensions import Buffer, Self

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*]')
_SEGMENTS = 8
_SEGMENT_BYTES = 100

_counter = itertools.count()


class Place:
    """Writes files whole or not at all: first into the run's `spool/`, then renamed below `files/media/`.

    A name ends in 20 hex digits of a hash of the content, so a file that exists is the right one and is never
    written again.
    """

    __slots__ = ("files", "key", "step")

    def __init__(self, files: Path, key: str, step: int) -> None:
        self.files = files
        self.key = key
        self.step = step

    @property
    def spool(self) -> Path:
        """Beside `files`: temporary files, and what waits to be encoded."""
        return self.files.parent / "spool"

    def below(self, name: str) -> Self:
        """The place of a part of this value."""
        return type(self)(self.files, f"{self.key}/{name}", self.step)

    def path(self, folder: str, digest: str, suffix: str) -> str:
        """The path relative to `files`, with `/` between its parts."""
        return f"media/{folder}/{safe(self.key)}_{self.step}_{digest[:20]}.{suffix}"

    def write(self, folder: str, suffix: str, data: Buffer) -> dict[str, Any]:
        """Keeps `data`; returns `path`, `sha256` and `size`."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(folder, digest, suffix)
        if not (self.files / path).exists():
            with self.temporary() as temporary:
                temporary.write_bytes(data)
                move(temporary, self.files / path)
        return {"path": path, "sha256": digest, "size": memoryview(data).nbytes}

    def copy(self, folder: str, suffix: str, source: Path) -> dict[str, Any]:
        """Keeps a copy of the file `source` as it is now. What is hashed is the copy, should `source` change."""
        with self.temporary() as temporary:
            shutil.copyfile(source, temporary)
            digest, size = hashed(temporary)
            path = self.path(folder, digest, suffix)
            move(temporary, self.files / path)
        return {"path": path, "sha256": digest, "size": size}

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """A name of this process's own in `spool`; what is not renamed in the block is removed after it."""
        self.spool.mkdir(parents=True, exist_ok=True)
        path = self.spool / f"{os.getpid()}-{next(_counter)}.tmp"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def move(temporary: Path, target: Path) -> None:
    """Renames `temporary` to `target`, whose folder is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)


def hashed(path: Path) -> tuple[str, int]:
    """sha256 and size of a file, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def safe(key: str) -> str:
    """`key` as a relative path that stays below any folder it is put in, on any file system.

    Slashes make folders, as in the UI's sections. Two keys may give one path: the hash in the name keeps
    different contents apart, and equal contents may share a file.
    """
    segments = key.encode("utf-8", "replace").decode().split("/")
    if len(segments) > _SEGMENTS:
        segments = [*segments[: _SEGMENTS - 1], "_".join(segments[_SEGMENTS - 1 :])]
    return "/".join(_safe_segment(segment) for segment in segments)


def _safe_segment(segment: str) -> str:
    cleaned = _UNSAFE.sub("_", segment)
    # A leading dot would hide the file or climb; a trailing dot or blank is lost on some file systems.
    cleaned = re.sub(r"^\.+|[. ]+$", "_", cleaned)
    cut = cleaned.encode()[:_SEGMENT_BYTES].decode("utf-8", "ignore")
    return cut or "_"


def contained(path: str) -> bool:
    """Whether a relative path read from a file stays below `files/media`."""
    parts = path.split("/")
    return parts[0] == "media" and not any(part in ("", ".", "..") or "\\" in part for part in parts)
