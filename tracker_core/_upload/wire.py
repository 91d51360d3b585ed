"""What client and server say to each other about an upload; bytes themselves travel as they are."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tracker_core._artifacts.version import Version  # noqa: TC001 - msgspec reads the annotations

PIECE = 8 << 20
"""Bytes of a journal or file that one request carries at most."""
BATCH = 5000
"""Digests that one request asks about at most."""
HEAD = 512
"""Bytes at the beginning of a journal that tell whose it is: its header names process, host and time."""


class Me(msgspec.Struct, frozen=True):
    """Whose key was sent, and for whom they may record."""

    user: str
    entities: tuple[str, ...]
    version: str


class Segment(msgspec.Struct, frozen=True):
    """A segment of a journal as far as it is there. `head` is the crc32 of its first `HEAD` bytes."""

    size: int
    head: int


class Kept(msgspec.Struct, frozen=True):
    """A whole file. `time` is when its original was changed, in nanoseconds since the epoch."""

    size: int
    time: int


class Holding(msgspec.Struct, frozen=True):
    """What the server holds of a run, by name. `deleted`: somebody removed it there, and takes no more of it."""

    deleted: bool = False
    journals: dict[str, Segment] = {}
    files: dict[str, Kept] = {}


class Held(msgspec.Struct, frozen=True):
    """How many bytes the server has now: what comes next begins there."""

    size: int


class Asked(msgspec.Struct, frozen=True):
    """Contents by their sha256."""

    digests: list[str]


class Missing(msgspec.Struct, frozen=True):
    digests: list[str]


class Commit(msgspec.Struct, frozen=True):
    """A version whose contents the server has. `users` are the runs that used it and `makers` those that logged it, as
    "project/id"."""

    version: Version
    users: list[str] = []
    makers: list[str] = []


class Numbered(msgspec.Struct, frozen=True):
    """The number that the version has on the server."""

    number: int


class Found(msgspec.Struct, frozen=True):
    """A version as the server has it, and the aliases that name it there."""

    version: Version
    aliases: list[str]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of a version."""

    description: str | None = None
    metadata: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    expires: float | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a collection, by the numbers that its versions have on the server."""

    aliases: dict[str, int] = {}
    lost_aliases: list[str] = []
    facts: dict[int, Facts] = {}
    users: dict[int, list[str]] = {}
    makers: dict[int, list[str]] = {}
    deleted: list[int] = []


# Where a request goes: what its path and its query say

Offset = Annotated[int, Meta(ge=0, le=1 << 48)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class OfUpload(msgspec.Struct, frozen=True):
    """A run by the name of its folder."""

    entity: str
    run: str


class OfJournal(msgspec.Struct, frozen=True):
    """Where the body begins in a segment of a journal; `live` says that its writer lives."""

    entity: str
    run: str
    journal: str
    offset: Offset
    live: bool = False


class OfUploadFile(msgspec.Struct, frozen=True):
    """Where the body begins in a file of `size` bytes that was changed at `time`, in nanoseconds since the epoch."""

    entity: str
    run: str
    path: str
    offset: Offset
    size: Offset
    sha256: Sha256
    time: Annotated[int, Meta(ge=0, le=1 << 62)] = 0


class OfEntity(msgspec.Struct, frozen=True):
    entity: str


class OfViewJournal(msgspec.Struct, frozen=True):
    entity: str
    journal: str
    offset: Offset


class OfContent(msgspec.Struct, frozen=True):
    """Where the body begins in a content of `size` bytes."""

    entity: str
    sha256: Sha256
    offset: Offset
    size: Offset


class OfKept(msgspec.Struct, frozen=True):
    entity: str
    sha256: Sha256


class OfVersion(msgspec.Struct, frozen=True):
    """`version` is an alias, or a number like "v3"."""

    entity: str
    project: str
    name: str
    version: str


class OfCollection(msgspec.Struct, frozen=True):
    entity: str
    project: str
    name: str
