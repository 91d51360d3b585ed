"""Fits, as `magic={"sklearn": True}` records them."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

import tracker_core as tracker
from tracker_core.integration import Unsupported, finite, guard, patched, takes, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_fitting = threading.Lock()
"""Held by the outermost fit. Whatever fits meanwhile, in any thread, is a part of it."""


@takes("score")
@contextlib.contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:  # noqa: ARG001 - the class is imported above
    """Records every outermost `fit`: class, seconds and score in training as a row, parameters in the config; of a
    search all candidates as a table and the best one in the summary. Option: `score`, False where it costs too much.
    """

    def fit(call: Any, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not _fitting.acquire(blocking=False):
            call(*args, **kwargs)
            return
        try:
            start = time.perf_counter()
            call(*args, **kwargs)
            seconds = time.perf_counter() - start
            # Still within: scoring may fit, too.
            _record(sink, estimator, _data(args, kwargs), seconds)
        finally:
            _fitting.release()

    with contextlib.ExitStack() as patches:

        def watch(kind: type) -> None:
            if "fit" in vars(kind):
                with contextlib.suppress(Unsupported):
                    patches.enter_context(patched(kind, "fit", fit))

        def defined(call: Any, kind: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            call(*args, **kwargs)
            watch(kind)

        base = next(base for base in BaseEstimator.__mro__ if "__init_subclass__" in vars(base))
        patches.enter_context(patched(base, "__init_subclass__", defined))
        for kind in _kinds(BaseEstimator):
            watch(kind)
        yield


def _kinds(base: type) -> set[type]:
    """All estimators that are loaded, those of other packages and of the user too."""
    below: list[type] = base.__subclasses__()
    return set(below).union(*map(_kinds, below))


def _record(sink: SwitchSink, estimator: Any, data: tuple[Any, ...], seconds: float) -> None:
    name = type(estimator).__name__
    number = sink.next_count("fit/number")  # of the run, which may have the fits of an earlier attempt
    row: dict[str, Any] = {"fit/number": number, "fit/estimator": name, "fit/seconds": seconds}
    if sink.options.get("score", True) and (score := _score(estimator, data)) is not None:
        row["fit/train_score"] = score
    with guard("the candidates of a search"):
        if hasattr(estimator, "cv_results_"):
            row["cv_results"] = _candidates(estimator.cv_results_)
    with guard("the best candidate of a search"):
        if hasattr(estimator, "cv_results_") and hasattr(estimator, "best_params_"):
            _log_best(sink, estimator)
    with guard("the parameters of an estimator"):
        parameters = {name: _plain(value) for name, value in estimator.get_params().items()}
        sink.config.update({name: parameters}, allow_val_change=True)
    sink.row(row, number)


def _log_best(sink: SwitchSink, estimator: Any) -> None:
    """Without a score that is NaN: scikit-learn then takes any candidate for the best."""
    best: dict[str, Any] = {"best_params": {name: _plain(value) for name, value in estimator.best_params_.items()}}
    if (score := finite(getattr(estimator, "best_score_", None))) is not None:
        best["best_score"] = score
    sink.summary.update(best)


def _data(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The samples and, where there are any, the targets."""
    named = dict(zip(("X", "y"), args, strict=False)) | {name: kwargs[name] for name in ("X", "y") if name in kwargs}
    return tuple(named[name] for name in ("X", "y") if named.get(name) is not None)


@unseen
def _score(estimator: Any, data: tuple[Any, ...]) -> float | None:
    return float(estimator.score(*data)) if hasattr(estimator, "score") else None


def _candidates(results: Any) -> tracker.Table:
    """A row for each combination of parameters."""
    columns = {name: values for name, values in results.items() if name != "params"}
    rows = zip(*([_plain(value) for value in values.tolist()] for values in columns.values()), strict=True)
    return tracker.Table(columns=list(columns), data=[list(row) for row in rows])


def _plain(value: Any) -> Any:
    """Values as they are, estimators and functions by their names."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, BaseEstimator):
        return type(value).__name__
    return getattr(value, "__name__", None) or repr(value)
