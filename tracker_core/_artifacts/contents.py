"""The files of an artifact that is being made."""

from __future__ import annotations

import stat
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from tracker_core import _folder
from tracker_core._artifacts import reference
from tracker_core._artifacts.collection import objects as objects_of
from tracker_core._artifacts.objects import Objects, hashed
from tracker_core._artifacts.storage import storing
from tracker_core._artifacts.version import Entry, checked_path
from tracker_core._errors import StorageError, UsageError
from tracker_core._file_tree import FileTree, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Contents:
    """Entries by path. Files are copied when they are added: into the artifacts of the run that is going on, or,
    before there is one, into a temporary folder that goes with this object."""

    def __init__(self, entries: Iterable[Entry] = (), objects: Objects | None = None) -> None:
        self.entries = {entry.path: entry for entry in entries}
        self._folders = {above for path in self.entries for above in _above(path)}
        self._objects = objects
        self.removed: set[str] = set()

    @property
    def objects(self) -> Objects:
        if self._objects is None:
            if _folder.working_root is not None:
                self._objects = objects_of(_folder.working_root)
            else:
                waiting = tempfile.TemporaryDirectory(prefix="tracker-artifact-")
                weakref.finalize(self, waiting.cleanup)
                self._objects = Objects(Path(waiting.name))
        return self._objects

    def add_file(self, source: Path, name: str, *, link: bool, overwrite: bool) -> Entry:
        """Raises OSError when there is no such file, UsageError when `name` is taken by another content."""
        path = checked_path(name)
        mode = source.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"{printable(source)} is a folder: use add_dir()")
        if not stat.S_ISREG(mode):
            raise UsageError(f"{printable(source)} is not a regular file: its content has no end")
        sha256, size = self.objects.put(source, link=link)
        return self.add(Entry(path, sha256, size), overwrite=overwrite)

    def add_dir(self, folder: Path, prefix: str, *, link: bool, overwrite: bool) -> None:
        """Add every file below `folder`, links followed, the tracker's own files excluded.

        Files that cannot be read, or are removed meanwhile, are left out with one warning for all of them.
        """
        if not folder.is_dir():
            raise NotADirectoryError(f"there is no folder {folder}")
        tree = FileTree(folder, _folder.is_own)
        found = list(tree)
        names = [checked_path(f"{prefix}/{name}" if prefix else name) for _, name in found]
        for name in names:
            self._check(name)
        for (source, _), name in zip(found, names, strict=True):
            try:
                sha256, size = self.objects.put(source, link=link)
            except StorageError:
                raise
            except OSError as error:
                gone = isinstance(error, FileNotFoundError)
                tree.skip(source, "removed meanwhile" if gone else (error.strerror or str(error)).lower())
                continue
            self.add(Entry(name, sha256, size), overwrite=overwrite)
        tree.warn(f"artifact folder {printable(folder)}:")

    def add_reference(self, uri: str, name: str | None, *, checksum: bool, most: int) -> list[Entry]:
        """Adds what lies at an address. With `checksum` that place is asked what it holds and how to tell it apart."""
        scheme = urlparse(uri).scheme
        if not scheme:
            raise UsageError(f"a reference is an address like s3://bucket/key or file:///path, not {uri[:200]!r}")
        if scheme == "file":
            found = _local(Path(unquote(urlparse(uri).path)), name, checksum=checksum, most=most)
        elif checksum and reference.reachable(reference.checked(uri)):
            found = reference.look(uri, name, most)
        else:
            found = [reference.bare(reference.checked(uri), name)]
        return [self.add(entry, overwrite=False) for entry in found]

    def add(self, entry: Entry, *, overwrite: bool) -> Entry:
        known = self.entries.get(entry.path)
        if known is not None and known != entry and not overwrite:
            raise UsageError(f"there is a file {entry.path!r} in the artifact already; overwrite=True replaces it")
        self._check(entry.path)
        self.entries[entry.path] = entry
        self._folders.update(_above(entry.path))
        return entry

    def remove(self, path: str) -> bool:
        """Removes a file, or all below a folder; returns whether there was one."""
        gone = [name for name in self.entries if name == path or name.startswith(f"{path}/")]
        for name in gone:
            del self.entries[name]
        if gone:
            self.removed.add(path)
            self._folders = {above for name in self.entries for above in _above(name)}
        return bool(gone)

    def move_to(self, target: Objects) -> None:
        """Makes sure that all contents are in `target`."""
        source = self.objects
        if source.folder == target.folder:
            return
        with storing(f"files of an artifact cannot be copied to {target.folder}"):
            for entry in self.entries.values():
                if not entry.ref:
                    target.take(source, entry.sha256)
        self._objects = target

    def _check(self, path: str) -> None:
        """A path cannot be a file and a folder: such an artifact could not be downloaded."""
        if path in self._folders:
            raise UsageError(f"{path!r} is a folder of the artifact and cannot be a file too")
        for above in _above(path):
            if above in self.entries:
                raise UsageError(f"{above!r} is a file of the artifact and cannot hold {path!r}")


def _local(place: Path, name: str | None, *, checksum: bool, most: int) -> list[Entry]:
    """Entries that refer to the file `place`, or to all below that folder."""
    if not place.exists():
        raise FileNotFoundError(f"there is no file {place}")
    tree = FileTree(place, _folder.is_own) if place.is_dir() else None
    found = [(place, "")] if tree is None else list(tree)
    if len(found) > most:
        raise UsageError(f"{place} holds {len(found)} files: add_reference(max_objects=...) allows more than {most}")
    entries = []
    for source, below in found:
        start = name if name is not None else ("" if below else source.name)
        path = checked_path("/".join(part for part in (start, below) if part))
        try:
            sha256, size = hashed(source) if checksum else ("", source.stat().st_size)
        except OSError as error:
            if tree is None:
                raise
            tree.skip(source, (error.strerror or str(error)).lower())
            continue
        entries.append(Entry(path, sha256, size, source.absolute().as_uri()))
    if tree is not None:
        tree.warn(f"add_reference({printable(place)!r})")
    return entries


def _above(path: str) -> Iterator[str]:
    """The folders that hold `path`."""
    while path := path.rpartition("/")[0]:
        yield path
