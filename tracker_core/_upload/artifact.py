"""Copies versions of artifacts to the server: contents first, each once, then the version, then what may change of it.

A version may get another number there. The collection keeps a note of that beside its versions, with what was last told
of aliases and the like: what differs from the note was changed on this machine since and is told; the rest is not, so
that it undoes nothing that others changed on the server meanwhile.
"""

from __future__ import annotations

import contextlib
import os
from typing import IO, TYPE_CHECKING

import msgspec

from tracker_core._artifacts.collection import Collection, collections
from tracker_core._artifacts.objects import hashed
from tracker_core._artifacts.part import part
from tracker_core._artifacts.version import number_of
from tracker_core._errors import CommError
from tracker_core._http import UnreachableError
from tracker_core._upload import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tracker_core._artifacts.objects import Objects
    from tracker_core._artifacts.version import Entry, Version
    from tracker_core._upload.server import Server

FILE = "synced.json"


class Note(msgspec.Struct):
    """What a server was told. Versions go by the numbers that they have here."""

    numbers: dict[int, int] = {}
    """Number here -> number there."""
    aliases: dict[str, int] = {}
    marks: dict[int, tuple[int, int]] = {}
    """Time and size of each version's JSON."""
    users: dict[int, int] = {}
    """How many runs were known to use each."""
    makers: dict[int, int] = {}
    """How many runs were known to have logged each."""
    deleted: list[int] = []


class CollectionUpload:
    """One collection's way to `server`."""

    def __init__(self, collection: Collection, server: Server, progress: Callable[[int], None] | None = None) -> None:
        self._collection = collection
        self._server = server
        self._progress = progress
        self._notes = _read(collection.folder / FILE)
        self._note = self._notes.setdefault(f"{server.client.address} {server.entity}", Note())

    def new(self, wanted: Iterable[int]) -> list[int]:
        """Those of the versions `wanted` that the server was never told of."""
        return [number for number in sorted(wanted) if number not in self._note.numbers]

    def send(self, wanted: Iterable[int]) -> int:
        """Sends the versions `wanted`, and what was changed of those that it sent before; returns how many are new.

        Raises CommError.
        """
        new = self.new(wanted)
        for number in new:
            self._send(number)
        change = self._changes()
        if change != wire.Change():
            self._server.change(self._collection.project, self._collection.name, change)
        self._tell()
        return len(new)

    def knows(self, alias: str) -> bool:
        """Whether the server was told of what `alias`, or a number like "v3", names here, if it names anything."""
        number = number_of(alias)
        if number is None:
            number = self._collection.aliases().get(alias)
        return number not in self._collection.numbers() or number in self._note.numbers

    def fetch(self, alias: str) -> int:
        """Brings the version that `alias` names on the server here; returns the number that it has here.

        Aliases that it has there it gets here, too, unless they name what the server was never told of. Raises
        CommError.
        """
        found = self._server.version(self._collection.project, self._collection.name, alias)
        for entry in found.version.entries:
            if not entry.ref and not self._collection.objects.has(entry.sha256):
                _fetch_content(self._server, self._collection.objects, entry)
        number = self._collection.adopt(found.version)
        self._note.numbers[number] = found.version.number
        ours = self._collection.aliases()
        free = [it for it in found.aliases if it not in ours or ours[it] in self._note.numbers]
        self._collection.alias(number, free)
        self._note.marks[number] = self._mark(number)
        self._note.aliases.update(dict.fromkeys(free, number))
        self._write()
        return number

    def _send(self, number: int) -> None:
        mark = self._mark(number)
        version = self._collection.load(number)
        sizes = {entry.sha256: entry.size for entry in version.entries if not entry.ref}
        for sha256 in self._server.missing(list(sizes)):
            path = self._collection.objects.path(sha256)
            if not path.is_file():
                raise CommError(
                    f"a content of {self._collection.name}:v{number} is not here any more ({path}): delete this "
                    "version, or log it again"
                )
            self._server.put_content(sha256, path, sizes[sha256])
            if self._progress is not None:
                self._progress(sizes[sha256])
        collection = self._collection
        commit = wire.Commit(self._translated(version), collection.users(number), collection.makers(number))
        self._note.numbers[number] = self._server.commit(self._collection.project, self._collection.name, commit)
        self._note.marks[number] = mark
        self._note.users[number] = len(commit.users)
        self._note.makers[number] = len(commit.makers)
        self._write()

    def _translated(self, version: Version) -> Version:
        """A link names the version that it leads to by its number there."""
        project, _, rest = version.source.partition("/")
        name, _, number = rest.partition(":")
        origin = number_of(number)
        if origin is None:
            return version
        notes = _read(Collection(self._collection.root, project, name).folder / FILE)
        note = notes.get(f"{self._server.client.address} {self._server.entity}", Note())
        return msgspec.structs.replace(version, source=f"{project}/{name}:v{note.numbers.get(origin, origin)}")

    def _changes(self) -> wire.Change:
        note, numbers = self._note, self._note.numbers
        present = set(self._collection.numbers()) & numbers.keys()
        aliases = self._aliases()
        facts = {}
        for number in present:
            if self._mark(number) != note.marks.get(number):
                version = self._collection.load(number)
                facts[numbers[number]] = wire.Facts(
                    description=version.description,
                    metadata=version.metadata,
                    tags=version.tags,
                    expires=version.expires,
                )
        users = {numbers[it]: self._collection.users(it)[note.users.get(it, 0) :] for it in present}
        makers = {numbers[it]: self._collection.makers(it)[note.makers.get(it, 0) :] for it in present}
        gone = [it for it in self._collection.deleted() if it in numbers and it not in note.deleted]
        return wire.Change(
            aliases={name: numbers[at] for name, at in aliases.items() if note.aliases.get(name) != at},
            lost_aliases=sorted(note.aliases.keys() - self._collection.aliases().keys()),
            facts=facts,
            users={number: names for number, names in users.items() if names},
            makers={number: names for number, names in makers.items() if names},
            deleted=[numbers[number] for number in gone],
        )

    def _tell(self) -> None:
        """Notes that all changes were told."""
        before = msgspec.json.encode(self._note)
        note = self._note
        for number in set(self._collection.numbers()) & note.numbers.keys():
            note.marks[number] = self._mark(number)
            note.users[number] = len(self._collection.users(number))
            note.makers[number] = len(self._collection.makers(number))
        note.aliases = self._aliases()
        note.deleted = [number for number in self._collection.deleted() if number in note.numbers]
        if msgspec.json.encode(note) != before:
            self._write()

    def _aliases(self) -> dict[str, int]:
        """Those of the versions that were sent."""
        return {name: at for name, at in self._collection.aliases().items() if at in self._note.numbers}

    def _mark(self, number: int) -> tuple[int, int]:
        with contextlib.suppress(FileNotFoundError):
            told = (self._collection.folder / f"v{number}.json").stat()
            return told.st_mtime_ns, told.st_size
        return 0, 0

    def _write(self) -> None:
        path = self._collection.folder / FILE
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(self._notes))
        draft.replace(path)


