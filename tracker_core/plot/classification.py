"""How well classes are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracker_core import _notice
from tracker_core._errors import UsageError
from tracker_core._media.array import Array, owned
from tracker_core._media.table import Table
from tracker_core.plot.chart import Chart
from tracker_core.plot.curve import average_precision, pr, roc
from tracker_core.plot.label import distinct, key_of, labels_of, ordered

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

    `y_true` holds the true classes; `preds` the guessed ones, or `probs` (N, classes) their probabilities. Classes are
    numbers, texts or members of an Enum; with `class_names` they are these names, or indices into them. Samples with
    NaN as a probability are left out.
    """
    del split_table
    if (probs is None) == (preds is None):
        raise UsageError("confusion_matrix needs either probs or preds")
    if y_true is None:
        raise UsageError("confusion_matrix needs y_true")
    truth = labels_of(y_true)
    names = None if class_names is None else labels_of(class_names)
    if probs is None:
        guessed = labels_of(preds)
        _check_lengths(truth, guessed)
        classes, truth, guessed = _classes(truth, guessed, names)
    else:
        scores = owned(probs)
        _check_lengths(truth, scores)
        truth, scores = _scored(truth, scores)
        classes = _columns(truth, scores.shape[-1], names)
        guessed = [classes[column] for column in scores.argmax(axis=-1).ravel().tolist()]
    at = {key_of(name): index for index, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for one, other in zip(truth, guessed, strict=True):
        if key_of(one) not in at or key_of(other) not in at:
            unknown = one if key_of(one) not in at else other
            raise UsageError(f"class {unknown!r} is beyond the {len(classes)} class names")
        counts[at[key_of(one)], at[key_of(other)]] += 1
    shown = distinct(names if names is not None else classes)
    table = Table(["Actual", "Predicted", "nPredictions"])
    for name, row in zip(shown, counts.tolist(), strict=True):
        for other, count in zip(shown, row, strict=True):
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
    probability of the greater of two. `labels` names the classes, in the order of the columns. Samples with NaN as a
    probability are left out. The areas are computed from all points, of which at most 1,000 a curve are kept.
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
    y_true: Any, y_probas: Any, labels: Sequence[Any] | None, wanted: Sequence[Any] | None
) -> Iterator[tuple[str, Array, Array]]:
    """For each class its name, whether each sample is of it, and how much it seemed to be."""
    if y_true is None or y_probas is None:
        raise UsageError("y_true and y_probas are both needed")
    truth = labels_of(y_true)
    scores = owned(y_probas).astype(np.float64)
    if scores.ndim == 1:
        scores = np.stack([1 - scores, scores], axis=1)
    if scores.ndim != 2 or len(scores) != len(truth):
        raise UsageError(f"y_probas of the shape {scores.shape} do not fit {len(truth)} true classes")
    truth, scores = _scored(truth, scores)
    names = None if labels is None else labels_of(labels)
    classes = _columns(truth, scores.shape[1], names)
    shown = distinct([*(names or ()), *classes[len(names or ()) :]])
    chosen = None if wanted is None else set(map(key_of, labels_of(wanted)))
    for index, name in enumerate(classes):
        if chosen is None or key_of(name) in chosen:
            yield shown[index], np.array([key_of(one) == key_of(name) for one in truth], bool), scores[:, index]


def _columns(truth: list[Any], count: int, names: list[Any] | None) -> list[Any]:
    """The class of each of `count` columns of probabilities: a name, where `truth` has those, or its index."""
    occurring = ordered(truth)
    if names is not None and len(names) == count and set(map(key_of, occurring)) <= set(map(key_of, names)):
        return names
    if all(type(name) is int and 0 <= name < count for name in occurring):
        return list(range(count))
    if len(occurring) > count:
        raise UsageError(f"{len(occurring)} classes in y_true, but probabilities of {count}")
    if len(occurring) < count:
        # Some class does not occur: then only numbers or names can say which columns the others are.
        raise UsageError(f"probabilities of {count} classes, but y_true knows {occurring}; name all of them")
    return occurring


def _classes(truth: list[Any], guessed: list[Any], names: list[Any] | None) -> tuple[list[Any], list[Any], list[Any]]:
    """The classes in the order of the matrix, and both lists, which hold indices into `names`, or classes."""
    occurring = ordered([*truth, *guessed])
    if names is None:
        return occurring, truth, guessed
    if set(map(key_of, occurring)) <= set(map(key_of, names)):
        return names, truth, guessed
    return list(range(len(names))), truth, guessed


def _check_lengths(truth: Sequence[Any], guessed: Any) -> None:
    if len(truth) != len(guessed):
        raise UsageError(f"{len(truth)} true classes and {len(guessed)} guessed ones do not fit together")


def _scored(truth: list[Any], scores: Array) -> tuple[list[Any], Array]:
    """Without the samples whose scores hold NaN, which are of no class."""
    missing = np.asarray(np.isnan(scores.reshape(len(scores), -1)).any(axis=1))
    if not missing.any():
        return truth, scores
    _notice.mention(f"{int(missing.sum())} of {len(truth)} samples have NaN as a score and are left out of the chart")
    return [one for one, gone in zip(truth, missing.tolist(), strict=True) if not gone], scores[~missing]
