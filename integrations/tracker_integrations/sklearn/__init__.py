"""scikit-learn: `plot_classifier(...)`, `plot_regressor(...)`, `plot_clusterer(...)` and their single charts.

Each function logs its charts to the current run, under the name that the function has after `plot_`, and returns
them. Models are never fitted or changed: where a chart needs a fit, a clone is fitted.
"""

from tracker_integrations.sklearn.classifier import (
    plot_calibration_curve,
    plot_class_proportions,
    plot_classifier,
    plot_confusion_matrix,
    plot_precision_recall,
    plot_roc,
)
from tracker_integrations.sklearn.clusterer import plot_clusterer, plot_elbow_curve, plot_silhouette
from tracker_integrations.sklearn.model import plot_feature_importances, plot_learning_curve, plot_summary_metrics
from tracker_integrations.sklearn.regressor import plot_outlier_candidates, plot_regressor, plot_residuals

__all__ = [
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_clusterer",
    "plot_confusion_matrix",
    "plot_elbow_curve",
    "plot_feature_importances",
    "plot_learning_curve",
    "plot_outlier_candidates",
    "plot_precision_recall",
    "plot_regressor",
    "plot_residuals",
    "plot_roc",
    "plot_silhouette",
    "plot_summary_metrics",
]
