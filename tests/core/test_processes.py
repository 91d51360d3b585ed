"""One run in several processes: fork, spawn, pickle, ranks."""

from __future__ import annotations

import copy
import functools
import operator
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import tracker_core as tracker
from tracker_core import _folder, _journal, _past


def values(folder, name):
    """The values of one metric by journal label."""
    found = {}
    for path in folder.journals():
        reader = _journal.Reader(path)
        for entry in reader.entries():
            if isinstance(entry, _journal.Numbers) and name in entry.key_set.names:
                found.setdefault(reader.header.label.partition("-")[0], []).append(
                    entry.values[entry.key_set.names.index(name)]
                )
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a POSIX call")
def test_a_forked_child_writes_a_journal_of_its_own(past):
    run = tracker.init()
    run.log({"x": 1.0})
    child = os.fork()
    if child == 0:
        try:
            run.log({"x": 10.0})
            run.config.child = True
            tracker.log({"x": 11.0})
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    run.log({"x": 2.0})
    assert run.summary["x"] == 2.0
    run.finish()
    assert values(run.folder, "x") == {"main": [1.0, 2.0], "fork": [10.0, 11.0]}
    assert past(run).snapshot.config == {"child": True}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a POSIX call")
def test_a_forked_child_that_exits_does_not_end_the_run(script):
    done = script(
        """
        import os, sys
        run = tracker.init(id="r", settings={"console": "off"})
        child = os.fork()
        if child == 0:
            sys.exit(5)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        run.log({"x": 1.0})
        """
    )
    assert done.stdout.split() == ["5"]
    [folder] = _folder.find(Path("tracker"), "r")
    assert _past.read(folder).snapshot.exit_code == 0


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(script, method):
    script(
        f"""
        import multiprocessing

        def work(run, value):
            run.log({{"x": value}})

        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            run = tracker.init(id="r", settings={{"console": "off"}})
            workers = [context.Process(target=work, args=(run, float(i))) for i in range(2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
                assert worker.exitcode == 0
            run.log({{"x": 9.0}})
        """
    )
    [folder] = _folder.find(Path("tracker"), "r")
    found = values(folder, "x")
    assert found.pop("main") == [9.0]
    assert sorted(functools.reduce(operator.iadd, found.values(), [])) == [0.0, 1.0]
    assert _past.read(folder).snapshot.state == "finished"


def test_in_the_same_process_a_run_stays_itself():
    run = tracker.init()
    assert pickle.loads(pickle.dumps(run)) is run
    assert copy.deepcopy(run) is run


