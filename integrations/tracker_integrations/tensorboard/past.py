"""Runs in a folder of event files that were written without the tracker, for `tracker sync --tensorboard`."""

from __future__ import annotations

import os
import posixpath
import struct
from typing import TYPE_CHECKING, NamedTuple

from tracker_core.integration import Written
from tracker_integrations.tensorboard import event as events
from tracker_integrations.tensorboard.place import Place, place, split_phases
from tracker_integrations.tensorboard.record import Damaged, RecordFile

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
            owner = split_phases(posixpath.dirname(entry.path))[0]
            found.setdefault("" if single else owner, []).append(_File(entry.path, begun))
    for owner, files in sorted(found.items()):
        folders = {posixpath.relpath(posixpath.dirname(file.path) or ".", owner or ".") for file in files}
        first = min(files, key=lambda file: (file.begun, file.path))
        address = f"{source}/{owner}".rstrip("/")
        yield Written(
            name=owner or posixpath.basename(source),
            source=address,
            options={
                "folders": sorted("" if folder == "." else folder for folder in folders),
                # As while it is written: the name of a phase belongs to the tags.
                "prefix": split_phases(address)[1],
            },
            time=first.begun,
            # What is written to the same folder later on belongs to it; what replaces it does not.
            key=f"{address} {posixpath.basename(first.path)} {first.begun}",
        )


def _begun(where: Place, path: str) -> float | None:
    """When its writer was made, which the first event tells; None for a file without one."""
    try:
        for data in RecordFile(lambda start: where.read(path, start)).records():
            return events.event(data).wall_time
    except (Damaged, ValueError, IndexError, OSError, struct.error):
        return None
    return None
