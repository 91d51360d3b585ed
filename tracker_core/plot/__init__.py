"""Charts over tables: `tracker.log({"roc": tracker.plot.roc_curve(y_true, y_probas)})`.

Each function returns a value to log: the data as a table and a description of the chart, which the UI draws.
"""

from tracker_core.plot.chart import Chart, plot_table
from tracker_core.plot.classification import confusion_matrix, pr_curve, roc_curve
from tracker_core.plot.heatmap import heatmap
from tracker_core.plot.series import bar, histogram, line, line_series, scatter

__all__ = [
    "Chart",
    "bar",
    "confusion_matrix",
    "heatmap",
    "histogram",
    "line",
    "line_series",
    "plot_table",
    "pr_curve",
    "roc_curve",
    "scatter",
]
