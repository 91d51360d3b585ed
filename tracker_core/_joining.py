"""A rank that waits for the run of rank 0: what it writes is kept until that run is known, or becomes a run of its own.

Nothing here waits without a limit. Whatever the limits say, no row is dropped: a rank whose rank 0 does not appear
records in a run of its own.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import msgspec

from tracker_core import _journal, _notice, _past, _rank
from tracker_core import _records as records
from tracker_core._errors import Error
from tracker_core._folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracker_core._launch import Rank
    from tracker_core._rank import Note
    from tracker_core._run import Run
    from tracker_core._settings import Settings
    from tracker_core._snapshot import Snapshot

_TIMEOUT = 10.0
"""Seconds after `init` for which a call waits that needs to know the run; `finish_timeout` may be less."""

_LIMIT = 60.0
"""Seconds after `init` after which rows are no longer kept in memory but written to a run of their own."""

_ROWS = 10_000
"""Records that are kept in memory."""

_INTERVAL = 0.05
"""Seconds between two looks for the run while the folder of notes does not change."""


class Joining:
    """The search of one run object for its run. `start_own` starts a run from settings; `opened` accompanies it."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        rank: Rank,
        start_own: Callable[[Settings], Run],
        opened: Callable[[Run], None],
    ) -> None:
        self._settings = settings
        self._root = root
        self._rank = rank
        self._start_own = start_own
        self._opened = opened
        self._run: Run | None = None
        self._begin = time.monotonic()
        self._looked = 0.0
        self._watch: _rank.Watch | None = None
        self._timeout = min(settings.finish_timeout, _TIMEOUT)
        self._from_init = 0
        self._forked: str | None = None

    @property
    def resumes(self) -> bool:
        """Whether the step at which the run goes on matters, so that nothing is written before it is known."""
        return bool(self._settings.resume)

    def begin(self, run: Run) -> None:
        """From now on `run` may join. What it has recorded by now is what `init` was given."""
        self._run = run
        self._from_init = len(run._logbook.waiting)
        self.resolve(wait=False)

    def fork(self, label: str) -> None:
        """In a forked child, which joins as itself and never starts a run."""
        self._forked = label

    def resolve(self, *, wait: bool = True, final: bool = False) -> None:
        """Looks for the run now. With `wait`, until `init` is long enough ago; then this rank gets a run of its own.

        With `final` it gets one in any case.
        """
        run = self._run
        if run is None:
            return
        while run._joining is self:
            self._looked = 0.0
            late = time.monotonic() >= self._begin + self._timeout
            self._look(own=(wait or final) and (late or (final and not wait)))
            if run._joining is not self or not wait or late:
                return
            time.sleep(_INTERVAL)

    def open(self) -> _journal.Writer | None:
        """The journal that the run object is to write to; None while that is not known. Called by its logbook."""
        run = self._run
        if run is None or run._joining is not self:
            return None
        if self.resumes:
            self.resolve()
        else:
            waited = time.monotonic() - self._begin
            self._look(own=waited >= _LIMIT or len(run._logbook.waiting) >= _ROWS)
        return run._logbook.writer

    def _look(self, *, own: bool) -> None:
        run = self._run
        assert run is not None
        now = time.monotonic()
        if not own and now < self._looked + _INTERVAL and self._watch is not None and not self._watch.changed():
            return
        with run._logbook.locked():
            if run._joining is not self:
                return
            self._looked = now
            self._watch = _rank.Watch(self._root)  # before the look, so that no note is missed
            note = _rank.find(self._root, self._rank)
            if note is None and own:
                note = _rank.find(self._root, self._rank, again=True)
            if note is not None and (self._forked or not _differs(self._settings, note, self._rank)):
                self._join(run, note)
            elif self._forked is None and (own or note is not None):
                self._own(run, alone=note is None)

    def _join(self, run: Run, note: Note) -> None:
        folder = RunFolder(note.path)
        past = _past.glance(folder)
        label = self._forked or self._rank.label
        try:
            writer = _journal.open_writer(
                folder, label, run=note.run, attempt=note.attempt, buffered=self._settings.buffered
            )
        except OSError as error:
            _notice.mention(f"{self._rank.label} cannot write to the run of rank 0: {error}")
            return
        own = [step for (attempt, name), step in past.steps.items() if attempt == note.attempt and _same(name, label)]
        first = max([note.step, *(step + 1 for step in own)])
        waiting = run._logbook.waiting
        waiting[: self._from_init] = _missing(waiting[: self._from_init], past.snapshot)
        run._joining = None
        run.join(folder, past.snapshot, writer, first, resumed=note.resumed)
        _rank.adopt(note)

    def _own(self, run: Run, *, alone: bool) -> None:
        settings = self._settings
        if alone:  # the same id may be given to the other ranks
            settings = distinct(self._rank, settings, "id")
        run._joining = None
        try:
            own = self._start_own(settings)
        except (OSError, Error) as error:
            _notice.mention(f"{self._rank.label} cannot record a run of its own: {error}")
            return
        run.become(own)
        self._opened(run)
        if alone:
            _notice.mention(
                f"{self._rank.variable}={self._rank.value} is set, but rank 0 of this launch has no run in"
                f" {self._root}: recording in a run of its own, {run.id}. To choose this, set TRACKER_RANKS=own;"
                " for a process that is no rank, unset the variable"
            )


def distinct(rank: Rank, settings: Settings, *fields: str) -> Settings:
    """The settings with values in these fields, where they have any, that no other rank has."""
    changes = {
        field: f"{value}-{rank.label}"
        for field in fields
        if (value := getattr(settings, field)) and not _holds(value, rank)
    }
    return msgspec.structs.replace(settings, **changes) if changes else settings


def _differs(settings: Settings, note: Note, rank: Rank) -> bool:
    """Whether the rank was given an id or a name of its own.

    Names that differ only in numbers other than the rank, such as a time, are those of one run.
    """
    if settings.id is not None:
        return settings.id != note.run
    if settings.name is None or settings.name == note.name:
        return False
    if note.name is None or re.sub(r"\d+", "0", settings.name) != re.sub(r"\d+", "0", note.name):
        return True
    return any(
        int(mine) == rank.number and int(other) == 0
        for mine, other in zip(re.findall(r"\d+", settings.name), re.findall(r"\d+", note.name), strict=True)
    )


def _holds(text: str, rank: Rank) -> bool:
    return any(int(number) == rank.number for number in re.findall(r"\d+", text))


def _same(name: str, label: str) -> bool:
    return name.partition("~")[0] == label


def _missing(given: list[records.Record], snapshot: Snapshot) -> list[records.Record]:
    """What `init` was given on this rank, without the config that the run has: rank 0's is the run's."""
    kept: list[records.Record] = []
    for record in given:
        if isinstance(record, records.Config):
            new = {key: value for key, value in record.set.items() if key not in snapshot.config}
            if new:
                kept.append(msgspec.structs.replace(record, set=new))
        else:
            kept.append(record)
    return kept
