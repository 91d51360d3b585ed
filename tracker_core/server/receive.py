"""What clients upload, written where `tracker ui` would find it: see `docs/design/sync.md`.

Every name comes from elsewhere and is checked before it becomes a path. A range that is here already changes nothing;
one that leaves a gap is refused with the size that is here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import FileResponse

from tracker_core import _folder
from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._api import view
from tracker_core._artifacts.collection import Collection, objects
from tracker_core._artifacts.objects import hashed
from tracker_core._artifacts.version import LONGEST_PART, checked_aliases, checked_path, digest_of
from tracker_core._errors import NotFoundError, UsageError
from tracker_core._folder import RunFolder
from tracker_core._journal.format import SEGMENT_SIZE
from tracker_core._names import check_id, check_project
from tracker_core._upload import wire as sync
from tracker_core._version import __version__
from tracker_core.server.incoming import Incoming
from tracker_core.server.lease import Leases
from tracker_core.server.operation import ConflictError, ForbiddenError, GoneError, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from tracker_core.server import wire
    from tracker_core.server.account import User

_SEGMENT = re.compile(r"(\d{3}-[\w~.-]{1,150})\.\d{4}\.journal", re.ASCII)
_LARGEST_SEGMENT = SEGMENT_SIZE + (1 << 30)
"""One frame may be longer than a segment; none is longer than a record that fits into memory."""
_LONGEST_PATH = 1024
_PLACES = ("files", "logs")
_VERSION_LIMIT = 256 << 20
"""Bytes of a version's JSON; 100,000 files take 20 MB."""
_LOCKS = 64


