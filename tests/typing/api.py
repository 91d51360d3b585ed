"""User code that a type checker must accept, and, with `type: ignore`, code that it must refuse.

mypy runs over this file in `make check`; a needless ignore is an error there, so each of them is a test too.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import tracker_core as tracker

if TYPE_CHECKING:
    from collections.abc import Sequence


def start_with_every_argument() -> tracker.Run:
    return tracker.init(
        "digits",
        "team",
        name="baseline",
        id="abc",
        group="folds",
        job_type="train",
        notes="why",
        tags=["a", "b"],
        config={"lr": 0.1},
        config_exclude_keys=["secret"],
        allow_val_change=True,
        dir=Path("elsewhere"),
        save_code=True,
        sync_tensorboard=True,
        monitor_gym=True,
        magic={"keras": {"log_freq": 50}},
        resume="allow",
        reinit=True,
        anonymous="never",
        force=False,
        mode="offline",
        settings={"console": "off"},
    )


def configs_of_many_kinds() -> None:
    tracker.init(config=Namespace(lr=0.1))
    tracker.init(config="config.yaml")
    tracker.init(settings=tracker.Settings(silent=True))
    tracker.init(mode="sometimes")  # type: ignore[arg-type]
    tracker.init(anonymous=True)  # type: ignore[arg-type]
    tracker.init(projekt="digits")  # type: ignore[call-arg]


def log_what_can_be_logged(run: tracker.Run) -> None:
    run.log({"loss": 0.5, "nested": {"accuracy": np.float32(0.5)}, "image": tracker.Image(np.zeros((8, 8)))})
    run.log({"loss": 0.5}, step=3, commit=True)
    tracker.log({"loss": 0.5})
    run.log([("loss", 0.5)])  # type: ignore[arg-type]
    run.log({"loss": 0.5}, step="3")  # type: ignore[arg-type]


def config_and_summary_are_open(run: tracker.Run) -> Any:
    run.config.lr = 0.1
    run.config["layers"] = [64, 10]
    run.config.update({"seed": 7}, allow_val_change=True)
    run.summary["best"] = 0.9
    tracker.config.momentum = 0.9
    return run.config.lr * 2


def properties_have_types(run: tracker.Run) -> tuple[int, float, str | None]:
    text: list[str] = [run.id, run.name, run.project, run.path, run.dir]
    run.name = text[0]
    run.tags += ("best",)
    step: int = run.step
    begun: float = run.start_time
    address: str | None = run.url
    run.id = "another"  # type: ignore[misc]
    return step, begun, address


def runs_show_themselves(run: tracker.Run) -> int:
    page: str = run.to_html(height=300, hidden=True)
    shown: bool = run.display()
    run.write_logs(page)  # type: ignore[attr-defined]
    return run.status().sync_items_pending if shown else 0


def artifacts_have_types(run: tracker.Run) -> str:
    artifact = tracker.Artifact("cats", type="dataset", metadata={"count": 3})
    artifact.add_reference("s3://bucket/cats", max_objects=10)
    kept: tracker.Artifact = run.log_artifact(artifact, aliases=["best"]).link("models/cats")
    return kept.download(skip_cache=True)


def current_run_may_be_none() -> str:
    with tracker.init() as run:
        run.define_metric("val.*", summary="max", goal="maximize")
    tracker.run.finish()  # type: ignore[union-attr]
    return tracker.run.name if tracker.run is not None else ""


def read_runs(api: tracker.Api) -> np.ndarray[Any, Any]:
    runs: Sequence[Any] = api.runs("digits", filters={"config.lr": {"$lt": 0.1}}, order="-created_at")
    assert len(runs) >= 0
    run = api.run("digits/abc")
    steps, times, values = run.series("loss")
    assert steps.shape == times.shape
    envelope = run.sample("loss", buckets=100)
    assert (envelope.low <= envelope.high).all()
    run.name = "renamed"
    run.state = "finished"  # type: ignore[misc]
    for row in run.scan_history(keys=["loss"]):
        row["loss"]
    return values


def errors_carry_what_a_handler_needs(error: tracker.Error) -> str:
    if isinstance(error, tracker.LaunchError):
        reason: str = error.reason
        return reason
    if isinstance(error, tracker.NotFoundError):
        lookup: LookupError = error
        return str(lookup)
    return str(error)


def launch_error_knows_its_reasons() -> None:
    raise tracker.LaunchError("no", "no such reason")  # type: ignore[arg-type]


def version_is_text() -> str:
    return tracker.__version__
