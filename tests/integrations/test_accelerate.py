"""A loop trains here under Accelerate; the run is compared with what the loop told the accelerator."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from sklearn.datasets import load_diabetes

import tracker_core as tracker
from tracker_core._media import table_file
from tracker_integrations.accelerate import TrackerTracker

QUIET = {"silent": True}
EXAMPLE = Path(__file__).parents[2] / "examples" / "accelerate_diabetes.py"


@pytest.fixture(autouse=True)
def _ended():
    yield
    tracker.finish()
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def run():
    with tracker.init(project="p", settings=QUIET) as run:
        yield run


def train(accelerator, epochs=3):
    """The losses that were told."""
    torch.manual_seed(0)
    x, y = (torch.as_tensor(part, dtype=torch.float32) for part in load_diabetes(return_X_y=True))
    model = torch.nn.Linear(10, 1)
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), 0.1))
    told = []
    for step in range(epochs):
        loss = torch.nn.functional.mse_loss(model(x), y[:, None] / 100)
        optimizer.zero_grad()
        accelerator.backward(loss)
        optimizer.step()
        told.append((step * 10, loss.item()))
        accelerator.log({"loss": told[-1][1]}, step=told[-1][0])
    return told


def test_what_the_accelerator_is_told_is_logged(read):
    accelerator = Accelerator(cpu=True, log_with=TrackerTracker("mine", name="linear", tags=["a"], settings=QUIET))
    accelerator.init_trackers("theirs", config={"lr": 0.1})
    told = train(accelerator)
    run = accelerator.get_tracker("tracker", unwrap=True)
    accelerator.end_training()
    assert tracker.run is None
    recorded = read(run)
    assert recorded.series("loss") == told
    assert (run.project, recorded.name, recorded.tags, recorded.state) == ("mine", "linear", ["a"], "finished")
    assert recorded.config == {"lr": 0.1}


def test_by_name_in_the_project_of_init_trackers(read):
    accelerator = Accelerator(cpu=True, log_with=["tracker"])
    accelerator.init_trackers("theirs", {"lr": 0.1}, {"tracker": {"name": "linear", "settings": QUIET}})
    run = accelerator.get_tracker("tracker", unwrap=True)
    told = train(accelerator)
    accelerator.end_training()
    recorded = read(run)
    assert recorded.series("loss") == told
    assert (run.project, recorded.name) == ("theirs", "linear")


def test_run_of_the_user_is_used_and_not_ended(run, read):
    other = tracker.init(project="other", reinit="create_new", settings=QUIET)
    for ours in (TrackerTracker(), TrackerTracker(run=other), pickle.loads(pickle.dumps(TrackerTracker(run=run)))):
        accelerator = Accelerator(cpu=True, log_with=ours)
        accelerator.init_trackers("theirs", {"lr": 0.1})
        told = train(accelerator)
        accelerator.end_training()
    assert tracker.run is run
    run.log({"mine": 1})
    other.finish()
    assert read(other).series("loss") == told
    assert read(run).series("loss") == [*told, *((step + 21, loss) for step, loss in told)]


def test_training_that_continues_from_a_checkpoint_keeps_its_steps(read):
    for resume, steps in ((None, (0, 1, 2, 3)), ("must", (2, 3, 4)), ("must", (0, 1))):
        with tracker.init(project="p", id="long", resume=resume, settings=QUIET) as run:
            accelerator = Accelerator(cpu=True, log_with=TrackerTracker())
            accelerator.init_trackers("p")
            for step in steps:
                accelerator.log({"loss": float(step)}, step=step)
    assert [step for step, _ in read(run).series("loss")] == [0, 1, 2, 3, 4, 6, 7]


def test_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="Did you mean 'group'"):
        TrackerTracker("p", grp="x")


def test_images_and_tables(run):
    accelerator = Accelerator(cpu=True, log_with=TrackerTracker())
    accelerator.init_trackers("p")
    ours = accelerator.get_tracker("tracker")
    ours.log_images({"samples": [np.zeros((4, 6), np.uint8)] * 2}, step=3, caption="black")
    ours.log_table("rows", columns=["a", "b"], data=[[1, 2]], step=3)
    ours.log_table("frame", dataframe=pd.DataFrame({"a": [5]}), step=3)
    accelerator.end_training()
    (row,) = [row for row in tracker.Api().run(f"p/{run.id}").scan_history() if "samples" in row]
    assert (row["_step"], [item["caption"] for item in row["samples"]["items"]]) == (3, ["black", "black"])
    assert table_file.read(run.folder.files, row["rows"]) == [[1, 2]]
    assert table_file.read(run.folder.files, row["frame"]) == [[5]]


@pytest.mark.slow
def test_processes_of_one_training_have_one_run(distributed, read):
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(EXAMPLE)]
    done = distributed(*launch)
    assert done.returncode == 0, done.stderr
    recorded = read()
    assert [step for step, _ in recorded.series("loss")] == list(range(10))
    assert recorded.run.config == {"lr": 1.0, "batch_size": 32}
