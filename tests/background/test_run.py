"""A whole run with everything that accompanies it, as a user starts one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _records as records

RUN = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell's background job runs the tests
from pathlib import Path
import tracker_core as tracker
run = tracker.init(project="p", settings={"system_interval": 0.1})
"""


def console(training, stream="stdout"):
    lines = {}
    for record in training.records("main"):
        if isinstance(record, records.Console) and record.stream == stream:
            lines[record.line] = record.text
    return [lines[number] for number in sorted(lines)]


def test_a_run_that_just_ends(train):
    training = train("run.log({'loss': 1.0}); print('hello'); time.sleep(0.3)", preamble=RUN, arguments=("--token=X",))
    training.wait()
    snapshot = training.snapshot()
    assert snapshot.state == "finished"
    assert snapshot.metadata["args"] == ["--token=***"]
    assert snapshot.heartbeat > 0
    assert console(training) == ["hello"]
    assert training.log() == ""


@pytest.mark.parametrize(
    ("end", "state", "exit_code", "name"),
    [
        ("raise SystemExit(3)", "failed", 3, None),
        ("sys.exit(4)", "failed", 4, None),
        ("1 / 0", "failed", 1, None),
        ("os._exit(5)", "failed", 5, None),
        ("os.kill(os.getpid(), signal.SIGINT)", "killed", 255, "SIGINT"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "killed", 143, "SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed", None, "SIGKILL"),
        ("run.finish(); os._exit(6)", "finished", 0, None),
    ],
)
@pytest.mark.skipif(
    sys.platform != "linux" or tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15),
    reason="only Linux from 6.15 on tells how a process ended that is not one's child",
)
def test_every_end_has_its_state(train, end, state, exit_code, name):
    training = train(f"print('before', flush=True)\n{end}", preamble=RUN)
    training.wait()
    snapshot = training.snapshot()
    assert (snapshot.state, snapshot.exit_code, snapshot.last.signal) == (state, exit_code, name)
    assert console(training) == ["before"]


def test_a_traceback_is_kept(train):
    training = train("raise RuntimeError('why')", preamble=RUN)
    training.wait()
    assert console(training, "stderr")[-1] == "RuntimeError: why"


def test_the_console_can_be_left_alone(train, monkeypatch):
    monkeypatch.setenv("TRACKER_CONSOLE", "off")
    training = train("print('hello'); run.finish()", preamble=RUN)
    training.wait()
    assert console(training) == []


def test_two_runs_at_once_have_a_background_process_each(train):
    training = train(
        """
other = tracker.init(project="p", reinit="create_new")
print("both")
run.finish()
print("other")
other.finish()
""",
        preamble=RUN,
    )
    training.wait()
    folders = sorted(Path("tracker").glob("*run-*"))
    assert len(folders) == 2
    for folder in folders:
        assert len(list(folder.glob("*-background.0000.journal"))) == 1


@pytest.mark.parametrize("folder", [b"two words \xc3\xa4 \xf0\x9f\x98\x80", b"caf\xe9"], ids=["text", "no text"])
def test_a_folder_of_any_name(folder, until):
    place = Path(os.fsdecode(folder)).absolute()
    try:
        place.mkdir()
    except OSError:
        pytest.skip("a file system that wants text")
    (place / "train.py").write_text(RUN + "run.log({'loss': 1.0})\nos.kill(os.getpid(), signal.SIGKILL)\n")
    environment = {**os.environ, "MASTER_ADDR": "here", "RANK": "0", "WORLD_SIZE": "2", "TRACKER_SAVE_CODE": "1"}
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=place, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert "Warning" not in done.stderr
    (run,) = tracker.Api(place).runs()
    until(lambda: run.load().state == "killed" and len(run.files()) == 2)
    assert (run.summary["loss"], run.metadata["args"]) == (1.0, [])
    assert {file.name for file in run.files()} == {"code/train.py", "requirements.txt"}


def test_a_file_for_the_end_is_there_when_finish_returns(train):
    training = train(
        """
Path("scratch").mkdir()
Path("scratch/model.txt").write_text("first")
run.save("scratch/model.txt", policy="end")
Path("scratch/model.txt").write_text("trained")
run.finish()
import shutil
shutil.rmtree("scratch")
""",
        preamble=RUN,
    )
    training.wait()
    assert (training.folder.files / "scratch/model.txt").read_text() == "trained"


def test_code_is_kept_when_asked_for(train, monkeypatch):
    monkeypatch.setenv("TRACKER_SAVE_CODE", "true")
    Path("helper.py").write_text("# helper")
    training = train("run.log_code(); run.finish()", preamble=RUN)
    training.wait()
    assert {"code/train.py", "code/helper.py"} <= set(training.snapshot().files)


def test_the_folder_is_found_again(train):
    from tracker_core import _roots

    train("run.finish()", preamble=RUN).wait()
    assert _roots.roots() == [Path("tracker").absolute()]
