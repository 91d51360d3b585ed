"""XGBoost: `xgboost.train(..., callbacks=[TrackerCallback()])` and `XGBClassifier(callbacks=[TrackerCallback()])`."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost

import tracker_core as tracker
from tracker_core.integration import CallbackRun, finite, guard, next_count, patched, takes, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_MOST_FEATURES = 50
_NOISE = frozenset(
    "alpha debug_synchronize eta fail_on_invalid_gpu_id gamma lambda max_cached_hist_node n_jobs nthread random_state "
    "seed_per_iteration updater_seq validate_parameters".split()
)
"""Parameters of no interest, and the second names of others."""


class TrackerCallback(xgboost.callback.TrainingCallback):
    """Logs what boosting reports: to `run`, else to the current run, else to one that `init`'s keywords start.

    Per iteration `<data>/<metric>` over `iteration`, of `xgboost.cv` the mean and `<metric>_std`. Iterations continue
    when an earlier model is trained further, and after those of an earlier training in the same run. `prefix` stands
    before these names, to tell trainings of one run apart.

    At the end the importance of the features (`importance_type` as for `Booster.get_score`) as a chart and, with early
    stopping, `best_iteration` and `best_score` in the summary; `log_model=True` logs the model as an artifact
    `model-<run id>`. The parameters that were used, defaults too, are in the config under `xgboost`.

    In distributed trainings only rank 0 logs. What cannot be recorded is reported once and never raised.
    """

    def __init__(
        self,
        run: tracker.Run | None = None,
        *,
        prefix: str = "",
        log_model: bool = False,
        importance_type: str = "gain",
        **init: Any,
    ) -> None:
        super().__init__()
        self._run = CallbackRun(self, run, init)
        self._prefix = prefix
        self._log_model = log_model
        self._importance_type = importance_type
        self._history: Mapping[str, Mapping[str, list[Any]]] = {}
        self._described = False
        self._first = self._logged = 0

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none."""
        return self._run.get()

    def before_training(self, model: Any) -> Any:
        self._begin(model)
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 - XGBoost's signature
        self._log_iteration(model, evals_log)
        return False

    def after_training(self, model: Any) -> Any:
        self._log_end(model)
        return model

    @unseen
    def _begin(self, model: Any) -> None:
        self._history, self._logged, self._described = {}, 0, False
        self._first = model.num_boosted_rounds()
        if xgboost.collective.get_rank() != 0:
            return
        run = self._run.begin()
        if not self._first:
            self._first = next_count(run, f"{self._prefix}iteration")

    @unseen
    def _log_iteration(self, model: Any, history: Any) -> None:
        if xgboost.collective.get_rank() != 0:
            return
        self._history = history
        if not self._described:  # not earlier: only now the booster has made up its mind about all parameters
            self._described = True
            self._describe(model)
        self._log_rows()

    @unseen
    def _describe(self, model: Any) -> None:
        self.run.define_metric(f"{self._prefix}iteration", hidden=True)
        for data in self._history:
            self.run.define_metric(f"{self._prefix}{data}/*", step_metric=f"{self._prefix}iteration")
        self.run.config.update({"xgboost": _parameters(_booster(model))}, allow_val_change=True)

    def _log_rows(self) -> None:
        rounds = max((len(values) for metrics in self._history.values() for values in metrics.values()), default=0)
        first, self._logged = self._logged, rounds
        for index in range(first, rounds):
            row: dict[str, Any] = {"iteration": self._first + index}
            for data, metrics in self._history.items():
                for metric, values in metrics.items():
                    with guard(f"{data}/{metric} of XGBoost"):
                        row |= _scores(f"{data}/{metric}", values[index])
            self.run.log({f"{self._prefix}{name}": value for name, value in row.items()})

    @unseen
    def _log_end(self, model: Any) -> None:
        if xgboost.collective.get_rank() != 0:
            return
        self._log_rows()  # the last one, when a callback before this one has ended the training
        with guard("the best iteration of XGBoost"):
            self._log_best(model)
        if model is not _booster(model):
            return
        with guard("the importances of XGBoost"):
            if chart := _importances(model, self._importance_type):
                self.run.log({f"{self._prefix}feature_importances": chart}, commit=False)
        if self._log_model:
            self._keep(model)

    def _log_best(self, model: Any) -> None:
        """A score that is NaN is none: XGBoost takes the first for the best, whatever comes after it."""
        iteration, score = model.attr("best_iteration"), model.attr("best_score")
        if iteration is None or finite(float(score)) is None:
            return
        best = {"best_iteration": int(iteration), "best_score": float(score)}
        self.run.summary.update({f"{self._prefix}{name}": value for name, value in best.items()})

    @unseen
    def _keep(self, model: xgboost.Booster) -> None:
        metadata = {"iterations": model.num_boosted_rounds(), **_parameters(model)}
        artifact = tracker.Artifact(f"model-{self.run.id}", type="model", metadata=metadata)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.ubj")
            model.save_model(path)
            artifact.add_file(str(path))
            self.run.log_artifact(artifact)


@takes("log_model", "importance_type")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Adds a `TrackerCallback` to every training that has none: `train`, `cv` and scikit-learn's classes.

    Options: its `log_model` and `importance_type`.
    """

    def made(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = list(args[0] if args else kwargs.pop("callbacks"))
        if not any(isinstance(callback, TrackerCallback) for callback in given):
            options = {name: sink.options[name] for name in ("log_model", "importance_type") if name in sink.options}
            given.append(TrackerCallback(**options))
        call(given, *args[1:], **kwargs)

    # The class that all of them hand their callbacks to. The functions are held by those who imported them by name.
    with patched(module.callback.CallbackContainer, "__init__", made):
        yield


def _booster(model: Any) -> xgboost.Booster:
    """Of a cross-validation the first fold's."""
    booster: xgboost.Booster = model.cvfolds[0].bst if hasattr(model, "cvfolds") else model
    return booster


def _scores(name: str, value: Any) -> dict[str, float]:
    if isinstance(value, tuple):
        return {name: float(value[0]), f"{name}_std": float(value[1])}
    return {name: float(value)}


def _parameters(booster: xgboost.Booster) -> dict[str, Any]:
    learner = json.loads(booster.save_config())["learner"]
    found = {name: value for name, value in _told(learner, "learner").items() if name not in _NOISE}
    classes = int(learner["learner_model_param"]["num_class"])
    return {**found, "num_class": classes} if classes else found


def _told(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The values of all sections that hold parameters, however deep."""
    if name == "generic_param" or name.endswith("_train_param"):
        return {key: _number(value) for key, value in part.items()}
    found: dict[str, Any] = {}
    for key, value in part.items():
        if isinstance(value, dict):
            found |= _told(value, key)
    return found


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(str(np.float32(text)))  # 0.3, where XGBoost writes the digits of its 32 bits: 0.300000012
    except ValueError:
        return text


def _importances(booster: xgboost.Booster, kind: str) -> tracker.plot.Chart | None:
    """The largest first; None where no tree has split yet. Of a linear model the sizes of its weights."""
    if _parameters(booster).get("booster") == "gblinear":
        kind = "weight"
    scores = {name: float(np.abs(value).mean()) for name, value in booster.get_score(importance_type=kind).items()}
    if not scores:
        return None
    rows = sorted(scores.items(), key=lambda item: -item[1])[:_MOST_FEATURES]
    table = tracker.Table(["feature", "importance"], [list(row) for row in rows])
    return tracker.plot.bar(table, "feature", "importance", f"Feature importances by {kind}")
