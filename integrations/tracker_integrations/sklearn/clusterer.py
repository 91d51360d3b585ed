"""Charts of clusterings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import silhouette_samples

import tracker_core as tracker
from tracker_integrations.sklearn.model import attempted, fitted, logged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker_core.plot import Chart


def plot_clusterer(
    model: Any,
    X_train: Any,  # noqa: N803 - scikit-learn's name
    cluster_labels: Any,
    labels: Sequence[str] | None = None,
    model_name: str = "Clusterer",
) -> list[Chart]:
    """All charts of a clusterer; what it cannot have is left out with a warning."""
    del model_name
    return attempted(
        [(plot_elbow_curve, (model, X_train)), (plot_silhouette, (model, X_train, cluster_labels, labels))]
    )


def plot_elbow_curve(
    clusterer: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    cluster_ranges: Iterable[int] | None = None,
    n_jobs: int = 1,
    show_cluster_time: bool = True,
) -> Chart:
    """The error over the number of clusters, from fits of clones, and the seconds that each took."""
    del n_jobs
    if not hasattr(clusterer, "n_clusters") or not hasattr(clusterer, "score"):
        raise tracker.UsageError(f"{type(clusterer).__name__} has no number of clusters to vary and score")
    table = tracker.Table(["clusters", "error", "seconds"])
    for count in sorted(cluster_ranges) if cluster_ranges is not None else range(1, 11, 2):
        start = time.perf_counter()
        model = clone(clusterer).set_params(n_clusters=count).fit(X)
        table.add_data(count, float(abs(model.score(X))), time.perf_counter() - start)
    fields = {"x": "clusters", "y": "error"}
    fields |= {"seconds": "seconds"} if show_cluster_time else {}
    return logged("elbow_curve", tracker.plot_table("line", table, fields, {"title": "Elbow curve"}))


def plot_silhouette(
    clusterer: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    cluster_labels: Any = None,
    labels: Sequence[str] | None = None,
    metric: str = "euclidean",
    kmeans: bool = True,
) -> Chart:
    """How much nearer each sample is to its own cluster than to the next, from -1 to 1, sorted in each cluster."""
    del kmeans
    if cluster_labels is None:
        cluster_labels = fitted(clusterer, X).labels_
    clusters = np.asarray(cluster_labels)
    values = silhouette_samples(X, clusters, metric=metric)
    table = tracker.Table(["cluster", "sample", "silhouette"])
    for index, cluster in enumerate(np.unique(clusters)):
        name = str(labels[index] if labels is not None and index < len(labels) else cluster)
        for place, value in enumerate(np.sort(values[clusters == cluster])[::-1]):
            table.add_data(name, place, float(value))
    fields = {"label": "sample", "value": "silhouette", "group": "cluster"}
    chart = tracker.plot_table("bar", table, fields, {"title": "Silhouette"})
    chart.facts["mean"] = float(values.mean())
    return logged("silhouette", chart)
