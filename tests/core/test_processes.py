"""One run in several processes: fork, spawn, pickle, ranks."""

from __future__ import annotations

import copy
import functools
import operator
import os
import pickle
import subprocess
import sys
from pathlib import Path

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


RANK = """
import sys
import tracker_core as tracker
run = tracker.init(project="p", name=f"rank {sys.argv[1]}", settings={"console": "off"})
for i in range(3):
    run.log({"x": float(i), "rank": int(sys.argv[1])})
tracker.finish()
"""


def rank_environment(rank, world=2, **more):
    return {
        **os.environ,
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29501",
        **more,
    }


def test_ranks_join_the_run_of_rank_0():
    for rank in (0, 1, 2):
        subprocess.run([sys.executable, "-c", RANK, str(rank)], check=True, env=rank_environment(rank, 3))
    [folder] = _folder.scan(Path("tracker"))
    assert values(folder, "rank") == {"main": [0] * 3, "rank1": [1] * 3, "rank2": [2] * 3}
    assert _past.read(folder).snapshot.name == "rank 0"
    assert _past.read(folder).snapshot.state == "finished"


def test_a_rank_that_comes_first_waits_with_its_rows():
    code = RANK.replace("tracker.finish()", "input()\nrun.log({'x': 3.0, 'rank': 1})\ntracker.finish()")
    early = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True)\n" + code, "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=rank_environment(1),
    )
    early.stdout.readline()
    subprocess.run([sys.executable, "-c", RANK, "0"], check=True, env=rank_environment(0))
    early.communicate("go\n", timeout=120)
    assert early.returncode == 0
    [folder] = _folder.scan(Path("tracker"))
    assert values(folder, "rank")["main"] == [0] * 3
    rows = [
        entry
        for path in folder.journals()
        if "rank1" in path.name
        for entry in _journal.Reader(path).entries()
        if not isinstance(entry, _journal.KeySet)
    ]
    assert len(rows) == 4


def test_a_rank_without_a_rank_0_is_silent():
    subprocess.run([sys.executable, "-c", RANK, "1"], check=True, env=rank_environment(1))
    assert list(_folder.scan(Path("tracker"))) == []


def test_a_launch_of_one_is_no_launch():
    subprocess.run([sys.executable, "-c", RANK, "0"], check=True, env=rank_environment(0, 1))
    [folder] = _folder.scan(Path("tracker"))
    assert values(folder, "x") == {"main": [0.0, 1.0, 2.0]}
