"""A run in a frame of another page, where a token is wanted: an application that holds this run and nothing else.

Whoever can read the page that holds the frame has the frame's address, so it carries a ticket (`_served.ticket`) in the
place of the token. What is not in the application cannot be shown by mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs
from starlette.applications import Starlette

from tracker_core import _served
from tracker_core.server import wire
from tracker_core.server.app import Api, operations, routes
from tracker_core.server.operation import Operation
from tracker_core.server.source import Entry, Shelf, Source

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from tracker_core.store import Run

_LEFT_OUT = "/artifacts/"
"""Versions have pages of their own."""


def framed(whole: Source, folder: str) -> ASGIApp:
    """What the frame of the run of `folder` may ask for."""
    api = _Api(_Alone(whole, folder))
    served = [it for it in operations(api) if it.method == "GET" and _LEFT_OUT not in it.path]
    return Starlette(routes=routes(api, served))


def ticketing(source: Source, token: str | None) -> Operation:
    """The operation that gives tickets; empty ones where no token is wanted."""

    def give(_request: Request, asked: wire.OfRun) -> wire.Frame:
        folder = source.entry(asked.run).run.folder
        return wire.Frame(folder, _served.ticket(token, folder) if token else "")

    return Operation("GET", "/api/runs/{run}/frame", "What opens a run in a frame", give, wire.OfRun, answer=wire.Frame)


class _Alone(Source):
    """One run of a source, in its project."""

    def __init__(self, whole: Source, folder: str) -> None:
        super().__init__([])
        self._whole = whole
        self._folder = folder

    def refresh(self) -> None:
        self._whole.refresh()

    def shelves(self) -> list[Shelf]:
        found = self.find(self._folder)
        return [found.shelf] if found is not None else []

    def keys(self, shelf: Shelf) -> dict[str, Run]:
        return self._whole.keys(shelf)

    def find(self, key: str) -> Entry | None:
        found = self._whole.find(self._folder)
        if found is None or key not in (found.key, self._folder):
            return None
        return found._replace(shelf=found.shelf._replace(runs=[found.run]))


class _Api(Api):
    def board(self, request: Request, asked: wire.OfProject) -> wire.Board:
        return structs.replace(super().board(request, asked), views=[])

    def artifacts(self, request: Request, asked: wire.OfProject) -> wire.Artifacts:
        """Those that the run made or used; of other runs the names."""
        versions = super().artifacts(request, asked).versions
        return wire.Artifacts([it for it in versions if any(run.key for run in (*it.made_by, *it.used_by))])
