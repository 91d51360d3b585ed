"""How well classes are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracker_core._errors import UsageError
from tracker_core._media.array import Array, owned
from tracker_core._media.table import Table
from tracker_core.plot.chart import Chart
from tracker_core.plot.curve import average_precision, pr, roc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: Sequence[str] | None = None,
    title: str = "",
    split_table: bool = False,
) -> Chart:
    """How often each class was taken for which.

    `y_true` holds the true classes; `preds` the guessed ones, or `probs` (N, classes) their probabilities. With
    `class_names` classes are indices into it, else whatever the values are.
    """
    del split_table
    if (probs is None) == (preds is None):
        raise UsageError("confusion_matrix needs either probs or preds")
    if y_true is None:
        raise UsageError("confusion_matrix needs y_true")
    guessed = _listed(preds) if probs is None else owned(probs).argmax(axis=-1).tolist()
    truth = _listed(y_true)
    if len(truth) != len(guessed):
        raise UsageError(f"{len(truth)} true classes and {len(guessed)} guessed ones do not fit together")
    classes = _classes(truth, guessed, class_names, None if probs is None else owned(probs).shape[-1])
    at = {name: index for index, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for one, other in zip(truth, guessed, strict=True):
        if one not in at or other not in at:
            raise UsageError(f"class {one if one not in at else other!r} is beyond the {len(classes)} class names")
        counts[at[one], at[other]] += 1
    names = [str(name) for name in (class_names if class_names is not None else classes)]
    table = Table(["Actual", "Predicted", "nPredictions"])
    for name, row in zip(names, counts.tolist(), strict=True):
        for other, count in zip(names, row, strict=True):
            table.add_data(name, other, count)
    fields = {"Actual": "Actual", "Predicted": "Predicted", "nPredictions": "nPredictions"}
    return Chart("confusion_matrix", table, fields, {"title": title or "Confusion Matrix"})


def roc_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str | None = None,
    split_table: bool = False,
) -> Chart:
    """True over false positives, a curve for each class against all others.

    `y_probas` is (N, classes), its columns in the sorted order of the classes in `y_true`, or (N,) with the
    probability of the greater of two. `labels` names the classes. The areas are computed from all points, of which
    at most 1,000 a curve are kept.
    """
    del split_table
    table, areas = Table(["class", "fpr", "tpr"]), {}
    for name, truth, scores in _one_against_all(y_true, y_probas, labels, classes_to_plot):
        fpr, tpr, areas[name] = roc(truth, scores)
        for x, y in zip(fpr.tolist(), tpr.tolist(), strict=True):
            table.add_data(name, x, y)
    fields = {"x": "fpr", "y": "tpr", "class": "class"}
    strings = {"title": title or "ROC curve", "xname": "False positive rate", "yname": "True positive rate"}
    return Chart("roc_curve", table, fields, strings, {"auc": areas})


def pr_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    interp_size: int = 21,
    title: str | None = None,
    split_table: bool = False,
) -> Chart:
    """Precision over recall, a curve for each class against all others, at `interp_size` recalls from 0 to 1.

    Arguments are those of `roc_curve`. The precision at a recall is that of the highest threshold that reaches it;
    average precisions are computed from all points.
    """
    del split_table
    table, averages = Table(["class", "recall", "precision"]), {}
    recalls = np.linspace(0, 1, interp_size)
    for name, truth, scores in _one_against_all(y_true, y_probas, labels, classes_to_plot):
        precision, recall = pr(truth, scores)
        averages[name] = average_precision(precision, recall)
        kept = precision[np.searchsorted(recall, recalls, side="left").clip(max=len(precision) - 1)]
        for x, y in zip(recalls.tolist(), kept.tolist(), strict=True):
            table.add_data(name, x, y)
    fields = {"x": "recall", "y": "precision", "class": "class"}
    strings = {"title": title or "Precision-Recall curve", "xname": "Recall", "yname": "Precision"}
    return Chart("pr_curve", table, fields, strings, {"average_precision": averages})


def _one_against_all(
    y_true: Any, y_probas: Any, labels: Sequence[str] | None, wanted: Sequence[Any] | None
) -> Iterator[tuple[str, Array, Array]]:
    """For each class its name, whether each sample is of it, and how much it seemed to be."""
    if y_true is None or y_probas is None:
        raise UsageError("y_true and y_probas are both needed")
    truth = np.asarray(_listed(y_true))
    scores = owned(y_probas).astype(np.float64)
    if scores.ndim == 1:
        scores = np.stack([1 - scores, scores], axis=1)
    if scores.ndim != 2 or len(scores) != len(truth):
        raise UsageError(f"y_probas of the shape {scores.shape} do not fit {len(truth)} true classes")
    classes = np.unique(truth)
    if len(classes) > scores.shape[1]:
        raise UsageError(f"{len(classes)} classes in y_true, but probabilities of {scores.shape[1]}")
    if len(classes) < scores.shape[1]:
        # Some class does not occur: then only numbers can say which columns the others are.
        if classes.dtype.kind not in "iu" or (classes < 0).any() or (classes >= scores.shape[1]).any():
            raise UsageError(f"probabilities of {scores.shape[1]} classes, but y_true knows {classes.tolist()}")
        classes = np.arange(scores.shape[1])
    for index, name in enumerate(classes.tolist()):
        if wanted is None or name in wanted:
            label = str(labels[index]) if labels is not None and index < len(labels) else str(name)
            yield label, truth == name, scores[:, index]


def _classes(truth: list[Any], guessed: list[Any], class_names: Sequence[str] | None, columns: int | None) -> list[Any]:
    """The classes in the order of the matrix: indices into the names or probabilities, or what occurs."""
    if class_names is not None:
        named = {*truth, *guessed} <= set(class_names)
        return list(class_names) if named else list(range(len(class_names)))
    if columns is not None:
        return list(range(columns))
    return sorted({*truth, *guessed})


def _listed(values: Any) -> list[Any]:
    """Classes as plain values, whatever array they come in."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return list(np.asarray(values).ravel().tolist())
