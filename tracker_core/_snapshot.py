"""What a run is at one moment: the fold of its records, rows left out.

The same fold serves a resumed run, the store and the server, so that all of them mean the same by "state". It
takes the records of one journal in their order and the journals of a run in any order: where records disagree,
the later `time` wins.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from tracker_core import _records as records


class Attempt(msgspec.Struct, kw_only=True):
    """One life of the training process. `exit_code` and `signal` stay None while nobody knows them."""

    number: int
    start: float
    mode: records.Mode = "offline"
    rewind: int | None = None
    beside: int | None = None
    preempting: bool = False
    end: float | None = None
    exit_code: int | None = None
    signal: str | None = None
    declared: records.State | None = None
    end_weight: int = 0
    reason: str = ""
    metadata: dict[str, Any] = {}

    @property
    def state(self) -> records.State:
        """As far as the records tell: a process that died without a word is still "running" here."""
        if self.end is None:
            return "running"
        if self.declared is not None:
            return self.declared
        if self.preempting and (self.exit_code or self.signal):
            return "preempted"
        if self.signal is not None:
            return "killed"
        return "failed" if self.exit_code else "finished"


class Snapshot(msgspec.Struct, kw_only=True):
    """A run without its rows. `summary` holds what was set by hand; logged values are the reader's to add."""

    id: str = ""
    project: str = ""
    entity: str = ""
    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    job_type: str = ""
    color: str = ""
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    metrics: dict[str, records.Metric] = {}
    files: dict[str, records.File] = {}
    alerts: list[records.Alert] = []
    artifacts: dict[str, records.Artifact] = {}
    """By role, project, name and version, like `input/cats-project/cats:v3`."""
    attempts: dict[int, Attempt] = {}
    switches: dict[str, Any] = {}
    fork: records.Fork | None = None
    archived: str | None = None
    deleted: bool = False
    lost: int = 0
    heartbeat: float = 0.0
    times: dict[str, float] = {}
    """When each field or key was last set: `name`, `config/lr`, `summary/acc` ..."""

    def apply(self, record: records.Record, *, attempt: int = 1) -> None:  # noqa: C901, PLR0912 - one case a kind
        """Folds one record in. `attempt` is the attempt of the journal it stands in (0: somebody's edit)."""
        match record:
            case records.Start():
                self._start(record)
            case records.Update():
                self._update(record)
            case records.Config():
                self._merge("config", self.config, record)
            case records.Summary():
                self._forget(record)
                self._merge("summary", self.summary, record)
            case records.Metric():
                self._define(record)
            case records.File():
                if self._newer(f"file/{record.path}", record.time):
                    self.files[record.path] = record
            case records.Metadata():
                entry = self._attempt(attempt, record.time)
                entry.metadata = {**entry.metadata, **record.data}
            case records.Preempting():
                self._attempt(attempt, record.time).preempting = True
            case records.End():
                self._end(record, attempt)
            case records.Alert():
                self.alerts.append(record)
            case records.Artifact():
                self.artifacts[f"{record.role}/{record.project}/{record.name}:v{record.version}"] = record
            case records.Gap():
                self.lost += record.lost
            case records.Heartbeat():
                self.heartbeat = max(self.heartbeat, record.time)
            case records.Archive():
                if self._newer("archived", record.time):
                    self.archived = record.successor or None
            case records.Delete():
                self.deleted = True
                self.id, self.project = record.run, record.project

    @property
    def last(self) -> Attempt | None:
        """The newest attempt that began while no other one went on: the run has its state."""
        alone = [number for number, attempt in self.attempts.items() if attempt.beside is None]
        return self.attempts[max(alone or self.attempts)] if self.attempts else None

    @property
    def state(self) -> records.State:
        return self.last.state if self.last else "running"

    @property
    def exit_code(self) -> int | None:
        return self.last.exit_code if self.last else None

    @property
    def start(self) -> float:
        """When the first attempt began."""
        return min((attempt.start for attempt in self.attempts.values()), default=0.0)

    @property
    def metadata(self) -> dict[str, Any]:
        """The newest attempt's facts."""
        return self.last.metadata if self.last else {}

    def visible_step(self, attempt: int) -> int | None:
        """The last step of `attempt` that no later rewind hides; None when all of it is visible."""
        return min(
            (later.rewind for later in self.attempts.values() if later.number > attempt and later.rewind is not None),
            default=None,
        )

    def _start(self, record: records.Start) -> None:
        entry = self._attempt(record.attempt, record.time)
        entry.start, entry.mode, entry.rewind = record.time, record.mode, record.rewind
        entry.beside = record.beside
        self.id, self.project, self.entity = record.run, record.project, record.entity
        if record.switches:
            self.switches = record.switches
        if record.fork is not None:
            self.fork = record.fork
        self._update(record)

    def _update(self, record: records.Start | records.Update) -> None:
        for field in ("name", "notes", "tags", "group", "job_type", "color"):
            value = getattr(record, field, UNSET)  # no run starts with a colour
            if value is not UNSET and self._newer(field, record.time):
                setattr(self, field, value)

    def _merge(self, prefix: str, target: dict[str, Any], record: records.Config | records.Summary) -> None:
        for key, value in record.set.items():
            if record.time >= self.times.get(f"forget/{prefix}/{key}", 0.0) and self._newer(
                f"{prefix}/{key}", record.time
            ):
                target[key] = value
        for key in record.remove:
            if record.time >= self.times.get(f"forget/{prefix}/{key}", 0.0) and self._newer(
                f"{prefix}/{key}", record.time
            ):
                target.pop(key, None)

    def _forget(self, record: records.Summary) -> None:
        for key in record.forget:
            if (
                self._newer(f"forget/summary/{key}", record.time)
                and self.times.get(f"summary/{key}", 0.0) <= record.time
            ):
                self.summary.pop(key, None)
                self.times.pop(f"summary/{key}", None)

    def _define(self, record: records.Metric) -> None:
        known = self.metrics.get(record.name)
        if known is None or record.overwrite:
            self.metrics[record.name] = record
            return
        given = {
            field: value
            for field in ("step_metric", "step_sync", "hidden", "summary", "goal")
            if (value := getattr(record, field)) is not None
        }
        self.metrics[record.name] = msgspec.structs.replace(known, time=record.time, **given)

    def _end(self, record: records.End, attempt: int) -> None:
        entry = self._attempt(attempt, record.time)
        # A guess gives way to a verdict over the dead process, and both to what the process said for certain.
        weight = 2 if record.state is not None else 3 if record.certain else 1
        if weight < entry.end_weight:
            return
        entry.end, entry.exit_code, entry.signal = record.time, record.exit_code, record.signal
        entry.declared, entry.end_weight, entry.reason = record.state, weight, record.reason or entry.reason

    def _attempt(self, number: int, time: float) -> Attempt:
        number = number or max(self.attempts, default=1)
        if number not in self.attempts:
            self.attempts[number] = Attempt(number=number, start=time)
        return self.attempts[number]

    def _newer(self, name: str, time: float) -> bool:
        if time < self.times.get(name, 0.0):
            return False
        self.times[name] = time
        return True
