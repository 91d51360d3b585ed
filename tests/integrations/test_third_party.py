"""Frameworks' own tests with every switch on: what passes without us passes with us.

They are taken from the installed package where it has them (Keras), else from the project's source distribution, which
is downloaded for the time of the test; without an index the test is skipped, but never in CI. No distribution of
Gymnasium holds its tests of RecordVideo: those of Stable-Baselines3's recorder, which is built alike, stand for them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from importlib import metadata, util
from pathlib import Path

import pytest

import tracker_core as tracker

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def run(words, folder, switches, tmp_path):
    """How each test ended."""
    told = tmp_path / f"{switches}.json"
    environment = {
        **os.environ,
        "SWITCHES": switches,
        "TOLD_TO": str(told),
        "RUN_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "KERAS_BACKEND": "torch",
        "SDL_VIDEODRIVER": "dummy",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "with_switches",
            "-p",
            "no:cacheprovider",
            "--continue-on-collection-errors",
            "--rootdir",
            str(folder),
            "-c",  # no settings: those of the project around the environment would be found
            os.devnull,
            *words,
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert told.is_file(), done.stdout + done.stderr
    return json.loads(told.read_text()), done.stdout + done.stderr


def tracked(words, folder, tmp_path, at_least):
    """Parts of the switches and the run. What fails in it and not without it, twice, is our fault."""
    outcomes, output = run(words, folder, "on", tmp_path)
    assert sum(outcome == "passed" for outcome in outcomes.values()) >= at_least, output
    (recorded,) = tracker.Api(tmp_path).runs()
    suspects = sorted(name for name, outcome in outcomes.items() if outcome == "failed")
    if suspects:
        alone, _ = run(suspects, folder, "off", tmp_path)
        suspects = [name for name in suspects if alone.get(name) == "passed"]
    if suspects:
        again, output = run(suspects, folder, "on", tmp_path)
        assert {name for name, outcome in again.items() if outcome == "failed"} == set(), output
    return {part["module"]: part["state"] for part in recorded.metadata["magic"]}, recorded


@pytest.fixture
def source(tmp_path, missing):
    """The tests of a source distribution, in a folder without its package: they import the installed one."""

    def source(name):
        version = metadata.version(name)
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, f"{name}=={version}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        archives = list(tmp_path.glob("*.tar.gz"))
        if not archives:
            missing(f"the source of {name} {version} cannot be had here: {done.stderr[-300:]}")
        with tarfile.open(archives[0]) as archive:
            members = [member for member in archive if "/tests/" in member.name]
            archive.extractall(tmp_path, members, filter="data")
        return next(tmp_path.glob("*/tests")).parent

    return source


def test_writers_of_tensorboardx(source, tmp_path):
    names = ["test_writer", "test_summary_writer", "event_file_writer_test", "record_writer_test", "test_hparams"]
    folder = source("tensorboardX")
    parts, recorded = tracked([f"tests/{name}.py" for name in names], folder, tmp_path, 15)
    assert parts["tensorboardX.event_file_writer"] == "attached"
    assert recorded.keys()


def test_recorder_of_stable_baselines3(source, tmp_path):
    folder = source("stable_baselines3")
    # Those that compare speeds are none for a busy machine.
    words = ["tests/test_vec_envs.py", "tests/test_logger.py", "-k", "(video or logger) and not fps"]
    parts, _ = tracked(words, folder, tmp_path, 10)
    assert parts["stable_baselines3.common.vec_env.vec_video_recorder"] == "attached"
    assert parts["gymnasium"] == "attached"


def test_callbacks_of_keras(tmp_path):
    folder = Path(util.find_spec("keras").origin).parent / "src/callbacks"
    names = "backup_and_restore callback csv_logger early_stopping lambda_callback learning_rate_scheduler"
    names += " model_checkpoint monitor_callback reduce_lr_on_plateau terminate_on_nan"
    words = [str(folder / f"{name}_test.py") for name in names.split()]
    parts, recorded = tracked(words, tmp_path, tmp_path, 30)
    assert parts["keras"] == "attached"
    assert any(key.startswith("epoch/") for key in recorded.keys())  # noqa: SIM118 - a run is no mapping
