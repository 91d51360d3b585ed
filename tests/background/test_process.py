"""The final state after every kind of end, and that the background process itself always ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tracker_core import _background, _folder, _settings
from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core.background import parent

knows_exits = pytest.mark.skipif(
    sys.platform != "linux" or tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15),
    reason="only Linux from 6.15 on tells how a process ended that is not one's child",
)


def last_end(training):
    ends = [record for record in training.records("background") if isinstance(record, records.End)]
    return ends[-1] if ends else None


def test_finish_waits_until_everything_is_captured(train):
    training = train("writer, background = start(); end(writer, exit_code=0); print(background.finish(30))")
    assert training.wait() == "True\n"
    assert training.snapshot().state == "finished"
    assert training.snapshot().metadata["python"]
    assert last_end(training) is None
    assert training.log() == ""


@knows_exits
@pytest.mark.parametrize(
    ("death", "state", "exit_code", "name"),
    [
        ("os._exit(3)", "failed", 3, None),
        ("os._exit(0)", "finished", 0, None),
        ("raise SystemExit(4)", "failed", 4, None),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed", None, "SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "killed", None, "SIGTERM"),
        ("import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.abort()", "crashed", None, "SIGABRT"),
    ],
)
def test_a_process_that_dies_without_a_word_gets_its_state(train, death, state, exit_code, name):
    training = train(f"writer, background = start(); {death}")
    training.wait()
    snapshot = training.snapshot()
    assert (snapshot.state, snapshot.exit_code, snapshot.last.signal) == (state, exit_code, name)
    assert not any(journal.alive(path) for path in training.folder.journals())


@knows_exits
@pytest.mark.parametrize("delay", [0.0, 0.02, 0.04, 0.06, 0.08, 0.1])
def test_a_kill_while_it_starts_is_told_too(train, delay):
    training = train(f"writer, background = start(); time.sleep({delay}); os.kill(os.getpid(), signal.SIGKILL)")
    training.wait()
    assert (training.snapshot().state, training.snapshot().last.signal) == ("killed", "SIGKILL")
    assert training.snapshot().metadata["python"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pidfd and /proc")
@pytest.mark.parametrize(
    ("death", "ended"),
    [
        ("os._exit(3)", parent.Exit(code=3)),
        ("os._exit(0)", parent.Exit(code=0)),
        ("os.kill(os.getpid(), 9)", parent.Exit(signal="SIGKILL")),
        ("os.kill(os.getpid(), 64)", parent.Exit(signal="SIGRTMAX")),
    ],
)
def test_an_older_kernel_tells_it_while_the_process_waits_to_be_collected(monkeypatch, death, ended):
    monkeypatch.setattr(parent, "_GET_INFO", 0)
    process = subprocess.Popen(
        [sys.executable, "-c", f"import os, sys; sys.stdin.read(); {death}"], stdin=subprocess.PIPE
    )
    pidfd = os.pidfd_open(process.pid)
    try:
        watched = parent.Parent(process.pid, pidfd)
        assert not watched.gone()
        process.stdin.close()
        process.stdin = None
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert watched.gone()
        assert watched.exit(0.1) == ended
    finally:
        os.close(pidfd)
        process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pidfd and /proc")
def test_nobody_guesses_how_a_process_ended_that_was_collected(monkeypatch):
    monkeypatch.setattr(parent, "_GET_INFO", 0)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pidfd = os.pidfd_open(process.pid)
    process.kill()
    process.wait()
    assert parent.Parent(process.pid, pidfd).exit(10) is None
    os.close(pidfd)


@knows_exits
def test_a_wrong_guess_is_corrected_once_the_process_is_gone(train):
    training = train(
        """
writer, background = start()
end(writer, exit_code=0, certain=False)
print(background.finish(30, certain=False), flush=True)
time.sleep(0.3)
os._exit(7)
"""
    )
    assert training.wait() == "True\n"
    assert (training.snapshot().state, training.snapshot().exit_code) == ("failed", 7)


def test_a_right_guess_needs_no_second_word(train):
    training = train(
        """
