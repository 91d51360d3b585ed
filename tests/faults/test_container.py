"""A training that is the first process of a container: when it ends, every other process there is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker

SCRIPT = """
import tracker_core as tracker
run = tracker.init(project="p", id="r", save_code=True, settings={"silent": True})
run.log({"x": 1.0})
"""


@pytest.fixture
def container():
    """Runs a command in a PID namespace of its own."""
    command = ["unshare", "--fork", "--pid", "--mount-proc"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a PID namespace needs Linux and root")

    def run(*arguments):
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300, check=False)

    return run


@pytest.mark.parametrize("parent", [[], ["sh", "-c", '"$0" "$@"; exit $?']], ids=["PID 1", "child of PID 1"])
@pytest.mark.parametrize(("end", "code"), [("run.finish()", 0), ("", 0), ("import sys; sys.exit(3)", 3)])
def test_what_is_captured_is_kept(container, parent, end, code):
    Path("train.py").write_text(SCRIPT + end)
    done = container(*parent, sys.executable, "train.py")
    assert done.returncode == code, done.stderr
    run = tracker.Api().run("p/r")
    assert run.state == ("failed" if code else "finished")
    assert {"command", "host", "python"} <= set(run.metadata)
    names = {file.name for file in run.files()}
    assert {"code/train.py", "requirements.txt"} <= names


def test_a_training_elsewhere_does_not_wait():
    from tracker_core import _exit

    assert os.getpid() != 1
    assert not _exit.ends_container() or os.getppid() == 1
