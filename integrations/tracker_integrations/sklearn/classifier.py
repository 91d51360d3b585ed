"""Charts of classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

import tracker_core as tracker
from tracker_integrations.sklearn.model import (
    attempted,
    fitted,
    logged,
    plot_feature_importances,
    plot_learning_curve,
    plot_summary_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracker_core.plot import Chart


def plot_classifier(
    model: Any,
    X_train: Any,  # noqa: N803 - scikit-learn's names
    X_test: Any,  # noqa: N803
    y_train: Any,
    y_test: Any,
    y_pred: Any,
    y_probas: Any,
    labels: Sequence[str] | None,
    is_binary: bool = False,
    model_name: str = "Classifier",
    feature_names: Sequence[str] | None = None,
    log_learning_curve: bool = False,
) -> list[Chart]:
    """All charts of a classifier that it can have; what it cannot is left out with a warning."""
    charts: list[tuple[Callable[..., Chart], tuple[Any, ...]]] = [
        (plot_feature_importances, (model, feature_names)),
        (plot_summary_metrics, (model, X_train, y_train, X_test, y_test)),
        (plot_class_proportions, (y_train, y_test, labels)),
        (plot_confusion_matrix, (y_test, y_pred, labels)),
    ]
    if log_learning_curve:
        charts.append((plot_learning_curve, (model, X_train, y_train)))
    if is_binary:
        charts.append((plot_calibration_curve, (model, X_test, y_test, model_name)))
    if y_probas is not None:
        charts += [(plot_roc, (y_test, y_probas, labels)), (plot_precision_recall, (y_test, y_probas, labels))]
    return attempted(charts)


def plot_roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    plot_micro: bool = True,
    plot_macro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> Chart:
    """`tracker.plot.roc_curve`, logged. The averages that others draw are told by the areas beside it."""
    del plot_micro, plot_macro
    return logged("roc", tracker.plot.roc_curve(y_true, y_probas, labels, classes_to_plot))


def plot_precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    plot_micro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> Chart:
    """`tracker.plot.pr_curve`, logged."""
    del plot_micro
    return logged("precision_recall", tracker.plot.pr_curve(y_true, y_probas, labels, classes_to_plot))


def plot_confusion_matrix(
    y_true: Any = None,
    y_pred: Any = None,
    labels: Sequence[str] | None = None,
    true_labels: Sequence[Any] | None = None,
    pred_labels: Sequence[Any] | None = None,
    normalize: bool = False,
) -> Chart:
    """How often each class was taken for which; with `normalize` as a share of the true class.

    `labels` names the classes in their order; `true_labels` and `pred_labels` pick rows and columns.
    """
    classes = np.unique(np.concatenate([np.asarray(y_true), np.asarray(y_pred)]))
    counts = metrics.confusion_matrix(y_true, y_pred, labels=classes, normalize="true" if normalize else None)
    names = dict(zip(classes.tolist(), labels if labels is not None else classes.tolist(), strict=False))
    rows = [i for i, name in enumerate(classes.tolist()) if true_labels is None or name in true_labels]
    columns = [i for i, name in enumerate(classes.tolist()) if pred_labels is None or name in pred_labels]
    table = tracker.Table(["Actual", "Predicted", "nPredictions"])
    for i in rows:
        for j in columns:
            actual, predicted = (str(names.get(value, value)) for value in (classes[i].item(), classes[j].item()))
            table.add_data(actual, predicted, counts[i, j].item())
    fields = {"Actual": "Actual", "Predicted": "Predicted", "nPredictions": "nPredictions"}
    strings = {"title": "Normalized confusion matrix" if normalize else "Confusion matrix"}
    return logged("confusion_matrix", tracker.plot_table("confusion_matrix", table, fields, strings))


def plot_class_proportions(y_train: Any, y_test: Any, labels: Sequence[str] | None = None) -> Chart:
    """How many samples of each class are in training and test."""
    classes = np.unique(np.concatenate([np.asarray(y_train), np.asarray(y_test)]))
    table = tracker.Table(["class", "dataset", "count"])
    for index, value in enumerate(classes):
        name = str(labels[index] if labels is not None and index < len(labels) else value)
        for dataset, truth in (("train", y_train), ("test", y_test)):
            table.add_data(name, dataset, int((np.asarray(truth) == value).sum()))
    fields = {"label": "class", "value": "count", "group": "dataset"}
    return logged("class_proportions", tracker.plot_table("bar", table, fields, {"title": "Class proportions"}))


def plot_calibration_curve(
    clf: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    y: Any,
    clf_name: str = "Classifier",
) -> Chart:
    """How often what is given a probability happens, for two classes. The diagonal is perfect.

    `X` and `y` should be data that `clf` was not fitted on; one that is not fitted is cloned and fitted on them.
    """
    model = fitted(clf, X, y)
    if hasattr(model, "predict_proba"):
        probability = model.predict_proba(X)[:, 1]
    else:
        score = model.decision_function(X)
        probability = (score - score.min()) / (score.max() - score.min())
    happened, predicted = calibration_curve(y, probability, n_bins=10)
    rows = [["perfect", 0.0, 0.0], ["perfect", 1.0, 1.0]]
    rows += [[clf_name, float(x), float(z)] for x, z in zip(predicted, happened, strict=True)]
    table = tracker.Table(["model", "predicted", "happened"], rows)
    chart = tracker.plot.line(table, "predicted", "happened", "model", "Calibration")
    chart.facts["brier"] = float(metrics.brier_score_loss(y, probability))
    return logged("calibration_curve", chart)
