"""Makes runs of what was written without the tracker, such as old folders of event files."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _folder, _journal, _past
from tracker_core import _records as records
from tracker_core._errors import UsageError
from tracker_core.background.tail import JournalSink, make_tail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tracker_core._folder import RunFolder
    from tracker_core._snapshot import Snapshot
    from tracker_core.integration import Written

_GROUP = "tracker.past"


class Adopted(NamedTuple):
    """What became of one run; `new` is how many things were not in it before."""

    name: str
    id: str
    new: int


def find(kind: str, source: str, *, single: bool) -> Iterator[Written]:
    """The runs of this kind at a folder or address. Raises LookupError when nobody knows the kind."""
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=_GROUP, name=kind):
        yield from entry_point.load()(source, single=single)
        return
    raise LookupError(f"no installed package finds runs of the kind {kind!r}")


def adopt(kind: str, written: Written, root: Path, project: str, name: str) -> Adopted:
    """Brings `written` into the project as a finished run at its own times. What it had already is left out.

    Raises UsageError when that run was deleted, or is being written.
    """
    run_id = hashlib.sha256(f"{kind} {written.key}".encode()).hexdigest()[:8]
    folder, snapshot = next(_past.occupants(root, project, run_id), (None, None))
    if snapshot is not None and snapshot.deleted:
        raise UsageError(f"run {run_id!r} of project {project!r} was deleted, and its id stays taken")
    if folder is not None and _past.busy(folder):
        raise UsageError(f"run {run_id!r} of project {project!r} is being written")
    past = _past.read(folder).snapshot if folder is not None else None
    place = folder or _folder.create(root, run_id, offline=True)
    attempt = max(past.attempts, default=0) + 1 if past is not None else 1
    start = records.Start(time=written.time, run=run_id, project=project, attempt=attempt, mode="offline")
    if past is None:
        start = records.Start(
            time=written.time, run=run_id, project=project, attempt=attempt, mode="offline", name=name
        )
    sink = _Sink(place, start)
    try:
        tail = make_tail(kind, written.source, {**written.options, "done": _done(past, kind)})
        count = 0
        while found := tail.poll(sink):
            count += found
        if count or past is None:
            tail.close(sink)
            read: dict[str, int] = tail.read  # type: ignore[attr-defined]  # a tail that finds pasts has it
            sink.end({kind: {"source": written.source, "done": read}})
        else:
            sink.forget()  # what was only told again, such as damage
    except BaseException:
        sink.forget()
        if folder is None:
            shutil.rmtree(place.path)
        raise
    return Adopted(name, run_id, count)


def _done(past: Snapshot | None, kind: str) -> dict[str, int]:
    attempts = reversed(past.attempts.values()) if past is not None else ()
    return next((attempt.metadata[kind]["done"] for attempt in attempts if kind in attempt.metadata), {})


class _Sink:
    """Begins its attempt with the first thing that it is given, and ends it when the last one was written."""

    def __init__(self, folder: RunFolder, start: records.Start) -> None:
        self.files = folder.files
        self._folder = folder
        self._start = start
        self._last = start.time
        self._writer: _journal.Writer | None = None

    def row(self, data: dict[str, Any], step: int, time: float) -> None:
        self._last = max(self._last, time)
        JournalSink(self._begun(), self._folder).row(data, step, time)

    def record(self, record: records.Record) -> None:
        self._begun().write(record)

    def end(self, metadata: dict[str, Any]) -> None:
        writer = self._begun()
        writer.write(records.Metadata(time=self._last, data=metadata))
        writer.write(records.End(time=self._last, exit_code=0))
        writer.close()

    def forget(self) -> None:
        """Leaves no attempt that was given up halfway, of which another try brings all, or that has nothing new."""
        if self._writer is not None:
            self._writer.close()
            for path in self._folder.path.glob(f"{self._start.attempt:03d}-main.*"):
                path.unlink()

    def _begun(self) -> _journal.Writer:
        if self._writer is None:
            start = self._start
            self._writer = _journal.open_writer(self._folder, "main", run=start.run, attempt=start.attempt)
            self._writer.write(start)
        return self._writer
