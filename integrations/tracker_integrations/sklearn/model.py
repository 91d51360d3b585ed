"""Charts that any supervised model has."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import learning_curve
from sklearn.utils.validation import check_is_fitted

import tracker_core as tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracker_core.plot import Chart


def plot_feature_importances(
    model: Any,
    feature_names: Sequence[str] | None = None,
    title: str = "Feature importances",
    max_num_features: int = 50,
) -> Chart:
    """Importances (trees) or the sizes of coefficients (linear models), the largest first.

    Raises UsageError for a model that tells neither.
    """
    weights = getattr(model, "feature_importances_", None)
    if weights is None and hasattr(model, "coef_"):
        coefficients = np.abs(np.atleast_2d(model.coef_))
        weights = coefficients.mean(axis=0)
    if weights is None:
        raise tracker.UsageError(f"{type(model).__name__} tells no importance of its features")
    names = feature_names if feature_names is not None else getattr(model, "feature_names_in_", None)
    labels = [str(name) for name in names] if names is not None else [f"feature {i}" for i in range(len(weights))]
    order = np.argsort(-np.asarray(weights), kind="stable")[:max_num_features]
    table = tracker.Table(["feature", "importance"], [[labels[i], float(weights[i])] for i in order])
    return logged("feature_importances", tracker.plot.bar(table, "feature", "importance", title))


def plot_learning_curve(
    model: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    y: Any,
    cv: Any = None,
    shuffle: bool = False,
    random_state: int | None = None,
    train_sizes: Any = None,
    n_jobs: int = 1,
    scoring: Any = None,
) -> Chart:
    """Scores in training and cross-validation over the number of samples, from fits of clones."""
    sizes = train_sizes if train_sizes is not None else np.linspace(0.1, 1.0, 5)
    counts, train, test = learning_curve(
        model,
        X,
        y,
        cv=cv,
        shuffle=shuffle,
        random_state=random_state,
        train_sizes=sizes,
        n_jobs=n_jobs,
        scoring=scoring,
    )
    rows = [
        [int(count), name, float(score)]
        for name, scores in (("train", train.mean(axis=1)), ("test", test.mean(axis=1)))
        for count, score in zip(counts, scores, strict=True)
    ]
    table = tracker.Table(["samples", "dataset", "score"], rows)
    return logged("learning_curve", tracker.plot.line(table, "samples", "score", "dataset", "Learning curve"))


def plot_summary_metrics(model: Any, X: Any, y: Any, X_test: Any, y_test: Any) -> Chart:  # noqa: N803
    """The usual scores on the test data; a model that is not fitted yet is cloned and fitted on `X` and `y`."""
    predicted = fitted(model, X, y).predict(X_test)
    if is_classifier(model):
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            y_test, predicted, average="weighted", zero_division=0
        )
        scores = {
            "accuracy": metrics.accuracy_score(y_test, predicted),
            "precision": precision,
            "recall": recall,
            "f1": f1,
        }
    else:
        scores = {
            "mean absolute error": metrics.mean_absolute_error(y_test, predicted),
            "mean squared error": metrics.mean_squared_error(y_test, predicted),
            "r2": metrics.r2_score(y_test, predicted),
        }
    table = tracker.Table(["metric", "value"], [[name, float(value)] for name, value in scores.items()])
    title = f"Scores of {type(model).__name__}"
    return logged("summary_metrics", tracker.plot.bar(table, "metric", "value", title))


def fitted(model: Any, X: Any, y: Any = None) -> Any:  # noqa: N803
    """`model` itself when it is fitted, else a fitted clone: the user's model is not ours to change."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        return clone(model).fit(X, y)
    return model


def logged(key: str, chart: Chart) -> Chart:
    """Logs `chart` to the current run, beside what the step has already."""
    tracker.log({key: chart}, commit=False)
    return chart


def attempted(charts: Sequence[tuple[Callable[..., Chart], tuple[Any, ...]]]) -> list[Chart]:
    """The charts that can be made. One that a model cannot have does not keep the others from being drawn."""
    made = []
    for make, arguments in charts:
        try:
            made.append(make(*arguments))
        except Exception as problem:  # noqa: BLE001, PERF203 - models differ in what they can tell
            warnings.warn(f"{make.__name__} is left out: {problem}", stacklevel=3)
    return made