def test_a_run_can_be_taken_to_another_process(past):
    run = tracker.init(config={"lr": 0.1})
    code = (
        "import pickle, sys; run = pickle.loads(bytes.fromhex(sys.argv[1]));"
        "run.log({'x': 5.0}); print(run.id, run.config.as_dict()); run.finish()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, pickle.dumps(run).hex()], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == run.id
    run.finish()
    assert values(run.folder, "x") == {"worker": [5.0]}
    assert past(run).snapshot.state == "finished"


MAIN_AGAIN = """
import multiprocessing
import sys
import time
import tracker_core as tracker
run = tracker.init(project="p", settings={"console": "off"})

def work(key):
    tracker.log({key: 4})

def nest(key):
    process = multiprocessing.get_context(sys.argv[1]).Process(target=work, args=(key,))
    process.start()
    process.join()
    sys.exit(process.exitcode)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    for target in (work, nest):
        process = context.Process(target=target, args=(target.__name__,))
        process.start()
        process.join()
        assert process.exitcode == 0
    run.log({"main": 1})
    run.finish()
"""


def logged(run, key):
    return sorted(map(int, run.series(key)[2]))


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_a_main_module_that_is_imported_again_starts_no_run(tmp_path, method):
    path = tmp_path / "train.py"
    path.write_text(MAIN_AGAIN)
    subprocess.run([sys.executable, str(path), method], check=True, timeout=300)
    [run] = tracker.Api().runs("p")
    assert (logged(run, "work"), logged(run, "nest"), logged(run, "main")) == ([4], [4], [1])
    assert run.state == "finished"


def test_a_main_module_that_is_imported_again_without_a_run_records_nothing(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(
        "import multiprocessing, sys\nimport tracker_core as tracker\n"
        "if __name__ != '__main__': tracker.init(project='p').log({'x': 1})\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context('spawn').Process(target=print)\n"
        "    process.start(); process.join(); sys.exit(process.exitcode)\n"
    )
    subprocess.run([sys.executable, str(path)], check=True, timeout=300)
    assert list(_folder.scan(Path("tracker"))) == []


def test_a_spawned_child_that_calls_init_in_a_function_has_a_run_of_its_own(script):
    script(
        """
        import multiprocessing

        def train():
            run = tracker.init(project="p", name="child", settings={"console": "off"})
            run.log({"x": 1})
            run.finish()

        if __name__ == "__main__":
            run = tracker.init(project="p", name="parent", settings={"console": "off"})
            process = multiprocessing.get_context("spawn").Process(target=train)
            process.start()
            process.join()
            assert process.exitcode == 0
        """
    )
    assert sorted(run.name for run in tracker.Api().runs("p")) == ["child", "parent"]


def test_module_functions_in_a_worker_log_to_the_run_of_its_parent(script):
    """A DataLoader's worker that was spawned: nothing that it was given holds the run."""
    pytest.importorskip("torch")
    script(
        """
        import torch

        class Data(torch.utils.data.Dataset):
            def __len__(self):
                return 6

            def __getitem__(self, index):
                tracker.log({"item": index})
                return index

        if __name__ == "__main__":
            run = tracker.init(project="p", settings={"console": "off"})
            run.log({"x": 1})
            for method in ("spawn", "forkserver"):
                list(torch.utils.data.DataLoader(Data(), num_workers=1, multiprocessing_context=method))
        """
    )
    [run] = tracker.Api().runs("p")
    assert len(logged(run, "item")) == 12
    assert min(run.series("item")[0]) == 1  # after the last step of the run


def test_joblib(script):
    joblib = pytest.importorskip("joblib")
    assert joblib
    script(
        """
        import joblib

        def work(i):
            tracker.log({"item": i})

        def work_with(run, i):
            run.log({"given": i})

        if __name__ == "__main__":
            run = tracker.init(project="p", settings={"console": "off"})
            joblib.Parallel(n_jobs=1, backend="loky")(joblib.delayed(work)(i) for i in range(2))
            joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(work)(i) for i in range(2, 4))
            joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(work_with)(run, i) for i in range(4))
        """
    )
    [run] = tracker.Api().runs("p")
    assert set(logged(run, "item")) == {0, 1, 2, 3}
    assert set(logged(run, "given")) == {0, 1, 2, 3}


def test_a_pickled_run_is_one_run_in_the_process_that_gets_it(script):
    script(
        """
        import concurrent.futures, multiprocessing

        def work(run, value):
            run.log({"x": value})

        if __name__ == "__main__":
            run = tracker.init(project="p", settings={"console": "off"})
            context = multiprocessing.get_context("spawn")
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
                list(pool.map(work, [run] * 5, range(5)))
        """
    )
    [run] = tracker.Api().runs("p")
    assert len([path for path in run.folder.glob("*.0000.journal") if "worker" in path.name]) == 1
    assert logged(run, "x") == [0, 1, 2, 3, 4]


def test_torch_spawn(script):
    pytest.importorskip("torch")
    script(
        """
        import torch.multiprocessing

        def train(index, run):
            run.log({f"x{index}": index})

        if __name__ == "__main__":
            run = tracker.init(project="p", settings={"console": "off"})
            torch.multiprocessing.spawn(train, args=(run,), nprocs=2)
        """
    )
    [run] = tracker.Api().runs("p")
    assert (logged(run, "x0"), logged(run, "x1")) == ([0], [1])


def test_a_child_that_outlives_its_parent_keeps_what_it_logs(script):
    done = script(
        """
        import os, subprocess, sys
        run = tracker.init(id="r", project="p", settings={"console": "off"})
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            run.log({"x": 1})
            os.read(reading, 1)  # until the parent is gone
            run.log({"x": 2})
            os._exit(0)
        run.log({"main": 1})
        run.finish()
        print(child)
        """
    )
    child = int(done.stdout)
    deadline = time.monotonic() + 120
    while psutil.pid_exists(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert logged(tracker.Api().run("p/r"), "x") == [1, 2]


def test_writers_keep_what_they_log_at_the_same_step(script):
    """Two forked workers begin at the same step; so does the process that they were forked from."""
    script(
        """
        import os
        run = tracker.init(project="p", settings={"console": "off"})
        run.log({"x": 0.0})
        for worker in (1, 2):
            child = os.fork()
            if child == 0:
                for i in range(3):
                    run.log({"item": worker * 10 + i, "same": 1, "x": float(worker)})
                os._exit(0)
            os.waitpid(child, 0)
        for i in range(2):
            run.log({"x": 100.0 + i})
        """
    )
    [run] = tracker.Api().runs("p")
    assert logged(run, "item") == [10, 11, 12, 20, 21, 22]
    assert logged(run, "same") == [1, 1, 1]
    first, second = sorted(run.writers("item"), key=lambda name: run.series("item", writer=name)[2][0])
    assert [run.series("item", writer=name)[2].tolist() for name in (first, second)] == [[10, 11, 12], [20, 21, 22]]
    assert set(run.writers()) == {"main", first, second}
    assert run.writers()[0] == "main"
    assert run.series("x", writer="main")[2].tolist() == [0.0, 100.0, 101.0]
    assert run.sample("x").last.tolist()[:3] == [0.0, 100.0, 101.0]  # a value a step: that of the first writer
    assert run.sample("x", writer=second).last.tolist() == [2.0, 2.0, 2.0]
    assert sorted(row["item"] for row in run.scan_history(keys=["item"])) == [10, 11, 12, 20, 21, 22]
    assert {row.get("_writer") for row in run.scan_history()} == {None, first, second}
    assert run.summary["x"] == 101.0
    with pytest.raises(tracker.NotFoundError, match=first):
        run.series("item", writer="main")


SECOND = """
import sys, warnings
warnings.simplefilter("ignore")
import tracker_core as tracker
run = tracker.init(project="p", id="both", resume="allow", settings={"console": "off"})
for i in range(2):
    run.log({"loss": 10 + i}, step=i)
run.log({"accuracy": 0.5})
print(tracker.Api().run("p/both").state, flush=True)
if sys.argv[1:]:
    run.finish(int(sys.argv[1]))
else:
    sys.stdin.readline()
"""


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 0)])
def test_a_run_of_two_processes_has_the_state_of_the_first(script, first, second):
    done = script(
        """
        import subprocess, sys
        run = tracker.init(project="p", id="both", settings={"console": "off"})
        for i in range(2):
            run.log({"loss": i}, step=i)
        subprocess.run([sys.executable, "-c", sys.argv[1], sys.argv[3]], check=False)
        print(tracker.Api().run("p/both").state, flush=True)
        run.log({"loss": 2})
        run.finish(int(sys.argv[2]))
        """,
        SECOND,
        str(first),
        str(second),
    )
    assert done.stdout.split() == ["running", "running"]
    run = tracker.Api().run("p/both")
    assert (run.state, run.exit_code) == ("failed" if first else "finished", first)
    assert run.writers("loss") == ["main", "process-2"]
    assert run.series("loss", writer="process-2")[2].tolist() == [10, 11]
    assert set(run.series("loss", writer="main")[2].tolist()) >= {0, 2}
    assert run.series("accuracy")[0].tolist() == [2]
    assert [life.state for life in run.attempts] == [run.state, "failed" if second else "finished"]


