"""How the ranks of one launch, and the children of a process, find the run that they belong to.

Rank 0 leaves a note about its run: in its environment, which processes that it starts inherit, and in a file that all
ranks of a launch look for. A rank accepts a note only of its own launch: on the same machine its launcher must be an
ancestor of the process that wrote the note; between machines the launcher's variables must agree; and the run must not
have ended before the rank began. So a note that an earlier launch left is never taken for one's own.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tracker_core import _journal, _launch
from tracker_core._launch import Process  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core._launch import Rank

_FOLDER = ".ranks"
_VARIABLE = "_TRACKER_RUN"
_KEPT = 86_400.0
"""Seconds after which the note of an ended run is removed."""

_GRAIN = 0.05
"""Seconds that two changes of a folder may lie apart and still have the same modification time."""

_own: dict[str, Path | None] = {}
"""Folder -> file of the notes that this process wrote."""
_left: set[str] = set()
"""Folders of runs that this process joined and finished: the next `init` is about another run."""


class Note(msgspec.Struct, kw_only=True):
    """A run, and the process that writes it. `ancestors` are those of that process."""

    folder: str
    """Bytes of the path as latin-1, so that any path can be JSON."""
    run: str
    name: str | None
    """The name that was given to `init`; None for a generated one."""
    journal: str
    attempt: int
    step: int
    """The step at which the attempt began."""
    resumed: bool = False
    key: str
    machine: str
    process: Process
    ancestors: list[Process] = []
    opened: float
    ended: float | None = None

    @property
    def path(self) -> Path:
        return Path(os.fsdecode(self.folder.encode("latin-1")))


def announce(
    folder: Path, *, run: str, name: str | None, journal: str, attempt: int, step: int, resumed: bool = False
) -> None:
    """Tells other ranks and child processes about the run of this process."""
    launched = _launch.launched()
    note = Note(
        folder=os.fsencode(folder).decode("latin-1"),
        run=run,
        name=name,
        journal=journal,
        attempt=attempt,
        step=step,
        resumed=resumed,
        key=_launch.key() if launched else "",
        machine=_launch.machine(),
        process=_launch.this(),
        ancestors=_launch.ancestors() if launched else [],
        opened=time.time(),
    )
    _set_variable(note)
    _own[note.folder] = _write(folder.parent, note) if launched and _launch.rank() is None else None


def adopt(note: Note) -> None:
    """Hands the run that this process has joined on to its own children."""
    own = msgspec.structs.replace(note, process=_launch.this(), ancestors=_launch.ancestors())
    _set_variable(own)


def retract(folder: Path) -> None:
    """The run has ended: ranks and processes that start from now on do not belong to it."""
    name = os.fsencode(folder).decode("latin-1")
    if name not in _own:
        _left.add(name)
        return
    file = _own.pop(name)
    now = time.time()
    note = inherited()
    if note is not None and note.folder == name:
        _set_variable(msgspec.structs.replace(note, ended=now))
    if file is not None and (note := _read(file)) is not None:
        _write(folder.parent, msgspec.structs.replace(note, ended=now))


def inherited() -> Note | None:
    """The note in the environment: of this process, or of the nearest ancestor that had a run."""
    text = os.environ.get(_VARIABLE)
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Note)
    except msgspec.DecodeError:
        return None


def find(root: Path, rank: Rank, *, again: bool = False) -> Note | None:
    """On another rank: the run of its own launch, the oldest that it has not been part of; None while there is none.

    With `again` a run that this process has left already will do.
    """
    begun = _launch.started()
    launcher = _launch.launcher()
    notes = sorted(_notes(root), key=lambda note: note.opened)
    if (own := inherited()) is not None:
        notes.append(own)
    for note in notes:
        if (note.folder in _left) != again or not _same_launch(note, launcher) or not note.path.is_dir():
            continue
        if _end(note) > begun and (note is own or not _taken(note, rank)):
            return note
    return None


def _same_launch(note: Note, launcher: Process | None) -> bool:
    if note.machine == _launch.machine():
        return launcher is not None and launcher in (note.process, *note.ancestors)
    return bool(note.key) and note.key == _launch.key()


def _end(note: Note) -> float:
    """When the noted run ended; infinity while it goes on."""
    if note.ended is not None:
        return note.ended
    journal = note.path / note.journal
    if _journal.alive(journal):
        return float("inf")
    # The process died: it and its background process wrote until then.
    background = note.path.glob(f"{note.attempt:03d}-background*.journal")
    changed = [0.0]
    for path in (journal, *background):
        with contextlib.suppress(OSError):
            changed.append(path.stat().st_mtime)
    return max(changed)


def _taken(note: Note, rank: Rank) -> bool:
    """Whether another process already is this rank in the run: then this one is of another launch."""
    first = f"{note.attempt:03d}-{rank.label}"
    journals = [note.path / f"{first}.0000.journal", *note.path.glob(f"{first}~*.0000.journal")]
    return any(_journal.alive(path) for path in journals)


class Watch:
    """Tells cheaply whether another rank may have written a note since this object was made."""

    def __init__(self, root: Path) -> None:
        self._folder = str(_folder(root))
        self._changed = self._modified()
        # A change just after this one may leave the same modification time.
        self._recent = self._changed is not None and abs(time.time() - self._changed / 1e9) < _GRAIN

    def changed(self) -> bool:
        return self._recent or self._modified() != self._changed

    def _modified(self) -> int | None:
        try:
            return os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - asked for every row that waits
        except OSError:
            return None


def _folder(root: Path) -> Path:
    """Where the notes of this launch are."""
    return root / _FOLDER / (_launch.key() or "local")


def _notes(root: Path) -> Iterator[Note]:
    folder = _folder(root)
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - looked at until the run is there
    except OSError:
        return
    for name in names:
        if name.endswith(".json") and (note := _read(folder / name)) is not None:
            yield note


def _read(path: Path) -> Note | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        return None


def _write(root: Path, note: Note) -> Path | None:
    folder = root / _FOLDER / (note.key or "local")
    # One file a run: its name is that of the run's folder, which may be any bytes.
    file = folder / f"{note.path.name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old(folder)
        draft = folder / f"{note.path.name}.{os.getpid()}"
        draft.write_bytes(msgspec.json.encode(note))
        draft.replace(file)
    except OSError:
        return None  # the other ranks record runs of their own
    return file


def _remove_old(folder: Path) -> None:
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            past = time.time() - _KEPT
            if path.stat().st_mtime < past and (note := _read(path)) is not None and _end(note) < past:
                path.unlink()


def _set_variable(note: Note) -> None:
    os.environ[_VARIABLE] = msgspec.json.encode(note).decode()
