"""A team's server, as the uploads speak to it: one method an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from tracker_core._errors import CommError
from tracker_core._http import Client, RefusedError
from tracker_core._upload import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")


class Server:
    """The server behind `client`, for what is uploaded to `entity`."""

    def __init__(self, client: Client, entity: str) -> None:
        self.client = client
        self.entity = entity
        self.between: Callable[[], object] = int
        """Called after each piece of a file: for what must not wait until a large one is there."""
        self._entity = f"/api/entities/{quote(entity, safe='')}"

    def holding(self, run: str) -> wire.Holding:
        return self._get(f"{self._entity}/runs/{quote(run, safe='')}", wire.Holding)

    def held_views(self) -> wire.Holding:
        return self._get(f"{self._entity}/views", wire.Holding)

    def put_journal(self, run: str, journal: str, offset: int, content: bytes, *, live: bool) -> int:
        """How much the server has then; less than `offset` where it has less, and then nothing was added."""
        path = f"{self._entity}/runs/{quote(run, safe='')}/journals/{quote(journal, safe='')}"
        return self._put(path, content, offset=offset, live=live)

    def put_view(self, journal: str, offset: int, content: bytes) -> int:
        return self._put(f"{self._entity}/views/{quote(journal, safe='')}", content, offset=offset)

    def put_file(
        self, run: str, path: str, source: Path, sha256: str, size: int, time: int, *, probe: bool = False
    ) -> None:
        """A file of a run, from wherever an earlier attempt got to. Raises RefusedError when it changes meanwhile.

        With `probe` the server may well have this very content, and is asked first.
        """
        place = f"{self._entity}/runs/{quote(run, safe='')}/files/{quote(path, safe='/')}"
        self._put_whole(place, source, size, probe=probe, sha256=sha256, time=time)

    def put_content(self, sha256: str, source: Path, size: int) -> None:
        self._put_whole(f"{self._entity}/contents/{sha256}", source, size, probe=False)

    def missing(self, digests: list[str]) -> Iterator[str]:
        """Those of `digests` that the server does not have."""
        for begin in range(0, len(digests), wire.BATCH):
            body = msgspec.json.encode(wire.Asked(digests[begin : begin + wire.BATCH]))
            answer = self.client.ask("POST", f"{self._entity}/contents", body=body, json=True)
            yield from _decoded(answer, wire.Missing).digests

    def commit(self, project: str, name: str, commit: wire.Commit) -> int:
        body = msgspec.json.encode(commit)
        answer = self.client.ask("PUT", self._collection(project, name), body=body, json=True)
        return _decoded(answer, wire.Numbered).number

    def version(self, project: str, name: str, alias: str) -> wire.Found:
        """Raises RefusedError with the status 404 where there is none."""
        return self._get(f"{self._collection(project, name)}/{quote(alias, safe='')}", wire.Found)

    def content(self, sha256: str, start: int) -> Iterator[bytes]:
        """A content from byte `start` on. Reading raises UnreachableError."""
        return self.client.read(f"{self._entity}/contents/{sha256}", start)

    def change(self, project: str, name: str, change: wire.Change) -> None:
        body = msgspec.json.encode(change)
        self.client.ask("PATCH", self._collection(project, name), body=body, json=True)

    def _collection(self, project: str, name: str) -> str:
        return f"{self._entity}/artifacts/{quote(project, safe='')}/{quote(name, safe='')}"

    def _put_whole(self, path: str, source: Path, size: int, *, probe: bool, **params: Any) -> None:
        """Of a large file the server may have a part; what is small is sent quicker than asked for."""
        offset = 0
        if probe or size > wire.PIECE:
            offset = self._put(path, b"", offset=0, size=size, **params)
            if offset == size:
                return
        stuck = False
        with source.open("rb") as file:
            while True:
                file.seek(offset)
                now = self._put(path, file.read(min(wire.PIECE, size - offset)), offset=offset, size=size, **params)
                self.between()
                if now == size:
                    return
                if now <= offset and stuck:
                    raise RefusedError("the file changes while it is uploaded", 409, now)
                stuck = now <= offset
                offset = now

    def _put(self, path: str, content: bytes, **params: Any) -> int:
        params = {
            name: str(value).lower() if value is True or value is False else value for name, value in params.items()
        }
        try:
            answer = self.client.ask("PUT", path, params=params, body=content)
        except RefusedError as refused:
            if refused.status != 409 or refused.size is None:
                raise
            return refused.size
        return _decoded(answer, wire.Held).size

    def _get(self, path: str, answer: type[T]) -> T:
        return _decoded(self.client.ask("GET", path), answer)


def whoami(client: Client) -> wire.Me:
    """Raises AuthenticationError or CommError."""
    return _decoded(client.ask("GET", "/api/me"), wire.Me)


def _decoded(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.MsgspecError as error:
        raise CommError(f"the server does not answer as agreed, it may be of another version: {error}") from None