def test_a_run_is_running_while_the_second_process_is(script):
    """The first process ends first; the run has its state when the second one has ended, too."""
    done = script(
        """
        import subprocess, sys
        run = tracker.init(project="p", id="both", settings={"console": "off"})
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        process = subprocess.Popen([sys.executable, "-c", sys.argv[1]], **pipes)
        process.stdout.readline()
        run.finish(4)
        print(tracker.Api().run("p/both").state)
        process.communicate("end")
        print(tracker.Api().run("p/both").state)
        """,
        SECOND,
    )
    assert done.stdout.split() == ["running", "failed"]


def test_a_resume_and_a_fork_keep_writers_apart(script):
    script(
        """
        import os
        run = tracker.init(project="p", id="r", settings={"console": "off"})
        tracker.define_metric("best", summary="max")
        for i in range(3):
            run.log({"x": float(i), "best": i})
        child = os.fork()
        if child == 0:
            for i in range(3):
                run.log({"x": 50.0 + i, "best": 50 + i, "own": i}, step=i)
            os._exit(0)
        os.waitpid(child, 0)
        """
    )
    run = tracker.init(project="p", id="r", resume="must", settings={"console": "off"})
    live = {key: run.summary[key] for key in ("x", "best", "own")}
    run.finish()
    fork = tracker.init(project="p", id="f", fork_from="r?_step=1", settings={"console": "off"})
    fork.finish()
    old, new = tracker.Api().run("p/r"), tracker.Api().run("p/f")
    assert live == {"x": 2.0, "best": {"max": 2}, "own": 2}
    assert {key: old.summary[key] for key in live} == {"x": 2.0, "best": {"max": 2}, "own": 2}
    assert old.series("x")[2].tolist() == [0.0, 50.0, 1.0, 51.0, 2.0, 52.0]
    assert new.series("x")[2].tolist() == [0.0, 50.0, 1.0, 51.0]
    assert new.writers() == old.writers()
