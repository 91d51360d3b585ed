"""The points of ROC and precision-recall curves.

Both come from the counts of true and false positives when the threshold falls from above the highest score past each
distinct one (Fawcett, "An introduction to ROC analysis", 2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tracker_core._media.array import Array

_MOST_POINTS = 1000


def _counts(truth: Array, scores: Array) -> tuple[Array, Array]:
    """True and false positives at each threshold, the highest first, without the empty start."""
    order = np.argsort(-scores, kind="stable")
    scores, truth = scores[order], truth[order]
    ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))
    positives = np.cumsum(truth)[ends]
    return positives, 1 + ends - positives


def roc(truth: Array, scores: Array) -> tuple[Array, Array, float]:
    """False and true positive rates from (0, 0) to (1, 1), and the area below; NaN where a rate has no meaning."""
    positives, negatives = (np.concatenate([[0], counts]) for counts in _counts(truth, scores))
    with np.errstate(invalid="ignore", divide="ignore"):
        tpr, fpr = positives / positives[-1], negatives / negatives[-1]
    area = float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))
    bends = _bends(positives, negatives)
    if len(bends) > _MOST_POINTS:
        bends = bends[np.linspace(0, len(bends) - 1, _MOST_POINTS).astype(int)]
    return fpr[bends], tpr[bends], area


def _bends(positives: Array, negatives: Array) -> Array:
    """The points where the curve changes its direction, and its ends."""
    up, right = np.diff(positives), np.diff(negatives)
    turns = up[1:] * right[:-1] != up[:-1] * right[1:]
    return np.flatnonzero(np.concatenate([[True], turns, [True]]))


def pr(truth: Array, scores: Array) -> tuple[Array, Array]:
    """Precision and recall at each threshold; recall rises."""
    positives, negatives = _counts(truth, scores)
    with np.errstate(invalid="ignore", divide="ignore"):
        return positives / (positives + negatives), positives / positives[-1]


def average_precision(precision: Array, recall: Array) -> float:
    """The mean of the precisions, weighted by how much each threshold adds to the recall."""
    return float(np.sum(np.diff(recall, prepend=0) * precision))
