"""The examples run as they are, each in a folder of its own, and leave the runs that they are about."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core

EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"KERAS_BACKEND": "torch"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _runs(project: str) -> list:
    return list(tracker_core.Api(".").runs(project))


def test_every_example_is_tested():
    tested = Path(__file__).read_text() + (EXAMPLES.parent / "tests" / "integrations" / "test_examples.py").read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if path.name not in tested] == []


@pytest.mark.parametrize(
    ("script", "project"), [("several_runs.py", "runs-from-for-loop"), ("context_manager.py", "runs-from-with")]
)
def test_ten_runs_from_one_script(script, project):
    _run(script)
    runs = _runs(project)
    assert [run.summary["metric"] for run in runs] == [99 + number for number in range(10)]
    assert {run.state for run in runs} == {"finished"}
    assert all(len(run.series("metric").steps) == 100 for run in runs)


def test_name_becomes_id():
    printed = _run("name_is_id.py")
    (run,) = _runs("names")
    assert run.name == run.id
    assert f"now the id: {run.id}" in printed


def test_offline_by_environment_variables():
    _run("offline.py")
    (run,) = _runs("offline-demo")
    assert run.attempts[-1].mode == "offline"
    assert run.config["learning_rate"] == 0.01
    assert list(run.series("accuracy").values) == list(range(100))
    assert not [path for path in run.folder.rglob("*") if path.is_file() and b"the key of your" in path.read_bytes()]


def test_interrupted_training_goes_on():
    printed = _run("resume.py")
    (run,) = _runs("resume")
    assert "started at 0\ninterrupted\nresumed at 8\n" in printed
    assert (run.state, len(run.attempts)) == ("finished", 2)
    assert list(run.series("loss").steps) == list(range(20))


def test_plain_loop_learns():
    _run("plain_loop.py")
    (run,) = _runs("digits")
    assert run.summary["val.accuracy"]["max"] > 0.93
    assert run.config["lr"] == 0.3


def test_media_are_kept():
    _run("media.py")
    (run,) = _runs("digits-media")
    summary = run.summary
    assert summary["accuracy"] > 0.85
    assert sum(summary["weights"]["values"]) == 640
    assert (summary["samples"]["of"], summary["samples"]["count"]) == ("image-file", 4)
    assert summary["mistakes"]["rows"] == 25
    assert len(list(run.folder.rglob("media/images/mistakes/**/*.png"))) == 25
    (video,) = run.folder.rglob("media/videos/*.mp4")
    assert video.stat().st_size > 1000


def test_artifacts_lead_from_data_to_the_best_model():
    _run("artifacts.py")
    prepared, *trained, tested = sorted(_runs("digits-artifacts"), key=lambda run: run.start_time)
    artifact = tracker_core.Api(".").artifact("digits-artifacts/digit-reader:best")
    accuracies = {run.id: run.summary["accuracy"] for run in trained}
    assert artifact.logged_by().id == max(accuracies, key=accuracies.get)
    assert [run.id for run in artifact.used_by()] == [tested.id]
    assert tested.summary["accuracy"] == pytest.approx(max(accuracies.values()))
    data = tracker_core.Api(".").artifact("digits-artifacts/digits:clean")
    assert data.logged_by().id == prepared.id
    assert [run.id for run in data.used_by()] == list(accuracies)


@pytest.mark.slow
def test_demo_shows_three_runs():
    printed = _run("demo.py")
    assert len(_runs("digits")) == 3
    for words in ("lightning", "keras", "✓ finished", "train.loss  last", "tracker export"):
        assert words in printed
