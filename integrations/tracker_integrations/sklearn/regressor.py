"""Charts of regressors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

import tracker_core as tracker
from tracker_integrations.sklearn.model import attempted, fitted, logged, plot_learning_curve, plot_summary_metrics

if TYPE_CHECKING:
    from tracker_core.plot import Chart


def plot_regressor(
    model: Any,
    X_train: Any,  # noqa: N803 - scikit-learn's names
    X_test: Any,  # noqa: N803
    y_train: Any,
    y_test: Any,
    model_name: str = "Regressor",
) -> list[Chart]:
    """All charts of a regressor; what it cannot have is left out with a warning."""
    del model_name
    return attempted(
        [
            (plot_summary_metrics, (model, X_train, y_train, X_test, y_test)),
            (plot_learning_curve, (model, X_train, y_train)),
            (plot_outlier_candidates, (model, X_train, y_train)),
            (plot_residuals, (model, X_train, y_train)),
        ]
    )


def plot_outlier_candidates(regressor: Any, X: Any, y: Any) -> Chart:  # noqa: N803
    """How much each sample moves the fit: its Cook's distance, which is above 4/n for the suspicious ones.

    The leverage is that of a linear model; see Cook, "Detection of influential observation in linear regression",
    1977.
    """
    data, truth = np.asarray(X, np.float64), np.asarray(y, np.float64)
    residuals = truth - np.asarray(fitted(regressor, X, y).predict(X))
    features = np.linalg.matrix_rank(data)
    leverage = np.clip(np.einsum("ij,ji->i", data, np.linalg.pinv(data)), 0, 1 - 1e-12)
    error = residuals @ residuals / max(1, len(truth) - features)
    distances = residuals**2 / (features * error) * leverage / (1 - leverage) ** 2
    threshold = 4 / len(truth)
    table = tracker.Table(["instance", "distance"], [[i, float(value)] for i, value in enumerate(distances)])
    chart = tracker.plot.bar(table, "instance", "distance", "Outlier candidates: Cook's distance")
    chart.facts = {"threshold": threshold, "share": float((distances > threshold).mean())}
    return logged("outlier_candidates", chart)


def plot_residuals(regressor: Any, X: Any, y: Any) -> Chart:  # noqa: N803
    """What a clone that is fitted on four fifths of the data is wrong by, on these and on the rest."""
    parts = train_test_split(X, y, test_size=0.2, random_state=0)
    model = clone(regressor).fit(parts[0], parts[2])
    table, scores = tracker.Table(["dataset", "predicted", "residual"]), {}
    for name, data, truth in (("train", parts[0], parts[2]), ("test", parts[1], parts[3])):
        predicted = model.predict(data)
        scores[name] = float(r2_score(truth, predicted))
        for guess, value in zip(predicted, np.asarray(truth), strict=True):
            table.add_data(name, float(guess), float(guess - value))
    fields = {"x": "predicted", "y": "residual", "group": "dataset"}
    chart = tracker.plot_table("scatter", table, fields, {"title": "Residuals"})
    chart.facts["r2"] = scores
    return logged("residuals", chart)
