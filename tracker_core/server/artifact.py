"""Artifacts of a project, and who made and used them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from tracker_core._artifacts.collection import Collection, collections
from tracker_core._errors import NotFoundError
from tracker_core.server import wire
from tracker_core.server.board import finite
from tracker_core.server.delivery import media_type

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core.server.source import Shelf, Source

_MOST = 20_000
"""Files of one version that are listed."""


class _Brief(msgspec.Struct, frozen=True):
    """A version without its files and its metadata."""

    type: str
    number: int
    digest: str
    created: float
    tags: tuple[str, ...] = ()
    expires: float | None = None
    run: str = ""
    size: int = 0


_brief = msgspec.json.Decoder(_Brief).decode


class Archive:
    """Remembers versions as long as their files do not change: one may list a hundred thousand files."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], _Brief]] = {}

    def heads(self, source: Source, shelf: Shelf) -> list[wire.ArtifactHead]:
        """The versions of a project, and those of other projects that its runs used; by name, the newest first."""
        runs = _Runs(source, shelf)
        found = []
        for collection in collections(shelf.store.root):
            aliases = collection.aliases()
            for number in reversed(collection.numbers()):
                brief = self._brief(collection, number)
                if brief is None:
                    continue
                users = [runs.link(name) for name in collection.users(number)]
                makers = runs.makers(collection, brief)
                if collection.project == shelf.name or any(it.project == shelf.key for it in (*users, *makers)):
                    found.append(_head(runs, collection, brief, aliases, makers, users))
        return found

    def _brief(self, collection: Collection, number: int) -> _Brief | None:
        """None for a version that was deleted a moment ago."""
        path = collection.folder / f"v{number}.json"
        try:
            told = path.stat()
            mark = (told.st_mtime_ns, told.st_size)
            known = self._known.get(path)
            if known is None or known[0] != mark:
                known = self._known[path] = (mark, _brief(path.read_bytes()))
        except (OSError, msgspec.MsgspecError):
            return None
        return known[1]


def version(source: Source, shelf: Shelf, asked: wire.OfArtifact) -> wire.ArtifactVersion:
    """Raises NotFoundError, as does what is below."""
    collection = _collection(shelf, asked.name)
    found = collection.load(asked.version)
    runs = _Runs(source, shelf)
    brief = msgspec.convert(found, _Brief, from_attributes=True)
    users = [runs.link(name) for name in collection.users(asked.version)]
    return wire.ArtifactVersion(
        head=_head(runs, collection, brief, collection.aliases(), runs.makers(collection, brief), users),
        description=found.description or "",
        metadata=finite(found.metadata),
        source=found.source,
        total=len(found.entries),
        files=[
            wire.ArtifactFile(entry.path, entry.size, media_type(entry.path), entry.ref)
            for entry in found.entries[:_MOST]
        ],
    )


def file(shelf: Shelf, asked: wire.OfArtifactFile) -> Path:
    """Where the content of one of its files lies; what lies elsewhere is not fetched for anybody."""
    collection = _collection(shelf, asked.name)
    for entry in collection.load(asked.version).entries:
        if entry.path == asked.path and not entry.ref:
            path = collection.objects.path(entry.sha256)
            if path.is_file():
                return path
    raise NotFoundError(f"artifact {asked.name!r} v{asked.version} keeps no file {asked.path!r}")


class _Runs:
    """Runs by "project/id", as artifacts name them."""

    def __init__(self, source: Source, shelf: Shelf) -> None:
        self._shelf = shelf
        self._links: dict[str, wire.RunLink] = {}
        self._projects: dict[str, str] = {}
        for other in source.shelves():
            if other.store is shelf.store:
                self._projects.setdefault(other.name, other.key)
                for key, run in source.keys(other).items():
                    link = wire.RunLink(other.key, key, run.card.name or run.card.id, run.card.state, run.card.start)
                    self._links[f"{run.card.project}/{run.card.id}"] = link

    def link(self, name: str) -> wire.RunLink:
        """A run that is gone keeps its name."""
        return self._links.get(name) or wire.RunLink("", "", name, None, 0.0)

    def makers(self, collection: Collection, brief: _Brief) -> list[wire.RunLink]:
        """All runs that logged it, first the one that made it."""
        names = dict.fromkeys([brief.run, *collection.makers(brief.number)])
        return [self.link(name) for name in names if name]

    def project(self, name: str) -> str:
        return self._projects.get(name, "")


def _head(
    runs: _Runs,
    collection: Collection,
    brief: _Brief,
    aliases: dict[str, int],
    makers: list[wire.RunLink],
    users: list[wire.RunLink],
) -> wire.ArtifactHead:
    return wire.ArtifactHead(
        project=runs.project(collection.project),
        name=collection.name,
        version=brief.number,
        type=brief.type,
        digest=brief.digest,
        size=brief.size,
        created=brief.created,
        aliases=sorted(alias for alias, number in aliases.items() if number == brief.number),
        tags=list(brief.tags),
        expired=brief.expires is not None and brief.expires < time.time(),
        made_by=makers,
        used_by=users,
    )


def _collection(shelf: Shelf, name: str) -> Collection:
    """Raises NotFoundError for what cannot be a name, too: it came with a request."""
    for collection in collections(shelf.store.root, shelf.name):
        if collection.name == name:
            return collection
    raise NotFoundError(f"project {shelf.name!r} has no artifact {name!r}")