writer, background = start()
end(writer, exit_code=6, certain=False)
background.finish(30, certain=False)
os._exit(6)
"""
    )
    training.wait()
    assert last_end(training) is None
    assert training.snapshot().exit_code == 6


def test_what_the_process_says_for_certain_stands(train):
    training = train("writer, background = start(); end(writer, exit_code=0); background.finish(30); os._exit(9)")
    training.wait()
    assert (training.snapshot().state, training.snapshot().exit_code) == ("finished", 0)


@knows_exits
def test_an_announced_preemption_is_one(train):
    training = train(
        """
writer, background = start()
writer.write(records.Preempting(time=time.time()))
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    training.wait()
    assert training.snapshot().state == "preempted"


def test_a_killed_background_process_does_not_disturb_the_training(train, backgrounds, gone, until):
    training = train(
        """
writer, background = start()
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
print("started", flush=True)
Path("go").exists() or [time.sleep(0.02) for _ in iter(Path("go").exists, True)]
background.notify()
end(writer, exit_code=0)
print(background.finish(30))
"""
    )
    until(backgrounds)
    (background,) = backgrounds()
    background.kill()
    gone([background])
    Path("go").touch()
    assert training.wait() == "started\nFalse\n"
    assert training.process.returncode == 0
    assert training.snapshot().state == "finished"


def test_a_forked_child_does_not_hide_the_end_of_its_parent(train, gone):
    training = train(
        """
writer, background = start()
if os.fork() == 0:
    Path("child").write_text(str(os.getpid()))
    os.close(1), os.close(2)
    background.notify()
    Path("answer").write_text(str(background.finish(30)))
    Path("answer").rename("told")
    time.sleep(600)
    os._exit(0)
while not Path("told").exists():
    time.sleep(0.02)
os._exit(3)
"""
    )
    training.wait()
    child = psutil.Process(int(Path("child").read_text()))
    assert child.is_running()
    child.kill()
    gone([child])
    assert Path("told").read_text() == "False"
    assert training.snapshot().state in ("failed", "crashed")


def test_the_users_wait_never_meets_the_background_process(train):
    training = train(
        """
signal.signal(signal.SIGCHLD, lambda *_: print("child"))
writer, background = start()
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
time.sleep(0.3)
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("no child")
end(writer, exit_code=0)
background.finish(30)
"""
    )
    assert training.wait().endswith("no child\n")


def test_a_script_that_closes_every_descriptor_keeps_its_files(train):
    training = train(
        """
writer, background = start()
os.closerange(3, 256)
files = [open(f"file{number}", "w") for number in range(40)]
background.notify()
print(background.finish(30))
for file in files:
    file.write("mine")
    file.close()
sys.stdout.flush()
os._exit(3)
"""
    )
    assert training.wait() == "False\n"
    assert {Path(f"file{number}").read_text() for number in range(40)} == {"mine"}
    assert training.snapshot().state in ("failed", "crashed")


def test_a_script_that_becomes_another_program_is_watched_to_its_end(train):
    training = train("writer, background = start(); os.execv('/bin/sh', ['sh', '-c', 'sleep 0.3; exit 5'])")
    training.wait()
    assert training.snapshot().state in ("failed", "crashed")


def test_a_container_without_a_shell_has_one_too(train):
    training = train(
        """
_background._SHELL = "/nonexistent"
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
writer, background = start()
end(writer, exit_code=0)
print(background.finish(30))
"""
    )
    assert training.wait() == "True\n"
    assert training.log() == ""


