"""A run as `Api` gives it: to read, and to edit what people may change."""

from __future__ import annotations

import contextlib
import difflib
import time
from typing import TYPE_CHECKING, Any, Literal

from tracker_core import _journal, _past, _saved
from tracker_core._api import edit, table
from tracker_core._api.file import ApiFile
from tracker_core._api.summary import ApiSummary
from tracker_core._errors import NotFoundError, UsageError
from tracker_core.store import console, file, rows, sample, series
from tracker_core.store.part import HIGHEST, LOWEST
from tracker_core.store.run import iso

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tracker_core import _records as records
    from tracker_core._artifacts.artifact import Artifact
    from tracker_core._artifacts.ledger import Ledger
    from tracker_core.store.console import Line
    from tracker_core.store.damage import Damage
    from tracker_core.store.index import Store
    from tracker_core.store.run import Card, Life, Run
    from tracker_core.store.sample import Envelope
    from tracker_core.store.series import Series

_STREAMS: dict[str, records.Stream] = {
    "default": "metrics",
    "system": "system",
    "events": "system",  # as older scripts call it
}

_PATIENCE = 0.5
"""Seconds between two looks at a run that is waited for."""

_CAPTURE_TIMEOUT = 5.0
"""Seconds that metadata is waited for."""
_CAPTURE_INTERVAL = 0.05
_CAPTURE_AGE = 30.0
"""Seconds after the start of an attempt within which its metadata may still come."""


