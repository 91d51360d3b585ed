"""A team's server: `data` holds a folder of runs for each entity, and the accounts.

Each user gets an application over the folders of their entities. What is not theirs is not in it, so that no operation
can show it by mistake.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from tracker_core._errors import UsageError
from tracker_core.server import asset, incoming, receive, wire
from tracker_core.server.account import Accounts
from tracker_core.server.app import Api, operations, routes
from tracker_core.server.gate import Gate
from tracker_core.server.source import Root, Source
from tracker_core.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from tracker_core.server.account import User

_LOOK = 10.0
"""Seconds between two looks for writers that were not heard of for too long."""


def team(data: Path) -> ASGIApp:
    """The application of a team's server over `data`."""
    accounts = Accounts(data)
    incoming.clean(data)
    reception = receive.Reception(data)
    stores: dict[str, Store] = {}
    inner: dict[User, Starlette] = {}

    def store(entity: str) -> Store:
        if entity not in stores:
            (data / entity).mkdir(exist_ok=True)
            stores[entity] = Store(data / entity)
        return stores[entity]

    def inside(user: User) -> ASGIApp:
        plain = user._replace(created=0.0, keys=0)
        if plain not in inner:
            roots = [Root(store(entity), f"{entity}~", entity) for entity in user.entities]
            api = Api(Source(roots), wire.Visitor(user.name, user.entities))
            served = [*operations(api), *receive.operations(receive.Receiver(reception, plain))]
            for old in [old for old in inner if old.name == user.name]:
                del inner[old]  # their teams have changed
            inner[plain] = Starlette(routes=routes(api, served))
        return inner[plain]

    async def watch() -> None:
        while True:
            await asyncio.sleep(_LOOK)
            reception.leases.expire()

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(watch())
        yield
        watching.cancel()
        reception.leases.close()
        for one in stores.values():
            one.close()
        accounts.close()

    visitor = Starlette(routes=[Route("/{path:path}", asset.page)], lifespan=lifespan)
    return Gate(accounts, inside, visitor)


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Raises UsageError while another server works on `data`: two would write into the same files."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another tracker server works on {data}") from None
        file.write(str(os.getpid()))
        file.flush()
        yield