def _fetch_content(server: Server, objects: Objects, entry: Entry) -> None:
    """A download that breaks off goes on where it was, as long as something comes; so does that of a killed process."""
    path = objects.folder / "tmp" / f"{entry.sha256}.part"
    with part(path) as file:
        while (begun := file.tell()) < entry.size:
            problem = _receive(server, entry.sha256, file)
            if problem is not None and file.tell() == begun:
                raise problem
        file.flush()
        if hashed(path)[0] != entry.sha256:
            file.truncate(0)
            raise CommError(f"the content of {entry.path!r} did not arrive as it is on the server: try again")
        objects.keep(path, entry.sha256)


def _receive(server: Server, sha256: str, file: IO[bytes]) -> UnreachableError | None:
    """Adds to `file` what comes of the rest of a content; what ended that too early."""
    try:
        for piece in server.content(sha256, file.tell()):
            file.write(piece)
    except UnreachableError as problem:
        return problem
    return None


def by_entity(
    root: Path, entities: dict[str, str], default: str, address: str
) -> list[tuple[Collection, str, list[int]]]:
    """Every collection below `root` with the versions that go to an entity: that of the run which made them
    (`entities`, by "project/id"), else `default`. Those that are links come last, behind what they lead to. An entity
    that the server at `address` was told of is named even where no version is left."""
    found: list[tuple[Collection, str, list[int]]] = []
    links: list[tuple[Collection, str, list[int]]] = []
    for collection in collections(root):
        told = (key.split(" ") for key in _read(collection.folder / FILE))
        owned: dict[tuple[str, bool], list[int]] = {(entity, False): [] for at, entity in told if at == address}
        for number in collection.numbers():
            head = collection.head(number)
            entity = entities.get(head.run) or default
            owned.setdefault((entity, bool(head.source)), []).append(number)
        for (entity, linked), numbers in owned.items():
            (links if linked else found).append((collection, entity, numbers))
    return found + links


def _read(path: Path) -> dict[str, Note]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Note])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}
