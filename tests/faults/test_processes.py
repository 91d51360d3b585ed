"""Processes that die, and many at once."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil

import tracker_core as tracker


def background_of(run_id):
    """The background process of a run, found by the folder in its command line."""
    here = str(Path("tracker").absolute())
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if any("tracker_core.background" in part for part in line) and any(
            part.startswith(here) and part.endswith(f"-{run_id}") for part in line
        ):
            return process
    return None


def until(condition):
    """Waits for something that another process does."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_background_process_is_killed(train):
    process = train(
        """
        run = tracker.init(id="r", settings={"console": "off"})
        print("up", flush=True)
        input()
        for i in range(1000):
            run.log({"x": float(i)})
        open("saved.txt", "w").close()
        run.save("saved.txt")
        run.finish()
        print("end", flush=True)
        """
    )
    process.stdout.readline()
    until(lambda: background_of("r"))
    background = background_of("r")
    background.kill()
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "end\n"
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    run = tracker.Api().run("r")
    assert run.state == "finished"
    assert run.summary["x"] == 999.0


def test_training_and_background_killed_together_is_a_crash(train):
    process = train(
        """
        run = tracker.init(id="r", settings={"console": "off"})
        run.log({"x": 1.0})
        print("up", flush=True)
        input()
        """
    )
    process.stdout.readline()
    until(lambda: background_of("r"))
    background = background_of("r")
    assert tracker.Api().run("r").state == "running"
    background.kill()
    process.kill()
    until(lambda: tracker.Api().run("r").state != "running")  # what was killed may take some time to go
    assert tracker.Api().run("r").state == "crashed"


def test_a_terminal_that_hangs_up_and_ctrl_c_leave_the_background_process_alone(train):
    process = train(
        """
        import signal, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # may be ignored, see test_exit
        run = tracker.init(id="r", settings={"console": "off"})
        try:
            print("up", flush=True)
            time.sleep(600)
        except KeyboardInterrupt:
            run.log({"x": 1.0})
        """
    )
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 0
    run = tracker.Api().run("r")
    assert (run.state, run.summary["x"]) == ("finished", 1.0)


WRITER = """
import sys
number = int(sys.argv[1])
run = tracker.init(project="p", id=f"w{number}", config={"number": number}, settings={"system_interval": 0})
for i in range(500):
    run.log({"x": float(i), "number": number})
run.summary["sum"] = number
"""


def test_twenty_writers_at_once_and_a_reader(train):
    writers = [train(WRITER, str(number)) for number in range(20)]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        runs = tracker.Api().runs("p")
        assert len(runs) >= seen
        seen = len(runs)
        for run in list(runs)[:3]:
            assert run.config in ({}, {"number": int(run.id[1:])})  # its first record may be all that is there yet
        time.sleep(0.2)
    for writer in writers:
        assert writer.returncode == 0, writer.communicate()[1]
    runs = {run.id: run for run in tracker.Api().runs("p")}
    assert len(runs) == 20
    for number in range(20):
        run = runs[f"w{number}"]
        assert run.state == "finished"
        assert run.series("x")[2].tolist() == [float(i) for i in range(500)]
        assert run.summary["sum"] == number
    assert len({run.name.rpartition("-")[0] for run in runs.values()}) > 10


def test_two_processes_resume_one_run_at_the_same_time(train):
    with tracker.init(id="r", settings={"console": "off"}) as first:
        first.log({"x": 0.0})
    code = """
    import sys, warnings
    warnings.simplefilter("ignore")
    print("up", flush=True)
    input()
    run = tracker.init(id="r", resume="must", settings={"console": "off"})
    for i in range(100):
        run.log({sys.argv[1]: float(i)})
    print(run.attempt)
    """
    both = [train(code, name) for name in ("a", "b")]
    for process in both:
        process.stdout.readline()
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    attempts = set()
    for process in both:
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        attempts.add(int(out))
    assert attempts == {2, 3}
    run = tracker.Api().run("r")
    assert run.state == "finished"
    assert [len(run.series(name)[0]) for name in ("x", "a", "b")] == [1, 100, 100]


def test_the_clock_is_set_back(train):
    # Setting the machine's clock would disturb everything else on it; the process sees another one.
    process = train(
        """
        import time
        real = time.time
        run = tracker.init(id="r", settings={"console": "off"})
        for i in range(10):
            run.log({"x": float(i)})
        time.time = lambda: real() - 3600
        for i in range(10, 20):
            run.log({"x": float(i)})
        run.config.late = True
        """
    )
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    run = tracker.Api().run("r")
    _, times, values = run.series("x")
    assert values.tolist() == [float(i) for i in range(20)]
    assert (times[1:] >= times[:-1]).all()
    assert run.config == {"late": True}
