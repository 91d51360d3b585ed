"""One run in full: its page, its console, its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core._errors import NotFoundError
from tracker_core.server import wire
from tracker_core.server.board import finite, project
from tracker_core.server.delivery import media_type
from tracker_core.store import console as lines
from tracker_core.store import file as stored

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core.server.board import Catalogue
    from tracker_core.server.source import Entry


def run(catalogue: Catalogue, entry: Entry) -> wire.Run:
    store, found = entry.shelf.store, entry.run
    runs = {entry.key: found}
    head = catalogue.heads(store, runs)[0]
    metadata = store.metadata(found)
    card = found.card
    return wire.Run(
        **{name: getattr(head, name) for name in wire.Head.__struct_fields__},
        project=project(entry.shelf),
        entity=card.entity,
        config=finite(found.config),
        summary=finite({name: value for name, value in found.flat.items() if not name.startswith("_")}),
        metadata=finite(metadata[max(metadata)] if metadata else {}),
        attempts=[
            wire.Attempt(
                number=life.number,
                start=life.start,
                end=life.end,
                state=life.state,
                exit_code=life.exit_code,
                signal=life.signal,
                host=str(metadata.get(life.number, {}).get("host", "")),
            )
            for life in card.attempts
        ],
        metrics=catalogue.metrics(store, runs),
        files=[wire.FileEntry(file.name, file.size, media_type(file.name)) for file in _files(entry)],
        alerts=[wire.Alert(alert.time, alert.title, alert.text, alert.level) for alert in card.alerts],
        exit_code=card.exit_code,
        lost=card.lost,
        unreadable=card.damage.unreadable,
        damaged_journals=list(card.damage.journals),
        headless=card.damage.headless,
        folder=entry.shelf.folder and str(store.folder(found).path),
    )


def console(entry: Entry, asked: wire.OfConsole) -> wire.Console:
    """A negative `first` counts from the end, so that the last lines need no question before."""
    db, number = entry.shelf.store.db, entry.run.number
    if asked.search:
        total, found = lines.find(db, number, asked.search, max(0, asked.first), asked.count)
        first = max(0, asked.first)
    else:
        total = lines.count(db, number)
        first = asked.first if asked.first >= 0 else max(0, total + asked.first)
        found = lines.page(db, number, first, asked.count)
    told = [wire.ConsoleLine(line.number, line.time, line.stream, line.text) for line in found]
    return wire.Console(total, first, told)


def file(entry: Entry, path: str) -> Path:
    """Where the file lies. Only what the list names can be had, so no path leads out of the run's folder."""
    for known in _files(entry):
        if known.name == path and not _leaves(entry, known.path):
            return known.path
    raise NotFoundError(f"run {entry.run.card.id} has no file {path!r}")


def _files(entry: Entry) -> list[stored.File]:
    store = entry.shelf.store
    return stored.files(store.db, entry.run.number, store.folder(entry.run))


def _leaves(entry: Entry, path: Path) -> bool:
    """Whether a link in the folder points out of it."""
    return not path.resolve().is_relative_to(entry.shelf.store.folder(entry.run).files.resolve())
