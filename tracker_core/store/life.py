"""What a folder tells without its journals being read: whether there is news, and whether the run lives."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from tracker_core import _journal as journal
from tracker_core._journal.format import segment_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tracker_core import _records as records
    from tracker_core._folder import RunFolder
    from tracker_core._snapshot import Snapshot

_DOUBT = 2.0
"""Seconds after a folder's last change during which another one might not move its time."""


def living(folder: RunFolder) -> set[str]:
    """The journals that a process still writes. To be asked before they are read: what is dead then is read whole."""
    return {path.name for path in folder.journals() if journal.alive(path)}


def state(folder: RunFolder, snapshot: Snapshot, alive: set[str]) -> records.State:
    """The run's state: "running" while the training process of any attempt goes on, then what the records say of the
    last one; "crashed" where they say "running" and nobody writes any more."""
    going = [attempt.number for attempt in snapshot.attempts.values() if attempt.state == "running"] or [1]
    if any(trained(folder, number, alive) for number in going):
        return "running"
    return "crashed" if snapshot.state == "running" else snapshot.state


def trained(folder: RunFolder, attempt: int, alive: set[str]) -> bool:
    """Whether the training process of this attempt is among the living."""
    journals = [path.name for path in folder.journals() if path.name.startswith(f"{attempt:03d}-")]
    mains = [name for name in journals if name.startswith(f"{attempt:03d}-main")]
    return not alive.isdisjoint(mains or journals)


def mark(folder: RunFolder, *, ended: bool) -> str:
    """What the folder of a run that nobody writes looks like: as long as it looks so, there is nothing new.

    A run that never said that it ended may be a copy that is still growing, so that its journals are looked at too.
    Empty when the folder changed too lately to be sure.
    """
    changed = os.stat(folder.path).st_mtime_ns  # noqa: PTH116 - a thousand of these are asked for at once
    if abs(time.time() - changed / 1e9) < _DOUBT:
        return ""
    if ended:
        return str(changed)
    found = sorted(
        f"{entry.name}:{status.st_size}:{status.st_mtime_ns}"
        for entry in os.scandir(folder.path)
        if entry.name.endswith(".journal") and (status := entry.stat())
    )
    return "|".join((str(changed), *found))


def unchanged(folder: str, seen: str) -> bool:
    """Whether the folder still looks as `mark` saw it."""
    if not seen:
        return False
    changed, separator, _ = seen.partition("|")
    try:
        if str(os.stat(folder).st_mtime_ns) != changed:  # noqa: PTH116 - see above
            return False
    except FileNotFoundError:
        return False
    if not separator:
        return True
    from tracker_core._folder import RunFolder

    return mark(RunFolder(folder), ended=False) == seen


def news(folder: RunFolder, places: Mapping[str, journal.Position]) -> bool:
    """Whether a journal holds more than was read: a look at the four bytes that the next record begins with."""
    return any(path.name not in places or _goes_on(path, places[path.name]) for path in folder.journals())


def lost(folder: RunFolder, places: Mapping[str, journal.Position]) -> bool:
    """Whether a journal is gone, or shorter than what was read of it."""
    return any(_size(folder.path / name, position) < position.offset for name, position in places.items())


def _goes_on(first: Path, position: journal.Position) -> bool:
    path = segment_path(first, position.segment)
    try:
        with path.open("rb") as file:
            if os.pread(file.fileno(), 4, position.offset) not in (b"", bytes(4)):
                return True
    except FileNotFoundError:
        return False
    return segment_path(first, position.segment + 1).exists()


def _size(first: Path, position: journal.Position) -> int:
    try:
        return segment_path(first, position.segment).stat().st_size
    except FileNotFoundError:
        return -1
