"""Trials run here in Ray's own processes; their runs are compared with the results that Ray keeps."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")  # before Ray 2.51 it was off

import pytest
import ray
from ray import train, tune
from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import tracker_core as tracker
from tracker_integrations.ray import TrackerLoggerCallback, setup_tracker

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Ray warns of itself
    pytest.mark.skipif(" " in sys.executable, reason="Ray starts no worker where the path of Python has a blank"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A small Ray, started in this folder with a home of its own; its processes inherit both."""
    # Not below pytest's folder: the names of its sockets may have 107 letters.
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as sockets,
        warnings.catch_warnings(action="ignore"),
    ):
        home = tmp_path_factory.mktemp("ray")
        patch.setenv("HOME", str(home))
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(home / name.lower()))
        patch.chdir(home)
        memory = 80 * 2**20
        ray.init(
            num_cpus=2, include_dashboard=False, object_store_memory=memory, log_to_driver=False, _temp_dir=sockets
        )
        yield home
        ray.shutdown()


def learn(config):
    """Reports an accuracy per epoch with a checkpoint; fails when the folder for it is not there."""
    images, labels = load_digits(return_X_y=True)
    model = SGDClassifier(alpha=config["model"]["alpha"], random_state=0)
    for epoch in range(3):
        model.partial_fit(images[:500], labels[:500], classes=range(10))
        if epoch == 2 and "fails" in config["model"] and not Path(config["mended"]).exists():
            raise RuntimeError("of the user")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "epoch.json").write_text(json.dumps(epoch))
            found = {"accuracy": model.score(images[500:], labels[500:]), "nested": {"epoch": epoch}}
            tune.report(found, checkpoint=tune.Checkpoint.from_directory(folder))


def test_trials_are_runs_of_a_group(home, read):
    space = {"mended": str(home / "mended"), "model": tune.grid_search([{"alpha": 1e-4}, {"alpha": 1e-2, "fails": 1}])}
    settings = {"silent": True, "system_interval": 0}
    callback = TrackerLoggerCallback(log_model=True, tags=["search"], settings=settings)
    run_config = tune.RunConfig(name="trials", storage_path=str(home / "results"), callbacks=[callback], verbose=0)
    with tracker.init(project="p", settings=settings) as run:
        results = tune.Tuner(learn, param_space=space, run_config=run_config).fit()
        assert tracker.run is run
    assert not read(run).rows
    trials = {result.metrics["trial_id"]: result for result in results}
    found = {each.id: each for each in tracker.Api().runs("p", {"group": "trials"})}
    assert set(found) == set(trials)
    for number, result in trials.items():
        assert found[number].config == result.config
        assert found[number].tags == ["search"]
        frame = result.metrics_dataframe
        steps, _, values = found[number].series("accuracy")
        assert (steps.tolist(), values.tolist()) == (frame["training_iteration"].tolist(), frame["accuracy"].tolist())
        assert found[number].series("nested/epoch")[2].tolist() == frame["nested/epoch"].tolist()
        assert found[number].state == ("failed" if result.error else "finished")
        assert len(steps) == (2 if result.error else 3)
        artifact = tracker.Api().artifact(f"p/model-{number}:latest")
        assert json.loads(Path(artifact.download(), "epoch.json").read_text()) == len(steps) - 1

    (failed,) = (number for number, result in trials.items() if result.error)
    (home / "mended").touch()
    restored = tune.Tuner.restore(str(home / "results" / "trials"), learn, resume_errored=True, param_space=space)
    with tracker.init(project="p", settings=settings):
        restored.fit()
    again = tracker.Api().run(f"p/{failed}")
    assert again.state == "finished"
    assert again.series("accuracy")[0].tolist() == [1, 2, 3, 4, 5]


def test_run_inside_of_a_trial_and_of_a_worker(home):
    def trial(config):
        with setup_tracker(config, project="inside", settings={"silent": True}) as run:
            run.log({"x": config["x"]})
            tune.report({"x": config["x"]})
            if config["x"] == 2:
                raise RuntimeError("of the user")

    def worker(config):
        with setup_tracker(config, project="workers", settings={"silent": True}) as run:
            run.log({"rank": train.get_context().get_world_rank()})
        train.report({"done": True})

    storage = str(home / "results")
    tune.Tuner(
        trial,
        param_space={"x": tune.grid_search([1, 2])},
        run_config=tune.RunConfig(name="inside", storage_path=storage, verbose=0),
    ).fit()
    DataParallelTrainer(
        worker,
        train_loop_config={"lr": 0.1},
        scaling_config=train.ScalingConfig(num_workers=2, resources_per_worker={"CPU": 0.5}),
        run_config=train.RunConfig(name="workers", storage_path=storage),
    ).fit()
    api = tracker.Api(home / "tracker")
    inside = {each.config["x"]: each for each in api.runs("inside")}
    assert {x: (each.state, each.series("x")[2].tolist(), each.group) for x, each in inside.items()} == {
        1: ("finished", [1], "inside"),
        2: ("failed", [2], "inside"),
    }
    (only,) = api.runs("workers")
    assert (only.config, only.series("rank")[2].tolist(), only.state) == ({"lr": 0.1}, [0], "finished")
