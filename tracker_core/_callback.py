"""The run behind a callback or logger: which one it logs to, and the check of the keywords that it was made with."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal

from tracker_core import _records as records
from tracker_core import _session
from tracker_core._errors import LaunchError, UsageError
from tracker_core._guard import blame_author
from tracker_core._run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping


class CallbackRun:
    """The run that a callback logs to: the one it was given, else the current run, else one that it starts.

    `init` holds the callback's further keywords, which go to `tracker.init`. Raises TypeError for a keyword that
    neither `owner`'s class nor `init` takes and for a `run` that is not a Run, UsageError for a finished run.
    """

    def __init__(self, owner: object, run: Run | None = None, init: Mapping[str, Any] | None = None) -> None:
        check_arguments(owner, run, init or {})
        self._given = run
        self._init = dict(init or {})
        self._run: Run | None = None
        self.started = False
        """Whether the run of the current training was started here, so that the callback may finish it."""
        self._failure: Exception | None = None

    @property
    def init(self) -> dict[str, Any]:
        """The keywords for `tracker.init`."""
        return self._init

    @property
    def chosen(self) -> Run | None:
        """The run of the current training, None before there is one."""
        return self._run

    def begin(self, **defaults: Any) -> Run:
        """Return the run for the training that begins now; it stays the same until the next one begins.

        A run is started with `defaults` and the callback's own keywords. An argument that `init` refuses passes every
        guard: the training has not begun, and the author can correct it.
        """
        self._run = self._failure = None
        try:
            self._run = self._choose(defaults)
        except (LaunchError, TypeError, UsageError) as error:
            if isinstance(error.__cause__, OSError):
                self._failure = error
                raise
            raise blame_author(error) from None
        except Exception as error:
            self._failure = error
            raise
        return self._run

    def get(self) -> Run:
        """Return the run of the current training; after `finish()` in the middle of it, the current run.

        Raises UsageError when there is none: no run is started for what is left of a training.
        """
        if self._failure is not None:
            raise self._failure  # as `begin` did; it is not tried again in every batch
        if self._run is None:
            return self.begin()
        if is_finished(self._run) and (current := _session.current()) is not None and self._given is None:
            self._run, self.started = current, False
        return self._run

    def _choose(self, defaults: Mapping[str, Any]) -> Run:
        before = _session.open_runs()
        run = run_for(self._given, {**defaults, **self._init})
        self.started = run is not self._given and run not in before
        return run

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_failure": None}


def check_arguments(owner: object, run: Run | None, init: Mapping[str, Any], argument: str = "run") -> None:
    """Raise for arguments of a callback that cannot be used (see `CallbackRun`); `argument` is the name of `run`."""
    public = next(kind for kind in type(owner).__mro__ if not kind.__name__.startswith("_"))
    _check_keywords(public, init)
    _check_run(f"{public.__name__}({argument}=...)", argument, run)


def run_for(run: Run | None, init: Mapping[str, Any]) -> Run:
    """Return the run that a callback or logger logs to, and start it where it is missing.

    It is `run` if that is given, else the current run, else a new one with the keywords in `init`. Keywords that ask
    for a run of their own, an `id` or a `name` other than the current run's, get it: an open run of that id and name,
    else a new one beside the current run.
    """
    if run is not None:
        return run
    current = _session.current()
    if current is None:
        return _session.init(**init)
    if (own := next((each for each in (current, *_session.open_runs()) if fits(each, init)), None)) is not None:
        return own
    return _session.init(**{**init, "reinit": "create_new"})


def fits(run: Run, init: Mapping[str, Any]) -> bool:
    """Return whether `run` has the id and the name, if any, that the keywords in `init` ask for."""
    return all(init.get(field) in (None, "", getattr(run, field)) for field in ("id", "name"))


def end_run(run: Run, outcome: Literal["finished", "failed", "pruned"], reason: str = "") -> None:
    """End a run whose training a framework has ended, for `reason` as text.

    A pruned run is a finished one with the tag "pruned".
    """
    if is_finished(run):
        return
    if outcome == "pruned":
        run.tags = tuple(dict.fromkeys((*run.tags, "pruned")))
    run.end(records.End(time=run._logbook.now(), exit_code=int(outcome == "failed"), reason=reason))  # noqa: SLF001


def is_finished(run: Run) -> bool:
    """Return whether logging to `run` is an error by now."""
    return run._logbook.closed  # noqa: SLF001 - a run has no public state of its own


def _check_run(where: str, argument: str, run: Any) -> None:
    if run is None:
        return
    if not isinstance(run, Run):
        raise TypeError(f"{where} takes the run that tracker.init() returned, not {type(run).__name__}")
    if is_finished(run):
        raise UsageError(f"{where}: run {run.id} is finished; leave out {argument}= to start one")


def _check_keywords(owner: Any, keywords: Mapping[str, Any]) -> None:
    if not keywords:
        return
    parameters = list(inspect.signature(owner.__init__).parameters.values())[1:]
    own = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    known = {*own, *inspect.signature(_session.init).parameters}
    for name in keywords:
        if name not in known:
            raise TypeError(
                f"{owner.__name__}() got an unexpected keyword argument {name!r}{_nearest(name, known)} "
                f"(its arguments: {', '.join(own)}, and those of tracker.init())"
            )


def _nearest(name: str, known: set[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f". Did you mean {close[0]!r}?" if close else ""