class Reception:
    """What all users of one server upload to `data`, each entity to a folder of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.leases = Leases()
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._incoming: dict[str, Incoming] = {}

    def turn(self, path: Path) -> threading.Lock:
        """Whoever changes `path` holds this."""
        return self._locks[zlib.crc32(os.fsencode(path)) % _LOCKS]

    def incoming(self, entity: str) -> Incoming:
        return self._incoming.setdefault(entity, Incoming(self.data / entity))


class Receiver:
    """The operations of one user's upload."""

    def __init__(self, reception: Reception, user: User) -> None:
        self._reception = reception
        self._user = user

    def me(self, _request: Request, _asked: wire.Nothing) -> sync.Me:
        return sync.Me(self._user.name, self._user.entities, __version__)

    # Runs

    def holding(self, _request: Request, asked: sync.OfUpload) -> sync.Holding:
        folder = self._run(asked)
        return sync.Holding(
            deleted=_is_deleted(folder),
            journals=dict(_segments(folder.path)),
            files=dict(_files(folder.path)),
        )

    def journal(self, _request: Request, asked: sync.OfJournal, content: bytes) -> sync.Held:
        folder = self._run(asked)
        path = folder.path / _segment(asked.journal)
        tombstone = path.name.startswith("000-")
        with self._reception.turn(folder.path):
            if not tombstone and _is_deleted(folder):
                raise GoneError(f"run {folder.id} was deleted on the server")
            folder.files.mkdir(parents=True, exist_ok=True)
            folder.logs.mkdir(exist_ok=True)
            size = _append(path, asked.offset, content)
            if tombstone and content and _is_deleted(folder):
                self._bury(folder)
            self._hear(path, live=asked.live and size > 0)
        return sync.Held(size)

    def file(self, _request: Request, asked: sync.OfUploadFile, content: bytes) -> sync.Held:
        folder = self._run(asked)
        path = folder.path / _path(asked.path)
        if _is_deleted(folder):
            raise GoneError(f"run {folder.id} was deleted on the server")

        def settle(part: Path) -> None:
            with _placing(path):
                os.utime(part, ns=(asked.time, asked.time))
                part.replace(path)

        if not content and _is_there(path, asked.size, asked.sha256):
            os.utime(path, ns=(asked.time, asked.time))
            return sync.Held(asked.size)
        return sync.Held(
            self._reception.incoming(asked.entity).add(asked.sha256, asked.offset, asked.size, content, settle)
        )

    # Views

    def held_views(self, _request: Request, asked: sync.OfEntity) -> sync.Holding:
        return sync.Holding(journals=dict(_segments(self._root(asked.entity) / view.FOLDER)))

    def view(self, _request: Request, asked: sync.OfViewJournal, content: bytes) -> sync.Held:
        path = self._root(asked.entity) / view.FOLDER / _segment(asked.journal)
        with self._reception.turn(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            return sync.Held(_append(path, asked.offset, content))

    # Artifacts

    def missing(self, _request: Request, asked: sync.OfEntity, body: sync.Asked) -> sync.Missing:
        kept = objects(self._root(asked.entity))
        return sync.Missing([it for it in body.digests if _SHA256.fullmatch(it) and not kept.has(it)])

    def content(self, _request: Request, asked: sync.OfContent, content: bytes) -> sync.Held:
        kept = objects(self._root(asked.entity))
        if kept.has(asked.sha256):
            return sync.Held(asked.size)

        def settle(part: Path) -> None:
            kept.folder.mkdir(parents=True, exist_ok=True)
            kept.keep(part, asked.sha256)

        return sync.Held(
            self._reception.incoming(asked.entity).add(asked.sha256, asked.offset, asked.size, content, settle)
        )

    def read_content(self, _request: Request, asked: sync.OfKept) -> Response:
        """Asked for in ranges, it comes in ranges."""
        path = objects(self._root(asked.entity)).path(asked.sha256)
        if not path.is_file():
            raise NotFoundError(f"there is no content {asked.sha256} here")
        return FileResponse(path, media_type="application/octet-stream")

    def version(self, _request: Request, asked: sync.OfVersion) -> sync.Found:
        collection = self._collection(asked)
        found = collection.resolve(asked.version)
        aliases = sorted(name for name, number in collection.aliases().items() if number == found.number)
        return sync.Found(found, aliases)

    def commit(self, _request: Request, asked: sync.OfCollection, body: sync.Commit) -> sync.Numbered:
        collection = self._collection(asked)
        version = body.version
        if not 0 <= version.number < 1 << 30:
            raise UsageError(f"no version has the number {version.number}")
        for entry in version.entries:
            if checked_path(entry.path) != entry.path or not (_SHA256.fullmatch(entry.sha256) or entry.ref):
                raise UsageError(f"{entry.path[:200]!r} is no entry of an artifact")
        if digest_of(version.entries) != version.digest:
            raise UsageError("the digest of the version is not that of its entries")
        wanted = {entry.sha256 for entry in version.entries if not entry.ref}
        lacking = sum(not collection.objects.has(it) for it in wanted)
        if lacking:
            raise ConflictError(f"{lacking} contents of the version are not here yet", size=len(wanted) - lacking)
        number = collection.adopt(version)
        for user in body.users:
            collection.note(number, "input", _line(user))
        for maker in body.makers:
            collection.note(number, "output", _line(maker))
        return sync.Numbered(number)

    def change(self, _request: Request, asked: sync.OfCollection, body: sync.Change) -> None:
        """What concerns versions that are gone meanwhile is left out."""
        collection = self._collection(asked)
        for number, facts in body.facts.items():
            with contextlib.suppress(NotFoundError):
                version = msgspec.structs.replace(collection.load(number), **msgspec.structs.asdict(facts))
                collection.change(version, None)
        for number, users in body.users.items():
            for user in users:
                collection.note(number, "input", _line(user))
        for number, makers in body.makers.items():
            for maker in makers:
                collection.note(number, "output", _line(maker))
        there = set(collection.numbers())
        for number in set(body.aliases.values()) & there:
            collection.alias(number, checked_aliases(name for name, at in body.aliases.items() if at == number))
        if body.lost_aliases:
            collection.drop_aliases(body.lost_aliases)
        for number in set(body.deleted) & there:
            collection.delete(number, with_aliases=True)

    # Names become places

    def _root(self, entity: str) -> Path:
        if entity not in self._user.entities:
            raise ForbiddenError(
                f"{self._user.name} is no member of {entity!r}: `tracker server team add` makes one of them"
            )
        return self._reception.data / entity

    def _run(self, asked: sync.OfUpload | sync.OfJournal | sync.OfUploadFile) -> RunFolder:
        root = self._root(asked.entity)
        run_id = _folder.id_of(asked.run)
        if run_id is None or asked.run != PurePosixPath(asked.run).name or len(os.fsencode(asked.run)) > LONGEST_PART:
            raise UsageError(f"{asked.run[:200]!r} is no run's folder")
        check_id(run_id)
        return RunFolder(root / asked.run)

    def _collection(self, asked: sync.OfCollection | sync.OfVersion) -> Collection:
        return Collection(self._root(asked.entity), check_project(asked.project), asked.name)

    # What follows from what came

    def _hear(self, path: Path, *, live: bool) -> None:
        """The first segment carries the lock of the whole journal."""
        first = path.with_name(f"{path.name[: -len('.0000.journal')]}.0000.journal")
        if live and first.exists():
            self._reception.leases.renew(first)
        else:
            self._reception.leases.drop(first)

    def _bury(self, folder: RunFolder) -> None:
        """Leaves of a deleted run what its own machine left of it: the records of its deletion."""
        for path in folder.path.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif not path.name.startswith("000-"):
                self._reception.leases.drop(path)
                path.unlink()


_SHA256 = re.compile("[0-9a-f]{64}")


def operations(receiver: Receiver) -> list[Operation]:
    run = "/api/entities/{entity}/runs/{run}"
    artifact = "/api/entities/{entity}/artifacts/{project}/{name}"
    entity = "/api/entities/{entity}"

    def upload(path: str, summary: str, call: object, parameters: type[msgspec.Struct]) -> Operation:
        return Operation(
            "PUT",
            path,
            summary,
            call,  # type: ignore[arg-type]
            parameters,
            bytes,
            sync.Held,
            limit=sync.PIECE,
            refusals=(401, 409, 410),
        )

    return [
        Operation("GET", "/api/me", "Whose key this is", receiver.me, answer=sync.Me, refusals=(401,)),
        Operation(
            "GET", run, "What is here of a run", receiver.holding, sync.OfUpload, answer=sync.Holding, refusals=(401,)
        ),
        upload(f"{run}/journals/{{journal}}", "A range of a journal", receiver.journal, sync.OfJournal),
        upload(f"{run}/files/{{path:path}}", "A range of a file", receiver.file, sync.OfUploadFile),
        Operation(
            "GET",
            f"{entity}/views",
            "What is here of saved views",
            receiver.held_views,
            sync.OfEntity,
            answer=sync.Holding,
            refusals=(401,),
        ),
        upload(f"{entity}/views/{{journal}}", "A range of a saved view", receiver.view, sync.OfViewJournal),
        Operation(
            "POST",
            f"{entity}/contents",
            "Which contents are not here",
            receiver.missing,
            sync.OfEntity,
            sync.Asked,
            sync.Missing,
            refusals=(401,),
        ),
        upload(f"{entity}/contents/{{sha256}}", "A range of a content", receiver.content, sync.OfContent),
        Operation(
            "GET",
            f"{entity}/contents/{{sha256}}",
            "A content",
            receiver.read_content,
            sync.OfKept,
            media=("application/octet-stream",),
            refusals=(401,),
        ),
        Operation(
            "GET",
            f"{artifact}/{{version}}",
            "A version by alias or number",
            receiver.version,
            sync.OfVersion,
            answer=sync.Found,
            refusals=(401,),
        ),
        Operation(
            "PUT",
            artifact,
            "A version of an artifact",
            receiver.commit,
            sync.OfCollection,
            sync.Commit,
            sync.Numbered,
            limit=_VERSION_LIMIT,
            refusals=(401, 409),
        ),
        Operation(
            "PATCH",
            artifact,
            "Change versions and aliases",
            receiver.change,
            sync.OfCollection,
            sync.Change,
            limit=_VERSION_LIMIT,
            refusals=(401,),
        ),
    ]


def _segment(name: str) -> str:
    if not _SEGMENT.fullmatch(name):
        raise UsageError(f"{name[:200]!r} is no journal")
    return name


def _path(name: str) -> str:
    """Where in a run's folder a file goes. Raises UsageError for what would leave `files` and `logs`."""
    parts = name.split("/")
    wrong = any(part in ("", ".", "..") or "\0" in part or len(os.fsencode(part)) > LONGEST_PART for part in parts)
    if wrong or len(parts) < 2 or parts[0] not in _PLACES or len(os.fsencode(name)) > _LONGEST_PATH:
        raise UsageError(f"{name[:200]!r} is no file of a run")
    return name


def _line(text: str) -> str:
    if not text.isprintable() or len(text) > 512:
        raise UsageError(f"{text[:200]!r} is no run")
    return text


@contextlib.contextmanager
def _placing(path: Path) -> Iterator[None]:
    """Makes the folder of `path`; what is in its way is the sender's fault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UsageError(f"{path.name!r} would be a file and a folder at once") from error


def _append(path: Path, offset: int, content: bytes) -> int:
    """Adds to a journal what is new of `content`, which begins at `offset`; returns its size."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    with open(fd, "r+b", buffering=0) as file:  # noqa: PTH123 - of a descriptor
        size = file.seek(0, os.SEEK_END)
        if offset > size:
            raise ConflictError(f"there is a gap: bytes from {size} on come next", size=size)
        if offset + len(content) > _LARGEST_SEGMENT:
            raise UsageError("no segment of a journal is as long as that")
        left = memoryview(content)[size - offset :]
        while left:
            written = file.write(left)
            left, size = left[written:], size + written
    return size


def _is_there(path: Path, size: int, sha256: str) -> bool:
    return path.is_file() and path.stat().st_size == size and hashed(path)[0] == sha256


def _is_deleted(folder: RunFolder) -> bool:
    paths = folder.journals()
    if not paths or not paths[0].name.startswith("000-"):
        return False
    edits = [path for path in paths if path.name.startswith("000-")]
    return any(isinstance(entry, records.Delete) for path in edits for entry in journal.Reader(path).entries())


def _segments(folder: Path) -> Iterator[tuple[str, sync.Segment]]:
    for path in folder.glob("*.journal"):
        with path.open("rb") as file:
            head = file.read(sync.HEAD)
            yield path.name, sync.Segment(os.fstat(file.fileno()).st_size, zlib.crc32(head))


def _files(folder: Path) -> Iterator[tuple[str, sync.Kept]]:
    for place in _PLACES:
        for above, _, names in os.walk(folder / place):
            for name in names:
                path = Path(above, name)
                told = path.stat()
                yield path.relative_to(folder).as_posix(), sync.Kept(told.st_size, told.st_mtime_ns)
