"""Saved views of a project over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core._api import view as saved
from tracker_core.server import wire

if TYPE_CHECKING:
    from tracker_core.server.source import Shelf


def views(shelf: Shelf) -> list[wire.View]:
    found = saved.read(shelf.store.root, shelf.entity, shelf.name)
    return [wire.View(view.name, view.state, view.home) for view in found]


def save(shelf: Shelf, change: wire.SaveView) -> wire.Views:
    """Raises UsageError where the folder cannot be written."""
    view = saved.View(change.name, change.state, change.home, 0.0)
    saved.save(shelf.store.root, shelf.entity, shelf.name, view, instead_of=change.instead_of)
    return wire.Views(views(shelf))


def remove(shelf: Shelf, name: str) -> wire.Views:
    """Raises NotFoundError for a view that is not there."""
    saved.remove(shelf.store.root, shelf.entity, shelf.name, name)
    return wire.Views(views(shelf))