def test_a_frozen_program_cannot_start_one(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    folder = _folder.create(tmp_path, "r1", offline=True)
    with pytest.raises(OSError, match="interpreter as a program of its own"):
        _background.launch(folder, run="r1", attempt=1, journal=tmp_path / "j", settings=_settings.Settings())


def test_a_very_long_command_line_is_cut(train):
    arguments = tuple("\N{DIGIT ONE}\N{SMILING FACE WITH SUNGLASSES}" * 200 for _ in range(100))
    training = train(
        "writer, background = start(); end(writer, exit_code=0); background.finish(30)", arguments=arguments
    )
    training.wait()
    args = training.snapshot().metadata["args"]
    assert 10 < len(args) < 20
    assert args[-1] == "..."


def test_ctrl_c_in_the_terminal_does_not_reach_it(train, backgrounds, until):
    training = train("writer, background = start(); time.sleep(600)")
    until(backgrounds)
    (background,) = backgrounds()
    until(lambda: list(training.folder.path.glob("*-background.0000.journal")))
    background.send_signal(signal.SIGINT)
    background.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert background.is_running()
    training.kill()


@pytest.mark.parametrize("shell", ["/bin/sh", "/nonexistent"])
def test_a_signal_to_the_process_group_does_not_reach_it_from_its_first_instant(train, shell):
    training = train(
        f"""
_background._SHELL = {shell!r}
if os.getpgrp() != os.getpid():
    os.setpgid(0, 0)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, lambda *_: None)
writer, background = start()
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
    os.killpg(os.getpgrp(), number)
end(writer, exit_code=0)
print(background.finish(120))
"""
    )
    assert training.wait() == "True\n"
    assert training.snapshot().metadata


def test_sigterm_ends_it_soon_though_the_training_goes_on(train, backgrounds, gone, until):
    training = train("writer, background = start(); time.sleep(600)")
    until(backgrounds)
    (background,) = backgrounds()
    until(lambda: list(training.folder.path.glob("*-background.0000.journal")))
    time.sleep(0.2)
    background.terminate()
    gone([background])
    assert training.process.poll() is None
    assert any(isinstance(record, records.Metadata) for record in training.records("background"))
    training.kill()


@pytest.mark.parametrize("tombstone", [False, True])
def test_it_ends_when_the_run_is_deleted(train, backgrounds, gone, until, tombstone):
    training = train("writer, background = start(system_interval=0.2); time.sleep(600)")
    until(backgrounds)
    (background,) = backgrounds()
    until(lambda: list(training.folder.path.glob("*-background.0000.journal")))
    folder = training.folder.path

    def deleted() -> bool:  # it may add to it meanwhile
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    until(deleted)
    if tombstone:
        folder.mkdir(exist_ok=True)
    gone([background])
    training.kill()


def test_a_module_beside_the_script_shadows_nothing(train):
    for name in ("json", "msgspec", "psutil", "signal"):
        Path("shadow").mkdir(exist_ok=True)
        Path("shadow", f"{name}.py").write_text("raise RuntimeError('shadowed')")
    training = train(
        "sys.path.insert(0, os.getcwd())\nos.chdir('shadow')\nsys.path.insert(0, '')\n"
        "writer, background = start(); end(writer, exit_code=0); print(background.finish(30)); os.chdir('..')"
    )
    assert training.wait() == "True\n"


def test_an_interpreter_that_needs_its_home_variable_has_one_too(train, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", sys.base_prefix)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(entry for entry in sys.path if entry))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    training = train(
        "writer, background = start(); end(writer, exit_code=0); print(background.finish(30)); os._exit(0)"
    )
    assert training.wait() == "True\n"
    assert training.snapshot().metadata["python"]


def test_it_finishes_alone_when_nobody_waits(train):
    training = train("writer, background = start(); end(writer, exit_code=0); print(background.finish(0))")
    assert training.wait() == "False\n"
    assert training.snapshot().metadata["python"]


def test_journals_of_dead_writers_are_cut(train):
    training = train("writer, background = start(); os._exit(1)")
    training.wait()
    for path in training.folder.journals():
        assert path.stat().st_size < 64 * 1024
