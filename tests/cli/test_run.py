"""`tracker run` as a process: scripts that know nothing of it, and those that do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tracker_core as tracker


def command(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tracker_core", "run", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def only():
    (run,) = tracker.Api().runs()
    return run


SCRIPT = """
import argparse, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("words", nargs="*")
print(parser.parse_args(), __name__, os.path.basename(__file__))
import tensorboardX
with tensorboardX.SummaryWriter("logs") as writer:
    for step in range(5):
        writer.add_scalar("loss", 1 / (step + 1), step)
"""


def test_script_is_tracked_without_a_line():
    Path("train.py").write_text(SCRIPT)
    done = command("--project", "p", "train.py", "--lr", "0.5", "a", "--", "b")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Namespace(lr=0.5, words=['a', 'b']) __main__ train.py"
    run = only()
    assert (run.project, run.state) == ("p", "finished")
    assert run.config == {"lr": 0.5, "words": ["a", "b"]}
    assert run.series("loss")[0].tolist() == list(range(5))


def test_module():
    Path("package").mkdir()
    Path("package/__init__.py").touch()
    Path("package/part.py").write_text("value = 3\n")
    Path("package/__main__.py").write_text(
        "import sys\nfrom package.part import value\nprint(value, sys.argv[1:], __package__)\n"
    )
    for name in ("package", "package.__main__"):
        done = command("-m", name, "-x", "1")
        assert done.stdout.strip() == "3 ['-x', '1'] package", done.stderr
    assert len(tracker.Api().runs()) == 2


def test_script_with_a_run_of_its_own_keeps_it():
    Path("train.py").write_text(
        "import tracker_core as tracker\nimport argparse\nrun = tracker.init(project='mine', config={'a': 1})\n"
        "parser = argparse.ArgumentParser()\nparser.add_argument('--b', type=int)\nparser.parse_args()\n"
    )
    done = command("train.py", "--b", "2")
    assert done.returncode == 0, done.stderr
    assert (only().project, only().config) == ("mine", {"a": 1, "b": 2})


def test_script_that_only_logs_gets_a_run():
    Path("train.py").write_text("import tracker_core as tracker\nfor x in range(3):\n    tracker.log({'x': x})\n")
    done = command("--project", "p", "train.py")
    assert done.returncode == 0, done.stderr
    assert (only().project, only().summary["x"]) == ("p", 2)


@pytest.mark.parametrize(
    ("text", "code", "state"),
    [
        ("raise ValueError('of the script')", 1, "failed"),
        ("open('nothing')", 1, "failed"),
        ("raise SystemExit(3)", 3, "failed"),
        ("raise SystemExit", 0, "finished"),
    ],
)
def test_it_ends_as_the_script_does(text, code, state):
    Path("train.py").write_text(text)
    done = command("train.py")
    assert (done.returncode, only().state, only().exit_code) == (code, state, code)
    if "SystemExit" not in text:
        assert "Traceback" in done.stderr
        assert "cli" not in done.stderr


def test_workers_find_the_script():
    Path("train.py").write_text(
        "import multiprocessing\ndef double(x):\n    return 2 * x\n"
        "if __name__ == '__main__':\n    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(double, [1, 2]))\n"
    )
    done = command("train.py")
    assert done.stdout.strip() == "[2, 4]", done.stderr
    assert only().state == "finished"


def test_switches_can_be_set_by_variables():
    Path("train.py").write_text(SCRIPT)
    done = command(
        "train.py", "--lr", "1", TRACKER_MAGIC="false", TRACKER_NAME="mine", TRACKER_SYNC_TENSORBOARD="false"
    )
    assert done.returncode == 0, done.stderr
    assert (only().name, only().config, only().keys()) == ("mine", {}, [])


@pytest.mark.parametrize(
    ("words", "message"),
    [((), "Name a script"), (("nothing.py",), "cannot read the script"), (("-m", "no.such"), "no module 'no.such'")],
)
def test_what_cannot_be_run_is_told(words, message):
    done = command(*words)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
