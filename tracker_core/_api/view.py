"""Saved views of a project's page: records beside the runs, so that they travel with them and outlive the index.

They lie below `<root>/views`, one journal an edit. The newest record of a name says what the view is; `home` marks the
one that the project opens with, and the newest record that marks one counts.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import msgspec

from tracker_core import _journal
from tracker_core import _records as records
from tracker_core._errors import NotFoundError, UsageError
from tracker_core._folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FOLDER = "views"


class View(msgspec.Struct, frozen=True):
    """`state` is the query string of the page's address: the address is the state."""

    name: str
    state: str
    home: bool
    time: float


def read(root: Path, entity: str, project: str) -> list[View]:
    """The views of a project, by name; those that were saved before the project had an entity are among them."""
    newest: dict[str, records.View] = {}
    for record in sorted(_records(root), key=lambda it: it.time):
        if record.project == project and record.entity in ("", entity):
            newest[record.name] = record
    kept = [record for record in newest.values() if record.state is not None]
    home = max((record for record in kept if record.home), key=lambda it: it.time, default=None)
    found = [View(record.name, record.state or "", record is home, record.time) for record in kept]
    return sorted(found, key=lambda view: view.name.casefold())


def save(root: Path, entity: str, project: str, view: View, *, instead_of: str = "") -> None:
    """Keeps `view`; the one named `instead_of` is gone afterwards: that is how a view is renamed.

    Raises UsageError when the folder cannot be written.
    """
    mark = records.View(time=0.0, entity=entity, project=project, name=view.name, state=view.state, home=view.home)
    gone = [_gone(entity, project, instead_of)] if instead_of and instead_of != view.name else []
    # Who gives the home to another view, or takes it from this one, writes one record: the newest mark counts.
    others = [] if not view.home else [it for it in read(root, entity, project) if it.home and it.name != view.name]
    moved = [
        records.View(time=0.0, entity=entity, project=project, name=it.name, state=it.state)
        for it in others
        if it.name != instead_of
    ]
    _write(root, [*gone, *moved, mark])


def remove(root: Path, entity: str, project: str, name: str) -> None:
    """Raises NotFoundError for a view that is not there."""
    if not any(view.name == name for view in read(root, entity, project)):
        raise NotFoundError(f"project {project} has no saved view {name!r}")
    _write(root, [_gone(entity, project, name)])


def _gone(entity: str, project: str, name: str) -> records.View:
    return records.View(time=0.0, entity=entity, project=project, name=name)


def _records(root: Path) -> Iterable[records.View]:
    for path in RunFolder(root / FOLDER).journals():
        for entry in _journal.Reader(path).entries():
            if isinstance(entry, records.View):
                yield entry


def _write(root: Path, changes: list[records.View]) -> None:
    folder = RunFolder(root / FOLDER)
    latest = max((record.time for record in _records(root)), default=0.0)
    now = max(time.time(), latest + 1e-3)  # clocks differ, and the last edit is to win
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        writer = _journal.open_writer(folder, f"edit-{secrets.token_hex(4)}", run="", attempt=0)
    except OSError as error:
        raise UsageError(f"the view cannot be saved in {folder.path}: {error.strerror or error}") from error
    for place, change in enumerate(changes):
        writer.write(msgspec.structs.replace(change, time=now + 1e-6 * place))
    writer.sync()
    writer.close()
