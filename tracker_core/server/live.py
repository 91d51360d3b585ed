"""Changes while somebody looks: one watcher for everybody, one stream a page.

A page that was away comes back with the cursor of the last event it saw, and gets what changed since.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent

from tracker_core._errors import NotFoundError
from tracker_core.server import wire
from tracker_core.server.board import cursor
from tracker_core.server.operation import in_thread

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
                await in_thread(self._source.refresh)
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(INTERVAL)


class _Page:
    """What one page was told: where it stands, the runs that were there, and what this stream sent of them."""

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        self.runs: set[str] = set()
        self.heads: dict[str, wire.Head] = {}
        self.names: dict[str, tuple[Any, ...]] = {}


def stream(source: Source, catalogue: Catalogue, watcher: Watcher, asked: wire.OfEvents) -> EventSourceResponse:
    async def events() -> AsyncIterator[ServerSentEvent]:
        page = _Page(asked.cursor)
        async with watcher.watching():
            while True:
                change = await in_thread(partial(_change, source, catalogue, asked.project, page))
                if change is not None:
                    yield ServerSentEvent(msgspec.json.encode(change).decode(), event="change", id=change.cursor)
                await watcher.next()

    return EventSourceResponse(events(), ping=_PING, headers={"cache-control": "no-store"})


def _change(source: Source, catalogue: Catalogue, project: str, page: _Page) -> wire.Change | None:
    """What the page was not told yet."""
    try:
        shelf = source.shelf(project)
    except NotFoundError:
        gone, page.runs = sorted(page.runs), set()
        page.cursor = "0"
        return wire.Change("0", removed=gone) if gone else None
    runs = source.keys(shelf)
    since = int(page.cursor) if page.cursor.isdigit() else 0
    now = cursor(shelf.runs)
    if int(now) < since:
        since = 0  # the index was built anew and counts from the beginning
    news = {key: run for key, run in runs.items() if run.version > since}
    removed = sorted(page.runs - runs.keys())
    page.runs = set(runs)
    if not news and not removed:
        return None
    page.cursor = now
    heads = catalogue.heads(shelf.store, news)
    told = {head.key for head in heads if _only_grew(page.heads.get(head.key), head)}
    names = {key: catalogue.names(shelf.store, key, run) for key, run in news.items()}
    named = any(page.names.get(key) != asked for key, asked in names.items())
    page.heads = {key: head for key, head in page.heads.items() if key in runs} | {head.key: head for head in heads}
    page.names = {key: asked for key, asked in page.names.items() if key in runs} | names
    return wire.Change(
        now,
        runs=[head for head in heads if head.key not in told],
        grown=[wire.Growth(head.key, head.updated, head.steps) for head in heads if head.key in told],
        removed=removed,
        named=named,
    )


def _only_grew(before: wire.Head | None, head: wire.Head) -> bool:
    return before is not None and head == msgspec.structs.replace(before, updated=head.updated, steps=head.steps)
