"""`tracker run` as a process: scripts that know nothing of it, and those that do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import tracker_core as tracker


def command(*words, stdin=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tracker_core", "run", *words],
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def only(ready=lambda run: True):
    """The only run, once the background process has brought what `ready` asks for."""
    end = time.monotonic() + 60
    while True:
        (run,) = tracker.Api().runs()
        if ready(run):
            return run
        assert time.monotonic() < end
        time.sleep(0.1)


def is_captured(run):
    return "program" in run.metadata


def has_code(run):
    return is_captured(run) and any(file.name.startswith("code/") for file in run.files())


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


def test_script_that_nothing_recognizes_is_recorded_and_says_so():
    Path("train.py").write_text("print('a line')\nimport time\ntime.sleep(0.2)\n")
    done = command("train.py", "--lr", "0.1")
    assert (done.returncode, done.stdout) == (0, "a line\n")
    assert "no integration recognized what train.py does" in done.stderr
    run = only(has_code)
    assert (run.state, run.exit_code, run.metadata["program"]) == ("finished", 0, "train.py")
    assert run.metadata["args"] == ["--lr", "0.1"]
    assert "a line" in [line.text for line in run.console()]
    assert "code/train.py" in [file.name for file in run.files()]


def test_nothing_is_said_where_something_was_logged_or_nobody_wants_to_hear():
    Path("logs.py").write_text("import tracker_core as tracker\ntracker.log({'x': 1})\n")
    Path("writes.py").write_text(SCRIPT)
    Path("silent.py").write_text("pass\n")
    for words, environment in (
        (("logs.py",), {}),
        (("writes.py",), {}),
        (("silent.py",), {"TRACKER_SILENT": "true"}),
    ):
        done = command(*words, **environment)
        assert done.returncode == 0, done.stderr
        assert "recognized" not in done.stderr


def test_script_that_only_speaks_of_init_gets_a_run_and_one_that_calls_none_is_told():
    Path("speaks.py").write_text("# like tracker_core.init()\ntext = 'tracker_core'\nprint(text)\n")
    Path("may.py").write_text("import tracker_core as tracker\nif not __name__:\n    tracker.init()\n")
    assert command("speaks.py").returncode == 0
    assert only(is_captured).metadata["program"] == "speaks.py"
    done = command("may.py")
    assert done.returncode == 0
    assert "may.py calls init() but started no run" in done.stderr
    assert len(tracker.Api().runs()) == 1


def test_code_is_not_saved_where_the_user_says_so():
    Path("train.py").write_text("pass\n")
    command("train.py", TRACKER_SAVE_CODE="false")
    assert not [file.name for file in only(is_captured).files() if file.name.startswith("code/")]


def test_standard_input_directory_and_zip_file():
    text = "import sys\nprint(sys.argv, __name__, globals().get('__file__'))\n"
    done = command("-", "x", stdin=text)
    assert done.stdout == "['-', 'x'] __main__ None\n", done.stderr
    Path("folder").mkdir()
    Path("folder/__main__.py").write_text("import part\n" + text)
    Path("folder/part.py").touch()
    with zipfile.ZipFile("archive.zip", "w") as archive:
        for name in ("__main__.py", "part.py"):
            archive.write(f"folder/{name}", name)
    for name in ("folder", "archive.zip"):
        done = command(name, "x")
        assert done.stdout.startswith(f"['{name}', 'x'] __main__ "), done.stderr
    assert {run.state for run in tracker.Api().runs()} == {"finished"}


def test_exit_without_cleaning_up():
    Path("train.py").write_text("import os\nprint('said', flush=True)\nos._exit(3)\n")
    done = command("train.py")
    assert (done.returncode, done.stdout) == (3, "said\n")
    assert only(lambda run: run.exit_code is not None).state == "failed"


@pytest.mark.parametrize("words", [["-m", "package.part"], ["--name", "n", "-m", "package.part"]])
def test_program_is_the_one_that_was_asked_for(words):
    Path("package").mkdir()
    Path("package/__init__.py").touch()
    Path("package/part.py").write_text("pass\n")
    command(*words, "a")
    assert only(is_captured).metadata["program"] == "-m package.part"


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
    [
        ((), "Name a script"),
        (("nothing.py",), "cannot read the script"),
        (("-m", "no.such"), "no module 'no.such'"),
        (("empty",), "cannot find __main__.py in empty"),
        (("book.ipynb",), "is a notebook"),
        (("null.py",), "null"),
    ],
)
def test_what_cannot_be_run_is_told(words, message):
    Path("empty").mkdir()
    Path("book.ipynb").write_text("{}")
    Path("null.py").write_bytes(b"\0\0")
    done = command(*words)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
