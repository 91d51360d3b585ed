"""Copies one run to the server: its journals, then its files."""

from __future__ import annotations

import contextlib
import os
import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core import _journal as journal
from tracker_core._artifacts.objects import hashed
from tracker_core._http import RefusedError
from tracker_core._upload.journal import Journals
from tracker_core._upload.wire import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core._folder import RunFolder
    from tracker_core._upload.server import Server

_PLACES = ("files", "logs")
_DRAFT = re.compile(r"\..+\.\d+")
"""What a file is called while it is being written."""
_SETTLED = 2.0
"""Seconds after a change during which another one may leave the same time behind."""


class RunUpload:
    """One run's way to `server`. `send` may be called again and again; what is there already is not sent."""

    def __init__(self, folder: RunFolder, server: Server) -> None:
        self.folder = folder
        self.deleted = False
        """Somebody deleted the run on the server, which takes no more of it."""
        self._server = server
        self._name = folder.path.name
        self._journals: Journals | None = None
        self._files: dict[str, Kept] = {}

    def send(self) -> None:
        """Sends what is new. Raises CommError."""
        if self._journals is None:
            self._look()
        if self.deleted:
            return
        assert self._journals is not None
        try:
            self._journals.send()
            for path, name, kept in self._changed():
                self._send_file(path, name, kept)
            self._journals.send()  # what a file belongs to was written while it was sent
        except RefusedError as refused:
            if refused.status != 410:
                raise
            self.deleted = True

    def send_journals(self) -> None:
        """The same for what was logged alone, files aside."""
        if self._journals is not None and not self.deleted:
            self._journals.send()

    def lacking(self) -> tuple[int, int]:
        """How many files, and bytes in all, `send` would send."""
        if self._journals is None:
            self._look()
        assert self._journals is not None
        if self.deleted:
            return 0, 0
        sizes = [kept.size for _, name, kept in self._changed() if self._files.get(name) != Kept(kept.size, 0)]
        return len(sizes), sum(sizes) + self._journals.lacking()

    def _look(self) -> None:
        holding = self._server.holding(self._name)
        self.deleted = holding.deleted
        self._files = dict(holding.files)
        self._journals = Journals(self.folder.path, holding.journals, partial(self._server.put_journal, self._name))

    def _changed(self) -> Iterator[tuple[Path, str, Kept]]:
        for path, name in _files(self.folder):
            with contextlib.suppress(FileNotFoundError):
                told = path.stat()
                kept = Kept(told.st_size, told.st_mtime_ns)
                if self._files.get(name) != kept:
                    yield path, name, kept

    def _send_file(self, path: Path, name: str, kept: Kept) -> None:
        """One that changes meanwhile, or is taken away, is left for the next time."""
        try:
            sha256, size = hashed(path)
            if size != kept.size:
                return
            settled = time.time() - kept.time / 1e9 > _SETTLED
            # A time that may not tell the next change is none: the server gets an old one, and is asked again.
            time_told = kept.time if settled else 0
            known = name in self._files and self._files[name].size == size
            self._server.put_file(self._name, name, path, sha256, size, time_told, probe=known)
        except FileNotFoundError:
            return
        except RefusedError as refused:
            if refused.status != 409:
                raise
            return
        self._files[name] = Kept(size, time_told)


def _files(folder: RunFolder) -> Iterator[tuple[Path, str]]:
    alive = any(journal.alive(path) for path in folder.journals())
    for place in _PLACES:
        for above, folders, names in os.walk(folder.path / place):
            folders.sort()
            for name in sorted(names):
                path = Path(above, name)
                relative = path.relative_to(folder.path).as_posix()
                if path.is_file() and not (alive and _DRAFT.fullmatch(name)) and _can_travel(relative):
                    yield path, relative


def _can_travel(name: str) -> bool:
    """Whether the name is text on one line: what is none fits into no address."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\n" not in name