class ApiRun:
    """One run. Its attributes are of the moment when it was listed; what reads data looks again.

    `name`, `notes` and `tags` may be set, which is written to the run's folder at once. Changes inside of `tags`,
    `config` and `summary` are written by `update()`.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._config: dict[str, Any] | None = None
        self._tags: list[str] | None = None
        self._summary: ApiSummary | None = None

    @property
    def id(self) -> str:
        return self._card.id

    @property
    def project(self) -> str:
        return self._card.project

    @property
    def entity(self) -> str:
        """Empty for a run that never met a server."""
        return self._card.entity

    @property
    def path(self) -> list[str]:
        """Entity (where there is one), project and id."""
        return [part for part in (self.entity, self.project, self.id) if part]

    @property
    def folder(self) -> Path:
        """Where the run lies."""
        return self._store.folder(self._run).path

    @property
    def name(self) -> str:
        return self._card.name

    @name.setter
    def name(self, value: str) -> None:
        self._edit(edit.update(name=value))

    @property
    def display_name(self) -> str:
        return self.name

    @property
    def notes(self) -> str:
        return self._card.notes

    @notes.setter
    def notes(self, value: str | None) -> None:
        self._edit(edit.update(notes=value or ""))

    @property
    def tags(self) -> list[str]:
        if self._tags is None:
            self._tags = list(self._card.tags)
        return self._tags

    @tags.setter
    def tags(self, value: Iterable[str]) -> None:
        self._edit(edit.update(tags=value))
        self._tags = None

    @property
    def group(self) -> str:
        return self._card.group

    @property
    def job_type(self) -> str:
        return self._card.job_type

    @property
    def state(self) -> records.State:
        """running, finished, failed (ended with an error), crashed (vanished), killed (by a signal) or preempted;
        archived when a later run took its id."""
        return self._card.state

    @property
    def exit_code(self) -> int | None:
        """None while nobody knows it."""
        return self._card.exit_code

    @property
    def damage(self) -> Damage:
        """Rows that are lost or unreadable; false where there are none, and a sentence when printed."""
        return self._card.damage

    @property
    def created_at(self) -> str:
        """When the first attempt began: UTC as "2026-11-23T12:00:00Z"."""
        return iso(self._card.start)

    @property
    def start_time(self) -> float:
        """`created_at` in seconds since the epoch."""
        return self._card.start

    @property
    def end_time(self) -> float | None:
        """When the last attempt ended, in seconds since the epoch; None while one goes on."""
        return self._card.end

    @property
    def updated_at(self) -> str:
        """When the run was last written to."""
        return iso(self._card.updated)

    @property
    def attempts(self) -> tuple[Life, ...]:
        """The lives of the training process, oldest first: more than one after a resume."""
        return self._card.attempts

    @property
    def alerts(self) -> tuple[records.Alert, ...]:
        return self._card.alerts

    @property
    def config(self) -> dict[str, Any]:
        if self._config is None:
            self._config = self._run.decode_config()
        return self._config

    @property
    def summary(self) -> ApiSummary:
        """The last value of each key, or what `define_metric` asked for, or what was set by hand. Keys may be set."""
        if self._summary is None:
            self._summary = ApiSummary(self._run.flat, self._edit)
        return self._summary

    @property
    def metadata(self) -> dict[str, Any]:
        """Host, hardware, command, git, packages of the newest attempt.

        The background process captures them: of a run that has just begun or ended this waits a few seconds for them.
        """
        deadline = time.monotonic() + _CAPTURE_TIMEOUT
        self._look()
        while self._awaits_capture() and time.monotonic() < deadline:
            time.sleep(_CAPTURE_INTERVAL)
            self._look()
        found = self._store.metadata(self._run)
        return found[max(found)] if found else {}

    def _awaits_capture(self) -> bool:
        """Whether the background process has yet to write what it captures of the newest attempt."""
        if not self.attempts:
            return False
        newest = self.attempts[-1]
        if abs(time.time() - newest.start) > _CAPTURE_AGE or self._store.metadata(self._run).get(newest.number):
            return False
        label = f"{newest.number:03d}-background"
        written = [path for path in self._store.folder(self._run).journals() if path.name.startswith(label)]
        return not written or any(map(_journal.alive, written))

    @property
    def last_step(self) -> int | None:
        """The largest step; None when nothing was logged."""
        step: int | None = self._run.flat.get("_step")
        return step

    lastHistoryStep = last_step  # noqa: N815 - as scripts for other trackers ask for it

    @property
    def url(self) -> str | None:
        """The run's page on a server; None where there is no server."""
        return None

    def history(
        self,
        samples: int | None = 500,
        keys: Sequence[str] | str | None = None,
        x_axis: str = "_step",
        pandas: bool | None = None,
        stream: str = "default",
    ) -> Any:
        """At most `samples` rows (None: all), evenly spread, the first and last among them; always the same ones.

        With `keys`, of the rows that have all of them. `x_axis` names the key to sort by. A DataFrame where pandas is
        installed, unless `pandas=False` asks for a list of dicts. `stream="system"` gives system metrics.

        Raises UsageError for `samples` below 1 and for streams of other names.
        """
        if samples is not None and samples < 1:
            raise UsageError(f"samples={samples!r} must be at least 1, or None for all rows")
        if stream not in _STREAMS:
            raise UsageError(f"stream={stream!r} must be 'default' or 'system'")
        chosen = _STREAMS[stream]
        self._look()
        keys = _listed(keys)
        wanted = None if keys is None else [*keys, *(() if x_axis in rows.AXES else (x_axis,))]
        merged = rows.table(
            self._store.db,
            self._run.number,
            self._card,
            wanted,
            stream=chosen,
            samples=samples if x_axis in rows.AXES else None,
        )
        return table.show(table.spread(table.along(merged, x_axis), samples), pandas=pandas)

    def scan_history(
        self,
        keys: Sequence[str] | str | None = None,
        page_size: int = 1000,  # noqa: ARG002 - nothing is paged here; users of other trackers give it
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every row, from `min_step` on and before `max_step`; with `keys` only those that have all of them."""
        within = (LOWEST if min_step is None else min_step, HIGHEST if max_step is None else max_step - 1)
        for page in self.pages(keys, within):
            yield from page.dicts()

    def pages(
        self, keys: Sequence[str] | str | None = None, within: tuple[int, int] = (LOWEST, HIGHEST)
    ) -> Iterator[rows.Table]:
        """The rows of steps within the two, both included, as tables of some ten thousand rows."""
        self._look()
        keys = _listed(keys)
        db, number = self._store.db, self._run.number
        for window in rows.windows(db, number, within):
            yield rows.table(db, number, self._card, keys, window)

    def media(self, key: str, step: int | None = None) -> Any:
        """What was logged under `key` at `step`, or last: a `Table`, an `Image` or other media; of a chart its table.

        Kinds that are not read back (graphs) are the map that describes them. Raises NotFoundError.
        """
        from tracker_core._artifacts.media import made

        last = None if step is None else step + 1
        found = [row[key] for row in self.scan_history(keys=[key], min_step=step, max_step=last)]
        if not found:
            raise self._missing(key)
        if not isinstance(found[-1], dict) or "_type" not in found[-1]:
            raise NotFoundError(f"run {self.id} has no media under {key!r}, but {found[-1]!r:.100}: see history()")
        if "error" in found[-1]:
            raise NotFoundError(f"{key!r} of run {self.id} could not be kept: {found[-1]['error']}")
        return made(found[-1], self._store.folder(self._run).files)

    def keys(self) -> list[str]:
        """Every key that was logged."""
        self._look()
        return list(series.keys(self._store.db, self._run.number))

    def series(self, key: str, writer: str | None = None) -> Series:
        """Every point of one key: `(steps, times, values)`, numpy arrays sorted by step.

        Of several values at one step it is the last written, unless several writers logged there: then a step is
        repeated for each different value. `writer` chooses one of `writers(key)`. Raises NotFoundError when the key was
        never logged, or not by that writer.
        """
        self._look()
        if writer is not None:
            found = series.load(self._store.db, self._run.number, key, writer=writer)
        else:
            lines = series.lines(self._store.db, self._run.number, key)
            found = None if lines is None else lines.every()
        if found is None:
            raise self._missing(key, writer)
        return found

    def writers(self, key: str | None = None) -> list[str]:
        """Who logged to the run, or one key of it: "main" is the training process in all its attempts, "rank-1" a
        rank, "fork-4711" or "worker-4711" a child process, "process-2" a second process on the same id."""
        self._look()
        return series.writers_of(self._store.db, self._run.number, key)

    def sample(
        self,
        key: str,
        buckets: int = 1000,
        x: str = "_step",
        x_range: tuple[float, float] | None = None,
        writer: str | None = None,
    ) -> Envelope:
        """The envelope of one key in at most `buckets` buckets: no peak gets lost, however long the series is.

        It is that of one writer: of `writer`, or of the first that logged the key at a step ("main" before ranks before
        others). Raises NotFoundError when the key was never logged as a number.
        """
        self._look()
        found = sample.sample(self._store.db, self._run.number, key, buckets, x=x, within=x_range, writer=writer)
        if found is None:
            raise self._missing(key, writer)
        return found

    def system_metrics(self, pandas: bool | None = None) -> Any:
        """All that was measured of the machine and the process, by time."""
        return self.history(samples=None, pandas=pandas, stream="system")

    def console(self, start: int = 0, length: int | None = None, search: str = "") -> list[Line]:
        """Lines of the terminal from number `start` on; with `search` only those that contain it."""
        self._look()
        limit = (1 << 62) if length is None else length
        return console.page(self._store.db, self._run.number, start, limit, search)

    def files(self, names: Sequence[str] | None = None, per_page: int | None = None) -> list[ApiFile]:  # noqa: ARG002 - see scan_history
        """Everything that was saved with the run, sorted by name; of `names` only, when given."""
        self._look()
        found = file.files(self._store.db, self._run.number, self._store.folder(self._run))
        return [ApiFile(each) for each in found if names is None or each.name in names]

    def file(self, name: str) -> ApiFile:
        """Raises NotFoundError, with what comes close, when the run has no such file."""
        found = {each.name: each for each in self.files()}
        if name not in found:
            raise NotFoundError(f"run {self.id} has no file {name!r}{_close(name, found)}")
        return found[name]

    def logged_artifacts(self) -> list[Artifact]:
        """The versions that the run made, those left out that were deleted since."""
        return self._artifacts("output")

    def used_artifacts(self) -> list[Artifact]:
        """The versions that the run used, those left out that were deleted since."""
        return self._artifacts("input")

    def log_artifact(
        self, artifact: Artifact, aliases: Iterable[str] | None = None, tags: Iterable[str] | None = None
    ) -> Artifact:
        """Notes that the run made an artifact, which becomes a version if it is none yet; see `Run.log_artifact`."""
        return self._ledger.log(artifact, None, None, aliases, tags)

    def use_artifact(self, artifact: Artifact | str, use_as: str | None = None) -> Artifact:
        """Notes that the run used an artifact; see `Run.use_artifact`."""
        del use_as
        return self._ledger.use(artifact, None, None)

    def upload_file(self, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> ApiFile:
        """Keeps a file with the run, under its path below `root`; see `Run.save`."""
        files = self._store.folder(self._run).files
        kept = _saved.keep(files, _saved.by_name(str(path)), root, "now", time.time())
        if not kept:
            raise NotFoundError(f"there is no file {str(path)!r}")
        self._edit(kept[0])
        return self.file(kept[0].path)

    def wait_until_finished(self) -> None:
        """Returns when the run is no longer running."""
        while self.load().state == "running":
            time.sleep(_PATIENCE)

    def load(self) -> ApiRun:
        """Takes in what was written since the run was listed, and returns it."""
        self._look()
        self._config = self._tags = self._summary = None
        return self

    def update(self) -> None:
        """Writes what was changed inside of `config`, `summary` and `tags`."""
        before = self._run.decode_config()
        if self._config is not None and self._config != before:
            self._edit(edit.reconfigure(before, self._config))
        if self._summary is not None:
            self._summary.update()
        if self._tags is not None and tuple(self._tags) != self._card.tags:
            self.tags = self._tags
        self._config = None

    def delete(self, delete_artifacts: bool = False) -> None:
        """Removes the run and its files for good, and the versions that it made if `delete_artifacts`; its id stays
        taken in its project.

        Raises UsageError while a process still writes the run.
        """
        made = self.logged_artifacts() if delete_artifacts else []
        folder = self._store.folder(self._run)
        edit.delete(folder, folder.id, self.project)
        for artifact in made:
            artifact.delete(delete_aliases=True)
        self._store.refresh()

    def restore(self) -> None:
        """Give an archived run its id back. The run that has the id now is archived in its place.

        Raises UsageError for a run that is not archived, and while a process still writes the other one.
        """
        if self._card.archived is None:
            raise UsageError(f"run {self.id} is not archived: there is nothing to restore")
        edit.restore(self._store.folder(self._run), self.project)
        self._store.refresh()
        self._look()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from tracker_core._elsewhere import API_RUN

            hint = API_RUN.get(name, "")
            raise AttributeError(f"ApiRun has no {name!r}" + (f": {hint}" if hint else ""), name=name, obj=self)

    def __repr__(self) -> str:
        return f"<ApiRun {'/'.join(self.path)} ({self.name}, {self.state})>"

    def _artifacts(self, role: Literal["input", "output"]) -> list[Artifact]:
        from tracker_core._artifacts.artifact import Artifact
        from tracker_core._artifacts.collection import Collection

        root, found = self._store.root, []
        noted = _past.read(self._store.folder(self._run)).snapshot.artifacts.values()
        for record in sorted(noted, key=lambda record: record.time):
            if record.role == role:
                with contextlib.suppress(NotFoundError):
                    collection = Collection(root, record.project, record.name)
                    # On a server it may have another number than where it was made; its digest is the same.
                    number = collection.numbered(record.digest)
                    version = collection.load(record.version if number is None else number)
                    if version.expires is None or version.expires >= time.time():
                        found.append(Artifact.stored(collection, version, root.parent))
        return found

    @property
    def _ledger(self) -> Ledger:
        from tracker_core._artifacts.ledger import Ledger

        root = self._store.root
        return Ledger(root, self.project, self.id, root.parent, self._edit, time.time, keep=True)

    @property
    def _card(self) -> Card:
        return self._run.card

    def _look(self) -> None:
        self._run = self._store.refresh_run(self._run)

    def _edit(self, record: records.Record) -> None:
        folder = self._store.folder(self._run)
        edit.write(folder, folder.id, record, after=self._card.updated)
        self._look()

    def _missing(self, key: str, writer: str | None = None) -> NotFoundError:
        if writer is not None and (known := self.writers(key)):
            return NotFoundError(f"{key!r} of run {self.id} was not logged by {writer!r}, but by {', '.join(known)}")
        return NotFoundError(f"run {self.id} has no metric {key!r}{_close(key, self.keys())}")


def _listed(keys: Sequence[str] | str | None) -> Sequence[str] | None:
    """One key is a list of one, not of its letters."""
    return [keys] if isinstance(keys, str) else keys


def _close(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=3)
    return f"; is it {' or '.join(map(repr, close))}?" if close else ""
