"""What people change about a run afterwards: records in a journal of their own, beside those of the run."""

from __future__ import annotations

import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _folder, _journal
from tracker_core import _records as records
from tracker_core._errors import UsageError
from tracker_core._past import identify
from tracker_core._values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tracker_core._folder import RunFolder


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
    """Adds the record with the present time, but none before `after`: clocks differ, and the last edit is to win.

    Raises UsageError when the folder cannot be written.
    """
    try:
        writer = _journal.open_writer(folder, f"edit-{secrets.token_hex(4)}", run=run_id, attempt=0)
    except OSError as error:
        raise UsageError(f"run {run_id} cannot be changed in {folder.path}: {error.strerror or error}") from error
    writer.write(msgspec.structs.replace(record, time=max(time.time(), after)))
    writer.sync()
    writer.close()
    return writer.path


def delete(folder: RunFolder, run_id: str, project: str) -> None:
    """Leaves the tombstone and nothing else, neither of the run nor of what it took the place of."""
    if any(_journal.alive(path) for path in folder.journals()):
        raise UsageError(f"run {run_id} is still being written: stop it, or wait until it ends, before deleting it")
    tombstone = write(folder, run_id, records.Delete(time=0.0, run=run_id, project=project))
    for path in folder.path.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != tombstone:
            path.unlink()
    for earlier in _folder.find(folder.root, run_id):
        if earlier != folder and _archived(earlier, project):
            shutil.rmtree(earlier.path)


def _archived(folder: RunFolder, project: str) -> bool:
    snapshot = identify(folder)
    return snapshot.project == project and snapshot.archived is not None
