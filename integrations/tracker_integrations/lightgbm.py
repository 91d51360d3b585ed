"""LightGBM: `lightgbm.train(..., callbacks=[TrackerCallback()])`, and `log_summary(model)` when it is trained."""

from __future__ import annotations

import inspect
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tracker_core as tracker
from tracker_core.integration import CallbackRun, finite, guard, next_count, patched, takes, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    import lightgbm

    from tracker_core.integration import SwitchSink

_MOST_FEATURES = 50
_TRAINERS = ("train", "cv")


class TrackerCallback:
    """Logs what boosting reports: to `run`, else to the current run, else to one that `init`'s keywords start.

    Per iteration `<data>/<metric>` over `iteration`, of `lightgbm.cv` the mean and `<metric>_std`. Iterations continue
    after those of an earlier training in the same run. `prefix` stands before these names, to tell trainings of one run
    apart. The parameters are in the config under `lightgbm`.

    LightGBM tells no callback that it has ended; importances, the best iteration and the model are logged by
    `log_summary`. What cannot be recorded is reported once and never raised.
    """

    def __init__(self, run: tracker.Run | None = None, *, prefix: str = "", **init: Any) -> None:
        self.order = 25  # before early stopping, 30, whose last iteration would not be seen
        self.before_iteration = False
        self._run = CallbackRun(self, run, init)
        self._prefix = prefix
        self._offset = 0

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none."""
        return self._run.get()

    @unseen
    def __call__(self, env: lightgbm.callback.CallbackEnv) -> None:
        row: dict[str, Any] = {}
        for result in env.evaluation_result_list or ():
            with guard("a metric of LightGBM"):
                row |= _scores(result)
        if env.iteration == env.begin_iteration:
            run = self._run.begin()
            # A model that is trained further counts on by itself.
            self._offset = 0 if env.begin_iteration else next_count(run, f"{self._prefix}iteration")
            self._describe(env.params, {name.partition("/")[0] for name in row})
        if row:
            row["iteration"] = env.iteration + self._offset
            self.run.log({f"{self._prefix}{name}": value for name, value in row.items()})

    @unseen
    def _describe(self, params: Mapping[str, Any], sets: set[str]) -> None:
        self.run.define_metric(f"{self._prefix}iteration", hidden=True)
        for name in sorted(sets):
            self.run.define_metric(f"{self._prefix}{name}/*", step_metric=f"{self._prefix}iteration")
        known = {name: value for name, value in params.items() if value is not None}
        self.run.config.update({"lightgbm": known}, allow_val_change=True)


def log_summary(
    model: Any,
    run: tracker.Run | None = None,
    *,
    prefix: str = "",
    log_model: bool = False,
    importance_type: str = "gain",
) -> None:
    """Logs what a trained `Booster`, or estimator of scikit-learn's kind, can tell: to `run` or the current run.

    The importance of the features (`importance_type`: "gain" or "split") as a chart; after early stopping
    `best_iteration`, counted from 1 as LightGBM does, and `best_score` in the summary; with `log_model` the model as
    an artifact `model-<run id>`.
    """
    run = run or tracker.run or tracker.init()
    booster: lightgbm.Booster = getattr(model, "booster_", model)
    with guard("the best iteration of LightGBM"):
        if booster.best_iteration > 0 and (scores := _finite_scores(booster.best_score)):
            best = {"best_iteration": booster.best_iteration, "best_score": scores}
            run.summary.update({f"{prefix}{name}": value for name, value in best.items()})
    with guard("the importances of LightGBM"):
        run.log({f"{prefix}feature_importances": _importances(booster, importance_type)}, commit=False)
    if log_model:
        _keep(booster, run)


@takes("log_model", "importance_type")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Adds a `TrackerCallback` to every training that has none, and logs its summary: `train` and scikit-learn's
    classes, `cv` without a summary. Options: the `log_model` and `importance_type` of `log_summary`.
    """
    places = {name: list(inspect.signature(getattr(module, name)).parameters).index("callbacks") for name in _TRAINERS}

    def with_ours(name: str, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        place = places[name]
        given = list((args[place] if len(args) > place else kwargs.get("callbacks")) or ())
        ours = not any(isinstance(callback, TrackerCallback) for callback in given)
        if ours:
            given.append(TrackerCallback())
        if len(args) > place:
            args = (*args[:place], given, *args[place + 1 :])
        else:
            kwargs["callbacks"] = given
        call(*args, **kwargs)
        return ours

    def train(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if with_ours("train", call, args, kwargs):
            options = {name: sink.options[name] for name in ("log_model", "importance_type") if name in sink.options}
            log_summary(call.result, **options)

    def cv(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        with_ours("cv", call, args, kwargs)

    with patched(module, "train", train), patched(module, "cv", cv):
        yield


def _scores(result: Sequence[Any]) -> dict[str, float]:
    """A value by its name; of a cross-validation with its deviation."""
    data, metric, value, _, *deviation = result
    if data == "cv_agg":  # before 4.7
        data, metric = metric.split(" ", 1)
    name = f"{data}/{metric}"
    return {name: float(value), **{f"{name}_std": float(each) for each in deviation}}


def _finite_scores(scores: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Without those that are NaN: LightGBM takes the first for the best, whatever comes after it."""
    kept = {
        data: {metric: float(value) for metric, value in metrics.items() if finite(value) is not None}
        for data, metrics in scores.items()
    }
    return {data: metrics for data, metrics in kept.items() if metrics}


def _importances(booster: lightgbm.Booster, kind: str) -> tracker.plot.Chart:
    weights = booster.feature_importance(importance_type=kind).tolist()
    rows = sorted(zip(booster.feature_name(), map(float, weights), strict=True), key=lambda item: -item[1])
    table = tracker.Table(["feature", "importance"], [list(row) for row in rows[:_MOST_FEATURES]])
    return tracker.plot.bar(table, "feature", "importance", f"Feature importances by {kind}")


@unseen
def _keep(booster: lightgbm.Booster, run: tracker.Run) -> None:
    metadata = {"iterations": booster.current_iteration(), "best_iteration": booster.best_iteration, **booster.params}
    artifact = tracker.Artifact(f"model-{run.id}", type="model", metadata=metadata)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.txt")
        booster.save_model(path)
        artifact.add_file(str(path))
        run.log_artifact(artifact)
