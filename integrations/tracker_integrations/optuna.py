"""Optuna: `study.optimize(objective, callbacks=[TrackerCallback()])`."""

from __future__ import annotations

import inspect
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

import tracker_core as tracker
from tracker_core.integration import CallbackRun, end_run, guard, is_finished, patched, takes, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from tracker_core.integration import SwitchSink


_OUTCOMES: dict[TrialState, Literal["finished", "failed", "pruned"]] = {
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


class _Numbers:
    """The steps of trials: their numbers, after those of other studies in the same run.

    The numbers of a study that is continued from its storage go on by themselves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # trials end in several threads
        self._studies: weakref.WeakKeyDictionary[tracker.Run, dict[str, int]] = weakref.WeakKeyDictionary()
        self._taken: weakref.WeakKeyDictionary[tracker.Run, dict[int, str]] = weakref.WeakKeyDictionary()

    def step(self, run: tracker.Run, study: Study, trial: FrozenTrial) -> int:
        name = study.study_name
        with self._lock:
            offsets, taken = self._studies.setdefault(run, {}), self._taken.setdefault(run, {})
            last = max(run.last_step("state") or 0, *taken) if taken else run.last_step("state")
            if name not in offsets:
                known = getattr(run.config.get("study"), "get", None)
                same = known is not None and known("name") == name  # it is continued with the run
                offsets[name] = 0 if last is None or same else last + 1
            step = trial.number + offsets[name]
            if taken.get(step, name) != name:  # of a study inside of this one's trials
                step = (0 if last is None else last) + 1
                offsets[name] = step - trial.number
            taken[step] = name
            return step


_numbers = _Numbers()


class TrackerCallback:
    """Logs every trial of a study, at its number: to `run`, else to the current run, else to one that `init`'s
    keywords start.

    A trial's row has its value, or several named by `metric_name`, its parameters under `params/`, its state and its
    duration in seconds. The best value and parameters stand in the summary, what the study is in the config.

    `as_runs=True` also makes each trial a run of its own, with the study's name as group: its parameters are the
    config, its intermediate values a series; a trial that raised is a failed run, and a pruned one says so in its tags.

    Trials of a second study in the run continue after those of the first. What cannot be recorded is reported once and
    never raised.
    """

    def __init__(
        self,
        metric_name: str | Sequence[str] = "value",
        as_runs: bool = False,
        run: tracker.Run | None = None,
        **init: Any,
    ) -> None:
        self._names = [metric_name] if isinstance(metric_name, str) else list(metric_name)
        self._as_runs = as_runs
        self._run = CallbackRun(self, run, init)
        self._described: str | None = None

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none."""
        return self._run.get()

    @unseen
    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        if self._run.chosen is None or is_finished(self._run.chosen):
            self._run.begin()
        run = self.run
        step = _numbers.step(run, study, trial)
        if self._described != study.study_name:
            self._described = study.study_name
            with guard("the description of an Optuna study"):
                run.config.update({"study": _described(study)}, allow_val_change=True)
        row: dict[str, Any] = {**self._values(study, trial), "state": trial.state.name}
        row |= {f"params/{name}": value for name, value in trial.params.items()}
        if trial.duration is not None:
            row["duration"] = trial.duration.total_seconds()
        run.row(row, step)
        with guard("the best trial of Optuna"):
            if best := _best(study):
                run.summary.update(best)
        if self._as_runs:
            self._make_run(study, trial, run)

    def _values(self, study: Study, trial: FrozenTrial) -> dict[str, float]:
        """Of a pruned trial the last intermediate value, which Optuna takes for its value too; of a failed one none."""
        names = self._names
        if len(names) != len(study.directions):
            names = [f"{self._names[0]}_{index}" for index in range(len(study.directions))]
        return dict(zip(names, trial.values or (), strict=False))

    def _make_run(self, study: Study, trial: FrozenTrial, parent: tracker.Run) -> None:
        state = () if trial.state is TrialState.COMPLETE else (trial.state.name.lower(),)
        with tracker.init(
            project=parent.project,
            group=study.study_name,
            job_type="trial",
            name=f"{study.study_name}-{trial.number}",
            tags=state,
            config=dict(trial.params),
            dir=parent.folder.root.parent,
            reinit="create_new",
            magic=False,
            settings={"silent": True},
        ) as run:
            for step, value in sorted(trial.intermediate_values.items()):
                run.row({"intermediate": value}, step)
            run.summary.update(self._values(study, trial))
            end_run(run, _OUTCOMES.get(trial.state, "finished"))


@takes("metric_name", "as_runs")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:  # noqa: ARG001 - the class is imported above
    """Adds a `TrackerCallback` to every `optimize` that has none. Options: its `metric_name` and `as_runs`."""
    position = list(inspect.signature(Study.optimize).parameters).index("callbacks") - 1

    def optimize(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = list((args[position] if len(args) > position else kwargs.get("callbacks")) or ())
        if not any(isinstance(callback, TrackerCallback) for callback in given):
            options = {name: sink.options[name] for name in ("metric_name", "as_runs") if name in sink.options}
            given.append(TrackerCallback(**options))
        if len(args) > position:
            args = (*args[:position], given, *args[position + 1 :])
        else:
            kwargs["callbacks"] = given
        call(*args, **kwargs)

    with patched(Study, "optimize", optimize):
        yield


def _described(study: Study) -> dict[str, Any]:
    return {
        "name": study.study_name,
        "directions": [direction.name.lower() for direction in study.directions],
        "sampler": type(study.sampler).__name__,
        "pruner": type(study.pruner).__name__,
    }


def _best(study: Study) -> dict[str, Any]:
    """Empty as long as no trial is complete."""
    if len(study.directions) > 1:
        return {"best_trials": [trial.number for trial in study.best_trials]}
    try:
        best = study.best_trial
    except ValueError:
        return {}
    return {"best_value": best.value, "best_trial": best.number, "best_params": dict(best.params)}
