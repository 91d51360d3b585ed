"""The application of `tracker ui`: everything below some folders, for one user."""

from __future__ import annotations

import contextlib
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware

from tracker_core.server import frame
from tracker_core.server.app import Api, operations, preferences, routes
from tracker_core.server.guard import Guard
from tracker_core.server.source import of_folders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from starlette.types import ASGIApp

_FRAMES = 64
"""Runs in frames that are remembered."""


def app(roots: Iterable[Path], token: str | None = None) -> Starlette:
    """The application over the runs directly below each of `roots`.

    With a token every request needs it; without one only requests to a loopback address are answered.
    """
    source = of_folders(roots)
    api = Api(source)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        source.close()

    @lru_cache(_FRAMES)
    def framed(folder: str) -> ASGIApp:
        return frame.framed(source, folder)

    served = [*preferences(api), frame.ticketing(source, token), *operations(api)]
    guard = Middleware(Guard, token=token, framed=framed)
    return Starlette(routes=routes(api, served), middleware=[guard], lifespan=lifespan)
