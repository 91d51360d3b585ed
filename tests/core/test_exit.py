"""How runs end: by themselves, by an error, by a signal, with the process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _folder, _past

HEAD = "import tracker_core as tracker\nrun = tracker.init(id='r', settings={'console': 'off'})\nrun.log({'x': 1.0})\n"


def last_attempt(root="tracker"):
    [folder] = _folder.find(Path(root), "r")
    return _past.read(folder).snapshot.last


@pytest.mark.parametrize(
    ("ending", "status", "state", "code"),
    [
        ("", 0, "finished", 0),
        ("tracker.finish()", 0, "finished", 0),
        ("tracker.finish(3)", 0, "failed", 3),
        ("import sys; sys.exit()", 0, "finished", 0),
        ("import sys; sys.exit(0)", 0, "finished", 0),
        ("import sys; sys.exit(7)", 7, "failed", 7),
        ("import sys; sys.exit('message')", 1, "failed", 1),
        ("raise ValueError('on purpose')", 1, "failed", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT, "killed", 255),
        ("run.mark_preempting(); import sys; sys.exit(1)", 1, "preempted", 1),
        ("run.mark_preempting()", 0, "finished", 0),
        (
            "import sys\ntry: sys.exit(4)\nexcept SystemExit: pass\nwith tracker.init(reinit=True): pass",
            0,
            "finished",
            0,
        ),
    ],
)
def test_states(script, ending, status, state, code):
    done = script(HEAD + ending, check=False)
    assert done.returncode == status, done.stderr
    attempt = last_attempt()
    assert (attempt.state, attempt.exit_code) == (state, code)
    assert _past.read(_folder.find(Path("tracker"), "r")[0]).latest == {"x": 1.0}


@pytest.mark.parametrize(("number", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "SIGINT")])
def test_signals(number, name):
    process = subprocess.Popen(
        # A process that is started in the background of a shell inherits that Ctrl-C is ignored.
        [
            sys.executable,
            "-c",
            "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            + HEAD
            + "print('ready', flush=True)\nimport time\nwhile True: time.sleep(0.01)",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.wait(120) == -number
    process.stdout.close()
    attempt = last_attempt()
    assert (attempt.state, attempt.signal) == ("killed", name)


def test_a_users_handler_stays_the_users(script):
    done = script(
        """
        import os, signal, time
        signal.signal(signal.SIGTERM, lambda number, frame: print("mine", flush=True))
        run = tracker.init()
        os.kill(os.getpid(), signal.SIGTERM)
        print(run.step)
        """
    )
    assert done.stdout.split() == ["mine", "0"]


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (ZeroDivisionError(), "failed", 1),
        (SystemExit(), "finished", 0),
        (SystemExit(0), "finished", 0),
        (SystemExit(3), "failed", 3),
        (SystemExit("message"), "failed", 1),
        (KeyboardInterrupt(), "killed", 255),
    ],
)
def test_a_context_manager_ends_by_how_it_is_left(past, error, state, code):
    with pytest.raises(type(error)), tracker.init() as run:  # noqa: PT012 - the block is what is tested
        run.log({"x": 1})
        raise error
    assert (past(run).snapshot.state, past(run).snapshot.exit_code) == (state, code)


def test_a_context_manager_that_comes_to_its_end_is_finished(past):
    with tracker.init() as run:
        run.log({"x": 1})
    assert past(run).snapshot.state == "finished"


def test_finish_twice_and_after_it(past):
    run = tracker.init()
    run.finish()
    run.finish(5)
    assert past(run).snapshot.exit_code == 0
    for call in (lambda: run.log({"a": 1}), lambda: run.config.update({"a": 1}), lambda: setattr(run, "name", "x")):
        with pytest.raises(tracker.UsageError, match="finished"):
            call()
    assert tracker.run is None


def test_an_exit_in_a_thread_ends_the_thread_only(script):
    script(
        HEAD
        + """
import sys, threading
thread = threading.Thread(target=sys.exit, args=(9,))
thread.start()
thread.join()
"""
    )
    assert last_attempt().exit_code == 0


def test_sys_exit_looks_and_acts_as_before(script):
    done = script(
        """
        import sys, pickle, inspect
        before = (sys.exit.__name__, sys.exit.__module__, sys.exit.__doc__)
        tracker.init()
        print((sys.exit.__name__, sys.exit.__module__, sys.exit.__doc__) == before)
        try:
            sys.exit(object)
        except SystemExit as error:
            print(error.code is object)
        """
    )
    assert done.stdout.split() == ["True", "True"]


def test_a_crash_in_one_undo_does_not_lose_the_end(past):
    run = tracker.init()
    run._opened.callback(lambda: 1 / 0)
    with pytest.warns(UserWarning, match="ZeroDivisionError"):
        run.finish()
    assert past(run).snapshot.state == "finished"


def test_a_living_process_holds_its_journal():
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + "print('ready', flush=True)\nimport time\ntime.sleep(600)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.stdout.readline()
    [folder] = _folder.find(Path("tracker"), "r")
    assert _past.busy(folder)
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 120
    while _past.busy(folder) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _past.busy(folder)
