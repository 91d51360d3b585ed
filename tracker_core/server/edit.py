"""What people change about a run from the pages: records beside the run, as from anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, structs

from tracker_core import _records as records
from tracker_core._api import edit

if TYPE_CHECKING:
    from tracker_core.server import wire
    from tracker_core.server.source import Entry


def apply(entry: Entry, change: wire.Edit) -> Entry:
    """The run as it stands afterwards."""
    given: dict[str, Any] = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    store = entry.shelf.store
    if not given:
        return entry
    edit.write(
        store.folder(entry.run), entry.run.card.id, records.Update(time=0.0, **given), after=entry.run.card.updated
    )
    return entry._replace(run=store.refresh_run(entry.run))


def remove(entry: Entry) -> None:
    """Raises UsageError for a run that is still being written."""
    store = entry.shelf.store
    edit.delete(store.folder(entry.run), entry.run.card.id, entry.run.card.project)
    store.refresh()
