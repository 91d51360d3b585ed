"""Runs in a folder of event files that were written without the tracker, for `tracker sync --tensorboard`."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from tracker_core.integration import Written
from tracker_integrations.tensorboard import event as events
from tracker_integrations.tensorboard.patch import PHASES
from tracker_integrations.tensorboard.place import Place, place
from tracker_integrations.tensorboard.record import Damaged, RecordFile
from tracker_integrations.tensorboard.tail import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator


class _File(NamedTuple):
    path: str
    begun: float


def runs(source: str, *, single: bool = False) -> Iterator[Written]:
    """One run per folder that holds event files, named by its path below `source`; all in one if `single`.

    Folders of phases (`train`, `validation` ...) and sessions of `add_hparams` belong to the run that they lie in.
    """
    source = source.rstrip("/") if "://" in source else os.path.abspath(source)  # noqa: PTH100 - as in `patch`
    where = place(source)
    found: dict[str, list[_File]] = {}
    for entry in where.entries():
        if "tfevents" in posixpath.basename(entry.path) and (begun := _begun(where, entry.path)) is not None:
            found.setdefault("" if single else _owner(entry.path), []).append(_File(entry.path, begun))
    for owner, files in sorted(found.items()):
        folders = {posixpath.relpath(posixpath.dirname(file.path) or ".", owner or ".") for file in files}
        first = min(files, key=lambda file: (file.begun, file.path))
        address = f"{source}/{owner}".rstrip("/")
        yield Written(
            name=owner or posixpath.basename(source),
            source=address,
            options={"folders": sorted("" if folder == "." else folder for folder in folders)},
            time=first.begun,
            # What is written to the same folder later on belongs to it; what replaces it does not.
            key=f"{address} {posixpath.basename(first.path)} {first.begun}",
        )


def _owner(path: str) -> str:
    folder, name = posixpath.split(posixpath.dirname(path))
    while name and (name.lower() in PHASES or SESSION.fullmatch(name)):
        folder, name = posixpath.split(folder)
    return posixpath.join(folder, name)


def _begun(where: Place, path: str) -> float | None:
    """When its writer was made, which the first event tells; None for a file without one."""
    try:
        for data in RecordFile(lambda start: where.read(path, start)).records():
            return events.event(data).wall_time
    except (Damaged, ValueError, IndexError):
        return None
    return None
