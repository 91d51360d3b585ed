"""Run: the verbs that a training script uses."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from tracker_core import _exit, _failure, _metrics, _notice, _texts
from tracker_core import _records as records
from tracker_core._artifacts.verb import Verbs
from tracker_core._config import Config
from tracker_core._display import Display
from tracker_core._errors import UsageError
from tracker_core._identity import Identity
from tracker_core._locks import Lock
from tracker_core._summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from tracker_core._folder import RunFolder
    from tracker_core._journal import Writer
    from tracker_core._logbook import Logbook
    from tracker_core._settings import Settings
    from tracker_core._snapshot import Snapshot
    from tracker_core._switches import Attachment
    from tracker_core._watch import Watches

_HANDLER_TIMEOUT = 5.0
"""Seconds beyond `finish_timeout` that a second `finish()` waits for the first one."""


class Joining(Protocol):
    """The search for the run on a rank that does not know it yet (`_joining.Joining`)."""

    @property
    def resumes(self) -> bool: ...
    def begin(self, run: Run) -> None: ...
    def fork(self, label: str) -> None: ...
    def open(self) -> Writer | None: ...
    def resolve(self, *, wait: bool = True, final: bool = False) -> None: ...


class Run(Identity, Verbs, Display):
    """One experiment. `init()` makes it; use it as a context manager, or call `finish()`, or just let the script end.

    Everything is written to the run's folder when the call returns, and survives the process.
    """

    __slots__ = (
        "__weakref__",
        "_after",
        "_alerted",
        "_attachment",
        "_config",
        "_finishing",
        "_folder",
        "_guessed",
        "_joining",
        "_live_files",
        "_logbook",
        "_opened",
        "_origin",
        "_owner",
        "_resumed",
        "_settings",
        "_snapshot",
        "_summary",
        "_upload_problem",
        "_uploaded",
        "_watches",
        "awaited",
        "mode",
        "notify",
        "quiet",
        "starting_step",
    )

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        folder: RunFolder,
        logbook: Logbook,
        settings: Settings,
        mode: records.Mode,
        resumed: bool = False,
        allow_val_change: bool = False,
        owner: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._logbook = logbook
        self._settings = settings
        self._finishing = Lock()
        self._owner = owner
        self._watches: Watches | None = None
        self._attachment: Attachment | None = None
        self._opened_ledger = None
        self._opened = contextlib.ExitStack()  # undone before the end is written
        self._after = contextlib.ExitStack()  # done when the journal is closed
        self._origin: _failure.Origin | None = None
        self._guessed = False
        self._live_files: list[records.File] = []
        self._joining: Joining | None = None
        self._uploaded = False
        self._upload_problem: str | None = None
        """Why the server does not have all of a run that has ended."""
        self.awaited = False
        self._alerted: dict[str, float] = {}  # title -> when one may be sent again
        """Whether the end has to wait for what is mirrored."""
        self.quiet = settings.silent
        self._folder = folder
        self.mode = mode
        self._resumed = resumed
        self.starting_step = logbook.step
        self.notify: Callable[[], None] = _nobody
        self._config = Config(self._record, logbook.now, allow=allow_val_change)
        self._summary = Summary(self._record, logbook.now, logbook.latest, logbook.settle, logbook.render)

    # What it records

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,  # noqa: ARG002 - old scripts pass it
    ) -> None:
        """Records what `data` holds at one step, at once.

        Without `step` the run's current step is used and then raised by one; `commit=False` leaves it, so that the
        next call adds to the same step. With `step` any order will do: a value that is logged again at a step
        replaces the one before. Nested mappings become metrics with joined names, `{"val": {"loss": 1}}` is
        `val.loss`. Numbers of any library, strings, lists, media and mappings of these are kept; anything else as
        its repr.

        Raises TypeError when `data` is no mapping of strings and UsageError after `finish()`.
        """
        self._logbook.log(data, step, commit)

    def define_metric(
        self,
        name: str,
        step_metric: Any = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> records.Metric:
        """Says how a metric, or all that match `prefix*`, is drawn and summarised.

        `step_metric` is the metric to draw it over; with `step_sync` (the default then) rows that lack it get its
        newest value. `summary` names what the summary holds instead of the last value: "min", "max", "mean",
        "last", "first", "best" (with `goal`), joined by commas, or "none".
        """
        metric = _metrics.definition(
            name,
            time=self._logbook.now(),
            step_metric=step_metric,
            step_sync=step_sync,
            hidden=hidden,
            summary=summary,
            goal=goal,
            overwrite=overwrite,
        )
        self._logbook.settle()
        self._record(metric)
        self._snapshot.apply(metric)
        self._logbook.redefined()
        return metric

    def alert(
        self,
        title: str,
        text: str = "",
        level: Literal["INFO", "WARN", "ERROR"] = "INFO",
        wait_duration: Any = None,
    ) -> None:
        """Keeps a message to people with the run, and sends it where the settings `alert_webhook` and `alert_mail` say.

        Of one title, one is sent in `wait_duration` (seconds or a timedelta, 60 s by default); all are kept.
        """
        from tracker_core._alert import level_of, seconds_of

        title, text = _texts.shown(title), _texts.shown(text)
        kind, pause, now = level_of(level), seconds_of(wait_duration), self._logbook.now()
        muted = now < self._alerted.get(title, 0.0)
        if not muted:
            self._alerted[title] = now + pause
        self._record(records.Alert(time=now, title=title, text=text, level=kind, muted=muted))
        if not muted and (self._settings.alert_webhook or self._settings.alert_mail):
            self.awaited = True
            self.notify()

    def save(
        self,
        glob_str: str | os.PathLike[str] | None = None,
        base_path: str | os.PathLike[str] | None = None,
        policy: Literal["now", "live", "end"] = "live",
        glob: bool = True,
    ) -> list[str]:
        """Keeps files with the run: now, whenever they change, or at the end.

        The glob is expanded once; with `glob=False` it is the name of one file. Files keep their path below
        `base_path`: by default the current folder, or, for what lies elsewhere, the part of the glob without
        wildcards. Returns the paths in the run's folder. Without arguments it does nothing: names, notes and config
        are saved as they are set.
        """
        if glob_str is None:
            return []
        from tracker_core import _saved

        name = os.fspath(glob_str)
        find = _saved.by_pattern if glob else _saved.by_name
        kept = _saved.keep(self.folder.files, find(name), base_path, policy, self._logbook.now())
        for record in kept:
            self._record(record)
        if policy != "now":
            self.awaited = True  # the original may be gone soon after the end
            self._live_files += kept
        self.notify()
        return [str(self.folder.files / record.path) for record in kept]

    def restore(
        self,
        name: str,
        run_path: str | None = None,
        replace: bool = False,
        root: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Opens a copy, below `root` (the current folder), of a file that was saved with this run, or with the run
        "[project/]id" that `run_path` names; None where there is no such run or file."""
        from tracker_core import _saved

        folder = self.folder if run_path is None else _saved.folder_of(self.folder.root, run_path, self.project)
        return None if folder is None else _saved.restore(folder.files, name, Path(root or "."), replace=replace)

    def log_code(
        self,
        root: str | os.PathLike[str] = ".",
        name: str | None = None,
        include_fn: Callable[..., bool] | None = None,
        exclude_fn: Callable[..., bool] | None = None,
    ) -> list[str]:
        """Keeps the source files below `root` with the run and returns their paths in its folder.

        By default these are `.py` files and those that say what is installed; `include_fn(path)` and
        `exclude_fn(path)` choose otherwise. Environments, hidden folders and what git ignores are left out.
        `TRACKER_DISABLE_CODE=true` switches it off.
        """
        if self._settings.disable_code or self.disabled:
            return []
        from tracker_core import _code

        time = self._logbook.now()
        kept = _code.log_code(self.folder, time, root=root, name=name, include_fn=include_fn, exclude_fn=exclude_fn)
        for record in kept:
            self._record(record)
        return [record.path for record in kept]

    def watch(
        self,
        models: Any,
        criterion: Any = None,  # noqa: ARG002 - the loss is where its gradients are looked at
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,  # noqa: ARG002 - models are told apart by themselves
        log_graph: bool = False,
    ) -> None:
        """Logs histograms and norms of a torch model's gradients, parameters or both, every `log_freq` optimizer steps.

        They join the run's current step. Watching a model again replaces what was watched of it. See
        `docs/integrations/torch.md`.
        """
        if self._watches is None:
            from tracker_core._watch import Watches

            self._watches = Watches(self)
            self._opened.callback(self._watches.remove)
        self._watches.add(models, {"log": log, "log_freq": log_freq, "log_graph": log_graph})

    def unwatch(self, models: Any = None) -> None:
        """Ends the watching of these models, or of all."""
        if self._watches is not None:
            self._watches.remove([models] if models is not None and not isinstance(models, list | tuple) else models)

    @property
    def magic(self) -> tuple[records.Part, ...]:
        """What `magic`, `sync_tensorboard` and `monitor_gym` do here: a part each, attached to its module, waiting for
        its import, or failed. The run's metadata hold the same under `magic`.
        """
        return self._attachment.report() if self._attachment is not None else ()

    def attached(self, attachment: Attachment) -> None:
        """Says through whom the switches hear of this run, and keeps in the metadata what they found."""
        self._attachment = attachment
        self._opened.callback(attachment.close)
        self.found()

    def found(self) -> None:
        """Keeps what the switches have found by now."""
        if self._attachment is None or not self._owner or self._logbook.closed:
            return
        self._record(records.Metadata(time=self._logbook.now(), data={"magic": msgspec.to_builtins(self.magic)}))

    def mark_preempting(self) -> None:
        """Says that the machine is about to be taken away: a failing end is then "preempted", not "failed"."""
        preempting = records.Preempting(time=self._logbook.now())
        self._record(preempting)
        self._snapshot.apply(preempting, attempt=self.attempt)
        self._logbook.sync()

    # How it ends

    def mark_interrupted(self) -> None:
        """Says that it was Ctrl-C which ends the process, where a framework makes an exit code of it: the run is then
        "killed", not "failed".
        """
        from tracker_core import _exit

        _exit.interrupted()

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Ends the run; logging afterwards is an error. Calling it again does nothing.

        `exit_code` other than 0 makes it a failed run. What is left to be mirrored or uploaded is waited for, at most
        `finish_timeout` seconds; the rest goes on in the background. Raises TypeError for an exit code that is no
        integer.
        """
        code = _exit.exit_code(exit_code)
        self.end(records.End(time=self._logbook.now(), exit_code=code), quiet=bool(quiet))

    def end_as(self, failure: _failure.Failure | None) -> None:
        """`finish()` for a training that ended by an exception, or well. A pruned one is finished, and tagged so."""
        if failure is not None and failure.pruned and not self._logbook.closed:
            self.tags = tuple(dict.fromkeys((*self.tags, "pruned")))
        exit_code, signal, reason, _ = failure or _failure.Failure(0, None, "")
        self.end(records.End(time=self._logbook.now(), exit_code=exit_code, signal=signal, reason=reason))

    def end(self, end: records.End, *, quiet: bool = False) -> None:
        """`finish()` for the session, which may know of a signal."""
        # A signal handler may call this while another thread ends the run and waits for what the handler interrupted.
        if not self._finishing.acquire(timeout=self._settings.finish_timeout + _HANDLER_TIMEOUT):
            return
        try:
            if self._logbook.closed:  # also the way back of a handler that interrupts the wait below
                return
            self.quiet = quiet or self._settings.silent
            self._guessed = not end.certain
            if self._joining is not None:
                self._joining.resolve(wait=end.signal is None, final=True)
            _undo(self._opened)
            if self._close(end):
                _undo(self._after)
        finally:
            self._finishing.release()

    def _close(self, end: records.End) -> bool:
        """Write the last records and close the journal; False when a signal handler has done so meanwhile."""
        try:
            self.config.persist()
            self.summary.persist()
            if self._owner:
                self._logbook.write(end)
        except UsageError:
            if not self._logbook.closed:
                raise
            return False
        if self._owner:
            self._snapshot.apply(end, attempt=self.attempt)
        if lost := self._logbook.close():
            _notice.warn(f"{lost} records of run {self.id} could not be written to {self.folder.path}")
        return True

    def disown(self, reopen: Callable[[], Writer | None]) -> None:
        """In a forked child: what is logged goes to a journal of its own, and only the parent ends the run."""
        self._owner = False
        self._opened.pop_all()
        self._after.pop_all()
        self._logbook.forget(reopen)

    def wait_to_join(self, joining: Joining) -> None:
        """On a rank other than 0: records wait until `joining` knows the run."""
        self._joining = joining
        self._logbook.files = lambda: self.folder.files

    def join(self, folder: RunFolder, snapshot: Snapshot, writer: Writer, step: int, *, resumed: bool) -> None:
        """On another rank: the run of rank 0 is known now."""
        self._known(folder, snapshot, writer, step, resumed=resumed)

    def become(self, other: Run) -> None:
        """On another rank: it records in a run of its own, which `other` has begun."""
        self.mode = other.mode
        self._owner = True
        self._after.callback(other._after.pop_all().close)
        self.config.restore({key: value for key, value in other.config.as_dict().items() if key not in self.config})
        if other._logbook.step:
            past = other._logbook
            self._logbook.take_over(past.step - 1, past.latest, past.aggregates, past.last_steps)
        writer = other._logbook.writer
        assert writer is not None
        self._known(other.folder, other._snapshot, writer, other._logbook.step, resumed=other.resumed)

    def _known(self, folder: RunFolder, snapshot: Snapshot, writer: Writer, step: int, *, resumed: bool) -> None:
        self._folder, self._snapshot, self._resumed = folder, snapshot, resumed
        logbook = self._logbook
        snapshot.metrics.update(logbook.definitions)
        logbook.definitions = snapshot.metrics
        logbook.step = max(logbook.step, step)
        self.starting_step = step
        logbook.use(writer)
        logbook.redefined()

    def _identify(self) -> None:
        """Waits, for a while, until the run is known of which something is asked."""
        if self._joining is not None:
            self._joining.resolve()

    @property
    def folder(self) -> RunFolder:
        self._identify()
        return self._folder

    @property
    def resumed(self) -> bool:
        """Whether the run goes on with what an earlier attempt recorded."""
        if self._joining is not None and self._joining.resumes:
            self._identify()
        return self._resumed

    @property
    def step(self) -> int:
        """The step that the next `log()` without one will use."""
        if self._joining is not None and self._joining.resumes:
            self._identify()
        return self._logbook.step

    def __deepcopy__(self, memo: Any) -> Run:
        return self

    def __enter__(self) -> Run:  # noqa: PYI034 - Self is not in 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = None if error is None else _failure.failure_of(error)
        self.end_as(failure)
        if error is not None:
            _failure.mark_known([error])

    def __repr__(self) -> str:
        return f"<Run {self.path} {self.name!r}>"

    def row(self, data: Mapping[str, Any], step: int) -> None:
        """As `log`, but the run's current step stays where it is: for series that have steps of their own."""
        self._logbook.log_beside(data, step)

    def last_step(self, name: str) -> int | None:
        """Return the highest step at which `row` recorded a metric, in this or an earlier attempt; None without one.

        Integrations whose counters restart continue from there.
        """
        return self._logbook.last_steps.get(name)

    def follow(self, tail: str, source: str, /, **options: Any) -> None:
        """Asks the background process to mirror `source` (see `tracker_core.integration.Sink`)."""
        self._record(records.Tail(time=self._logbook.now(), tail=tail, source=source, options=options))
        self.awaited = True
        self.notify()

    def _record(self, record: records.Record) -> None:
        self._logbook.write(record)

    def _fetched(self, name: str) -> str:
        """The name of an artifact, once what it names on the server is on this machine."""
        settings = self._settings
        if self.mode != "online" or not settings.base_url or not settings.api_key:
            return name
        from tracker_core._upload.fetch import fetch

        root, entity = self.folder.root, self.entity
        return fetch(root, settings.base_url, settings.api_key, entity, self.project, name)


def _undo(stack: contextlib.ExitStack) -> None:
    try:
        stack.close()
    except Exception as error:  # noqa: BLE001 - the end of a run must be written whatever fails before it
        _notice.warn(f"while the run was finishing: {type(error).__name__}: {error}")


def _nobody() -> None:
    return
