"""What people change about a run afterwards: records in a journal of their own, beside those of the run."""

from __future__ import annotations

import math
import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _journal
from tracker_core import _records as records
from tracker_core._errors import UsageError
from tracker_core._past import identify, occupants
from tracker_core._values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tracker_core._folder import RunFolder

_PATIENCE = 10.0
"""Seconds that the background process of a run which has ended is given for its last word."""
_TRIES = 100


def update(*, name: str | None = None, notes: str | None = None, tags: Iterable[str] | None = None) -> records.Update:
    """Raises UsageError for what cannot be a name, a note or a list of tags."""
    for field, text in (("name", name), ("notes", notes)):
        if text is not None and not isinstance(text, str):
            raise UsageError(f"{field}={text!r} must be text")
    given: dict[str, Any] = {key: value for key, value in (("name", name), ("notes", notes)) if value is not None}
    if tags is not None:
        given["tags"] = (tags,) if isinstance(tags, str) else tuple(tags)
        if wrong := [tag for tag in given["tags"] if not isinstance(tag, str)]:
            raise UsageError(f"tags must be texts, not {wrong[0]!r}")
    return records.Update(time=0.0, **given)


def reconfigure(before: Mapping[str, Any], after: Mapping[str, Any]) -> records.Config:
    changed = {key: plain(value) for key, value in after.items() if key not in before or before[key] != value}
    return records.Config(time=0.0, set=changed, remove=tuple(key for key in before if key not in after))


def write(folder: RunFolder, run_id: str, record: records.Record, *, after: float = 0.0) -> Path:
    """Adds the record with the present time, but later than `after`: clocks differ, and the last edit is to win.

    Raises UsageError when the folder cannot be written.
    """
    try:
        writer = _journal.open_writer(folder, f"edit-{secrets.token_hex(4)}", run=run_id, attempt=0)
    except OSError as error:
        raise UsageError(f"run {run_id} cannot be changed in {folder.path}: {error.strerror or error}") from error
    writer.write(msgspec.structs.replace(record, time=max(time.time(), math.nextafter(after, math.inf))))
    writer.sync()
    writer.close()
    return writer.path


def delete(folder: RunFolder, run_id: str, project: str) -> None:
    """Leaves the tombstone and nothing else of the run; of an archived run nothing, since its id has another owner."""
    archived = _archived(folder, project)
    deadline = time.monotonic() + _PATIENCE
    while writers := [path for path in folder.journals() if _journal.alive(path)]:
        if time.monotonic() > deadline or not all(_in_background(path) for path in writers):
            raise UsageError(f"run {run_id} is still being written: stop it, or wait until it ends, before deleting it")
        time.sleep(0.02)
    if archived:
        _remove(folder.path)
        return
    tombstone = write(folder, run_id, records.Delete(time=0.0, run=run_id, project=project))
    for path in folder.path.iterdir():
        if path != tombstone and (path.is_symlink() or not path.is_dir()):
            path.unlink()  # without the run's journal a background process that only begins ends at once
    for path in folder.path.iterdir():
        if path != tombstone:
            _remove(path)


def restore(folder: RunFolder, project: str) -> None:
    """Give an archived run its id back; the run that has it now is archived in its place.

    Raises UsageError where that one is still being written.
    """
    for holder, snapshot in occupants(folder.root, project, folder.id):
        if snapshot.deleted or holder == folder:
            continue
        if any(_journal.alive(path) for path in holder.journals()):
            raise UsageError(f"run {folder.id} is still being written: restore the archived one when it has ended")
        write(holder, folder.id, records.Archive(time=0.0, successor=folder.id), after=_archived_at(holder))
    write(folder, folder.id, records.Archive(time=0.0, successor=""), after=_archived_at(folder))


def _archived_at(folder: RunFolder) -> float:
    return identify(folder).times.get("archived", 0.0)


def _in_background(journal: Path) -> bool:
    return journal.name.partition("-")[2].startswith("background")


def _remove(path: Path) -> None:
    """A folder goes also where somebody adds to it meanwhile, who soon notices."""
    for _ in range(_TRIES):
        if not path.is_dir():
            return path.unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
        time.sleep(0.01)
    return shutil.rmtree(path)


def _archived(folder: RunFolder, project: str) -> bool:
    snapshot = identify(folder)
    return snapshot.project == project and snapshot.archived is not None
