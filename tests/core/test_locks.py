"""Locks met again by signal handlers, by other threads and by forked children."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _records as records
from tracker_core._locks import Lock, file_lock, undisturbed
from tracker_core.testing import recorded

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="a POSIX call")


def interrupted(function, handler, at):
    """Call `function`, and `handler` before the line number `at` that it runs below the package: as a signal handler
    is called. Return whether that line was reached."""
    package = str(Path(tracker.__file__).parent)
    lines = 0

    def trace(frame, event, _):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(package):
            return None
        if event == "line":
            lines += 1
            if lines == at:
                handler()
        return trace

    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(None)
    return lines >= at


def child_ends_well(work):
    """Whether `work` returns in a forked child. A child that waits for a lock is ended by SIGALRM."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_finish_can_be_called_by_a_handler_at_every_line_of_finish():
    at = 0
    reached = True
    while reached:
        at += 1
        with recorded() as run:
            run.config.depth = 3
            run.log({"loss": 0.5})
            reached = interrupted(run.finish, run.finish, at)
            assert isinstance(run.written[-1], records.End)
            assert run.state == "finished"
    assert at > 20


def test_a_handler_can_log_at_every_line_of_log():
    at = 0
    reached = True
    while reached:
        at += 1
        with recorded() as run:
            reached = interrupted(
                lambda run=run: run.log({"loss": 0.5, "note": "text"}), lambda run=run: run.log({"signal": 1}), at
            )
            assert run.values("loss") == [0.5]
            assert run.values("signal") == [1] * reached
    assert at > 20


def test_a_second_thread_that_finishes_waits_for_the_first():
    with recorded() as run:
        threads = [threading.Thread(target=run.finish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(record) for record in run.written] == [records.End]


@posix
def test_artifacts_logged_by_a_signal_handler_while_others_are_logged(script):
    script(
        """
        import signal
        from pathlib import Path
        run = tracker.init(project="p", id="r", settings={"console": "off"})
        logged = 0

        def save(number):
            artifact = tracker.Artifact("data", "dataset")
            path = Path(f"{number}.txt")
            path.write_text(str(number))
            artifact.add_file(str(path))
            run.log_artifact(artifact, aliases=[f"n{number}"])

        def handler(*_):
            global logged
            if logged < 40:
                logged += 1
                save(1000 + logged)

        save(0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        number = 1
        while logged < 40:
            save(number)
            number += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        run.finish()
        api = tracker.Api()
        for each in [*range(number), *range(1001, 1041)]:
            artifact = api.artifact(f"p/data:n{each}")
            assert Path(artifact.file()).read_text() == str(each)
        """
    )


@posix
def test_a_forked_child_takes_locks_that_a_thread_of_the_parent_holds(tmp_path):
    lock, path = Lock(), tmp_path / "lock"
    held, done = threading.Event(), threading.Event()

    def hold():
        with lock, file_lock(path):
            held.set()
            done.wait()

    def work():
        with lock:
            assert lock.owned

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    assert child_ends_well(work)
    done.set()
    thread.join()
    assert not lock.owned


@posix
def test_a_forked_child_does_not_keep_a_file_locked(tmp_path):
    path = tmp_path / "lock"
    ready, leave = os.pipe(), os.pipe()
    with file_lock(path):
        child = os.fork()
        if child == 0:
            os.close(leave[1])
            os.write(ready[1], b"r")
            os.read(leave[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
    assert child_ends_well(lambda: file_lock(path).__enter__())
    for end in (*ready, *leave):
        os.close(end)
    assert os.waitpid(child, 0)[1] == 0


def test_a_file_lock_is_taken_again_by_its_own_thread_only(tmp_path):
    path = tmp_path / "lock"
    order = []

    def other():
        with file_lock(path):
            order.append("other")

    with file_lock(path), file_lock(path):
        thread = threading.Thread(target=other)
        thread.start()
        order.append("own")
    thread.join()
    assert order == ["own", "other"]
    assert path.exists()


def test_undisturbed_calls_return_raise_and_nest():
    @undisturbed
    def divide(a, b):
        return a / b

    assert divide(3, 2) == 1.5
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)
    assert undisturbed(lambda: divide(1, 4))() == 0.25
    threads = set()
    undisturbed(lambda: threads.add(threading.current_thread()))()
    assert threading.main_thread() not in threads


@posix
def test_a_terminated_pool_ends_with_the_run_in_every_process(script):
    done = script(
        """
        import multiprocessing, time

        def wait(_):
            time.sleep(600)

        run = tracker.init(id="r", settings={"console": "off"})
        pool = multiprocessing.get_context("fork").Pool(2)
        pool.map_async(wait, range(2))
        run.log({"x": 1.0})
        pool.terminate()
        pool.join()
        run.finish()
        print(tracker.Api().run("r").state)
        """
    )
    assert done.stdout.split() == ["finished"]


def test_a_lock_travels_with_what_holds_it():
    with Lock() as _:
        pass
    lock = Lock()
    with lock, multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(type, (lock,)) is Lock
