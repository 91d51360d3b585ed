"""The pages of other trackers over such runs as `ui.py` shows on ours.

`peer.py NAME FOLDER RUNS ROWS KEY...` writes them with the tracker NAME.

Each has a virtual environment of its own, since their servers pin what they build on.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Peer(NamedTuple):
    packages: tuple[str, ...]
    serve: tuple[str, ...]
    """Words behind `python -m`; `{folder}` and `{port}` are filled in."""
    page: str
    drawn: str
    """A selector of what is there as soon as a chart is drawn."""


PEERS = {
    "tensorboard": Peer(
        ("tensorboard", "tensorboardX", "setuptools<81"),
        ("tensorboard.main", "--logdir", "{folder}", "--port", "{port}", "--load_fast", "false"),
        "/#timeseries",
        "line-chart svg path, line-chart canvas",
    ),
    "mlflow": Peer(
        ("mlflow",),
        ("mlflow", "server", "--backend-store-uri", "sqlite:///{folder}/mlflow.db", "--port", "{port}"),
        "/#/experiments/1/runs?compareRunsMode=CHART",
        ".js-plotly-plot .main-svg .trace",
    ),
    "trackio": Peer(
        ("trackio",),
        ("trackio.cli", "show", "--project", "bench"),
        "/?project=bench",
        "svg.marks path, .vega-embed canvas, .plot canvas, .plot-container canvas",
    ),
}


def _rows(runs: int, count: int, keys: list[str]) -> Iterator[tuple[str, list[dict[str, float]]]]:
    chance = random.Random(7)
    for number in range(runs):
        yield (
            f"trial-{number}",
            [{key: 0.3 + 0.7 / (1 + step / 50) + 0.05 * chance.random() for key in keys} for step in range(count)],
        )


def tensorboard(folder: Path, table: Iterator[tuple[str, list[dict[str, float]]]]) -> None:
    from tensorboardX import SummaryWriter

    for name, rows in table:
        with SummaryWriter(str(folder / name), max_queue=10_000) as writer:
            for step, row in enumerate(rows):
                for key, value in row.items():
                    writer.add_scalar(key, value, step)


def mlflow(folder: Path, table: Iterator[tuple[str, list[dict[str, float]]]]) -> None:
    import mlflow as library
    from mlflow.entities import Metric

    library.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    experiment = library.create_experiment("bench", artifact_location=str(folder / "artifacts"))
    client: Any = library.MlflowClient()
    for name, rows in table:
        run = client.create_run(experiment, run_name=name).info.run_id
        now = int(1000 * time.time())
        metrics = [Metric(key, value, now, step) for step, row in enumerate(rows) for key, value in row.items()]
        for start in range(0, len(metrics), 1000):  # as many as a request may have
            client.log_batch(run, metrics=metrics[start : start + 1000])
        client.set_terminated(run)


def trackio(_folder: Path, table: Iterator[tuple[str, list[dict[str, float]]]]) -> None:
    from trackio.sqlite_storage import SQLiteStorage

    for name, rows in table:
        SQLiteStorage.bulk_log(project="bench", run=name, metrics_list=rows, steps=list(range(len(rows))))


def variables(folder: Path, port: int) -> dict[str, str]:
    """Of what writes and serves: nothing of the user's home, and no calls home."""
    return os.environ | {
        "HOME": str(folder),
        "TRACKIO_DIR": str(folder),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
    }


if __name__ == "__main__":
    written = {"tensorboard": tensorboard, "mlflow": mlflow, "trackio": trackio}
    name, place, runs, count, *keys = sys.argv[1:]
    Path(place).mkdir(parents=True, exist_ok=True)
    written[name](Path(place), _rows(int(runs), int(count), keys))
