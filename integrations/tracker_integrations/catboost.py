"""CatBoost: `model.fit(..., callbacks=[TrackerCallback()])`, and `log_summary(model)` when it is trained."""

from __future__ import annotations

import inspect
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import catboost

import tracker_core as tracker
from tracker_core.integration import CallbackRun, finite, guard, next_count, patched, takes, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_MOST_FEATURES = 50


class TrackerCallback:
    """Logs what boosting reports: to `run`, else to the current run, else to one that `init`'s keywords start.

    Per iteration `<data>/<metric>` over `iteration`, which continues after that of an earlier training in the same run.
    `prefix` stands before these names, to tell trainings of one run apart. What cannot be recorded is reported once and
    never raised.

    CatBoost takes no callbacks on GPUs, hands them all that was before with every iteration, which doubles the time of
    a training of a thousand or two iterations, and does not tell them its end. `log_summary` logs the rest, and with
    `history=True` does without the callback.
    """

    def __init__(self, run: tracker.Run | None = None, *, prefix: str = "", **init: Any) -> None:
        self._run = CallbackRun(self, run, init)
        self._prefix = prefix
        self._seen: dict[str, int] = {}
        self._last = self._offset = 0

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none."""
        return self._run.get()

    def after_iteration(self, info: Any) -> bool:
        self._log_iteration(info)
        return True

    @unseen
    def _log_iteration(self, info: Any) -> None:
        if not self._last or info.iteration <= self._last:
            self._begin(info)
        self._last = info.iteration
        series = _series(info.metrics)
        # With `metric_period` most iterations have no new values.
        row = {name: values[-1] for name, values in series.items() if len(values) > self._seen.get(name, 0)}
        self._seen = {name: len(values) for name, values in series.items()}
        if row:
            row["iteration"] = info.iteration - 1 + self._offset
            self.run.log({f"{self._prefix}{name}": value for name, value in row.items()})

    def _begin(self, info: Any) -> None:
        run, self._seen = self._run.begin(), {}
        self._offset = next_count(run, f"{self._prefix}iteration")
        with guard("the axis of CatBoost's metrics"):
            _define(run, self._prefix, info.metrics)


def log_summary(
    model: catboost.CatBoost,
    run: tracker.Run | None = None,
    *,
    prefix: str = "",
    log_model: bool = False,
    history: bool = False,
    metric_period: int | None = None,
) -> None:
    """Logs what a trained model can tell: to `run` or the current run.

    All parameters that were used in the config under `catboost`; the importance of the features as a chart;
    `best_iteration` and `best_score` in the summary; with `log_model` the model as an artifact `model-<run id>`.

    `history=True` also logs the metrics of every iteration, for a training without a callback. `metric_period` is
    wanted where `fit` was given one.
    """
    run = run or tracker.run or tracker.init()
    parameters = model.get_all_params()
    with guard("the parameters of CatBoost"):
        run.config.update({"catboost": parameters}, allow_val_change=True)
    if history:
        with guard("the history of CatBoost"):
            _log_history(model, run, prefix, metric_period or model.get_params().get("metric_period", 1))
    with guard("the best iteration of CatBoost"):
        _log_best(model, run, prefix)
    with guard("the importances of CatBoost"):
        if (chart := _importances(model)) is not None:
            run.log({f"{prefix}feature_importances": chart}, commit=False)
    if log_model:
        _keep(model, run, parameters)


@takes("log_model")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Logs summary and history of every `fit` without a `TrackerCallback`, when it has ended. Option: `log_model`.

    Not by the callback, which would make long trainings take several times as long, and fail on GPUs.
    """
    fit = inspect.signature(module.CatBoost._fit)  # noqa: SLF001 - what all classes' fit comes to

    def fitted(call: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        given = fit.bind(model, *args, **kwargs).arguments
        if any(isinstance(callback, TrackerCallback) for callback in given.get("callbacks") or ()):
            return
        log_model = bool(sink.options.get("log_model", False))
        log_summary(model, log_model=log_model, history=True, metric_period=given.get("metric_period"))

    with patched(module.CatBoost, "_fit", fitted):
        yield


def _series(metrics: Mapping[str, Mapping[str, list[float]]]) -> dict[str, list[float]]:
    return {f"{data}/{metric}": values for data, found in metrics.items() for metric, values in found.items()}


def _define(run: tracker.Run, prefix: str, sets: Mapping[str, object]) -> None:
    run.define_metric(f"{prefix}iteration", hidden=True)
    for data in sets:
        run.define_metric(f"{prefix}{data}/*", step_metric=f"{prefix}iteration")


def _log_history(model: catboost.CatBoost, run: tracker.Run, prefix: str, period: int) -> None:
    metrics = model.get_evals_result()
    series, parameters = _series(metrics), model.get_all_params()
    total = parameters["iterations"]
    if "od_type" in parameters:  # the metric that may stop it early is looked at in every iteration
        total = max(map(len, series.values()), default=0)
    rows: dict[int, dict[str, float]] = {}
    for name, values in series.items():
        stride = 1 if len(values) == total else period
        for index, value in enumerate(values):
            rows.setdefault(min(index * stride, total - 1), {})[f"{prefix}{name}"] = value
    offset = next_count(run, f"{prefix}iteration")
    _define(run, prefix, metrics)
    for iteration, row in sorted(rows.items()):
        run.log({**row, f"{prefix}iteration": iteration + offset})


def _log_best(model: catboost.CatBoost, run: tracker.Run, prefix: str) -> None:
    """Without scores that are NaN, which compare with nothing."""
    scores = {
        data: {metric: value for metric, value in metrics.items() if finite(value) is not None}
        for data, metrics in model.get_best_score().items()
    }
    best: dict[str, Any] = {"best_score": scores}
    if (iteration := model.get_best_iteration()) is not None:
        best["best_iteration"] = iteration
    run.summary.update({f"{prefix}{name}": value for name, value in best.items()})


def _importances(model: catboost.CatBoost) -> tracker.plot.Chart | None:
    """None for a loss that tells them for given data only."""
    try:
        weights = model.get_feature_importance().tolist()
    except catboost.CatBoostError:
        return None
    rows = sorted(zip(model.feature_names_, weights, strict=True), key=lambda item: -item[1])
    table = tracker.Table(["feature", "importance"], [list(row) for row in rows[:_MOST_FEATURES]])
    return tracker.plot.bar(table, "feature", "importance", "Feature importances")


@unseen
def _keep(model: catboost.CatBoost, run: tracker.Run, parameters: Mapping[str, Any]) -> None:
    artifact = tracker.Artifact(f"model-{run.id}", type="model", metadata={"trees": model.tree_count_, **parameters})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.cbm")
        model.save_model(str(path))
        artifact.add_file(str(path))
        run.log_artifact(artifact)
