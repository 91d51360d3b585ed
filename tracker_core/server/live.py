"""Changes while somebody looks: one watcher for everybody, one stream a page.

A page that was away comes back with the cursor of the last event it saw, and gets what changed since.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from tracker_core._errors import NotFoundError
from tracker_core.server import wire
from tracker_core.server.board import cursor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tracker_core.server.board import Catalogue
    from tracker_core.server.source import Source

INTERVAL = 1.0
"""Seconds between two looks at the folders."""

_PING = 20
"""Seconds after which a silent stream shows that it lives."""


class Watcher:
    """Looks at the folders as long as any page is open, and wakes the streams."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._streams = 0
        self._task: asyncio.Task[None] | None = None
        self._looked = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        self._streams += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._streams -= 1
            if not self._streams and self._task is not None:
                self._task.cancel()
                self._task = None

    async def next(self) -> None:
        """Returns after the next look."""
        async with self._looked:
            await self._looked.wait()

    async def _look(self) -> None:
        while True:
            # A folder that cannot be read now may be readable later; the page says what it cannot show.
            with contextlib.suppress(OSError):
                await run_in_threadpool(self._source.refresh)
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(INTERVAL)


def stream(source: Source, catalogue: Catalogue, watcher: Watcher, asked: wire.OfEvents) -> EventSourceResponse:
    async def events() -> AsyncIterator[ServerSentEvent]:
        known: set[str] | None = None
        last = asked.cursor
        async with watcher.watching():
            while True:
                change, known = await run_in_threadpool(_change, source, catalogue, asked.project, last, known)
                if change is not None:
                    last = change.cursor
                    yield ServerSentEvent(msgspec.json.encode(change).decode(), event="change", id=last)
                await watcher.next()

    return EventSourceResponse(events(), ping=_PING, headers={"cache-control": "no-store"})


def _change(
    source: Source, catalogue: Catalogue, project: str, last: str, known: set[str] | None
) -> tuple[wire.Change | None, set[str]]:
    """What happened after `last`, and the keys of the runs that are there now."""
    try:
        shelf = source.shelf(project)
    except NotFoundError:
        gone = sorted(known or ())
        return (wire.Change("0", [], gone) if gone else None), set()
    runs = source.keys(shelf)
    since = int(last) if last.isdigit() else 0
    now = cursor(shelf.runs)
    if int(now) < since:
        since = 0  # the index was built anew and counts from the beginning
    news = {key: run for key, run in runs.items() if run.version > since}
    removed = sorted(known - runs.keys()) if known is not None else []
    if not news and not removed:
        return None, set(runs)
    return wire.Change(now, catalogue.heads(shelf.store, news), removed), set(runs)
