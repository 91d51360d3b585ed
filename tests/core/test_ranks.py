"""Ranks of a distributed training: each joins the run of its own launch, and no row is lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core import _folder, _launch

PUPPET = """
import sys, json, warnings
warnings.simplefilter("always")
import tracker_core as tracker
run = None
print("null", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    exec(request["code"])
    print(json.dumps(eval(request["value"])), flush=True)
"""


class Puppet:
    """A process that runs the code that it is sent, so that a test decides what comes first."""

    def __init__(self, environment, command=(sys.executable, "-c", PUPPET)):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.errors = ""
        assert self._read() is None

    def __call__(self, code, value="None"):
        """Runs `code`, waits for it, and returns `value`."""
        self.send(code, value)
        return self._read()

    def send(self, code, value="None"):
        self.process.stdin.write(json.dumps({"code": textwrap.dedent(code), "value": value}) + "\n")
        self.process.stdin.flush()

    def end(self):
        """Lets the process end and returns what it wrote to stderr."""
        self.errors += self.process.communicate(timeout=120)[1]
        assert self.process.returncode == 0, self.errors
        return self.errors

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=120)

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate(timeout=120)[1])
        return json.loads(line)


@pytest.fixture
def puppet():
    with contextlib.ExitStack() as stack:

        def start(*arguments, **keywords):
            made = Puppet(*arguments, **keywords)
            stack.callback(made.process.kill)
            return made

        yield start


LAUNCHERS = {
    "by hand": lambda rank: {"RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "node0", "MASTER_PORT": 29500},
    "nothing but a rank": lambda rank: {"RANK": rank, "WORLD_SIZE": 2},
    "torchrun": lambda rank: {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "GROUP_RANK": 0,
        "WORLD_SIZE": 2,
        "LOCAL_WORLD_SIZE": 2,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": 29500,
        "TORCHELASTIC_RUN_ID": "none",
        "TORCHELASTIC_RESTART_COUNT": 0,
    },
    "accelerate": lambda rank: {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": 2,
        "LOCAL_WORLD_SIZE": 2,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": 29500,
        "ACCELERATE_MIXED_PRECISION": "no",
        "TORCHELASTIC_RUN_ID": "none",
    },
    "deepspeed": lambda rank: {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": 2,
        "CROSS_RANK": 0,
        "CROSS_SIZE": 1,
        "LOCAL_SIZE": 2,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": 29500,
    },
    "srun": lambda rank: {
        "SLURM_PROCID": rank,
        "SLURM_LOCALID": rank,
        "SLURM_NTASKS": 2,
        "SLURM_JOB_ID": 4711,
        "SLURM_STEP_ID": 0,
    },
    "mpirun": lambda rank: {
        "OMPI_COMM_WORLD_RANK": rank,
        "OMPI_COMM_WORLD_SIZE": 2,
        "OMPI_COMM_WORLD_LOCAL_RANK": rank,
        "PMIX_NAMESPACE": "prterun-1@1",
    },
    "mpiexec": lambda rank: {"PMI_RANK": rank, "PMI_SIZE": 2},
    "horovodrun": lambda rank: {
        "HOROVOD_RANK": rank,
        "HOROVOD_SIZE": 2,
        "HOROVOD_GLOO_RENDEZVOUS_ADDR": "127.0.0.1",
        "HOROVOD_GLOO_RENDEZVOUS_PORT": 29500,
    },
    "lightning": lambda rank: {"LOCAL_RANK": rank, "NODE_RANK": 0, "WORLD_SIZE": 2, "MASTER_PORT": 29500},
}


def environment(rank, launcher="by hand", **more):
    clean = {name: value for name, value in os.environ.items() if name not in _launch._FACTS}
    return {**clean, **{name: str(value) for name, value in (LAUNCHERS[launcher](rank) | more).items()}}


def runs(project="p"):
    return sorted(tracker.Api().runs(project), key=lambda run: run.name)


def points(run, key):
    steps, _, values = run.series(key)
    return {int(step): int(value) for step, value in zip(steps, values, strict=True)}


def journals(run):
    labels = (path.name.partition("-")[2].partition(".")[0] for path in run.folder.glob("*.0000.journal"))
    return sorted(label for label in labels if label != "background")  # which a busy machine starts late


INIT = "run = tracker.init(project='p')"


@pytest.mark.parametrize(("launcher", "first"), [("by hand", 0), *((launcher, 1) for launcher in LAUNCHERS)])
def test_ranks_share_the_run_of_rank_0(puppet, launcher, first):
    ranks = {rank: puppet(environment(rank, launcher)) for rank in (0, 1)}
    for rank in (first, 1 - first):
        ranks[rank](INIT)
        ranks[rank](f"for i in range(3): run.log({{'r{rank}': {rank} * 10 + i}})")
    for rank in (0, 1):
        ranks[rank]("run.finish()")
        assert ranks[rank].end() == ""
    [run] = runs()
    assert (points(run, "r0"), points(run, "r1")) == ({0: 0, 1: 1, 2: 2}, {0: 10, 1: 11, 2: 12})
    assert journals(run) == ["main", "rank-1"]
    assert run.state == "finished"


def test_a_second_node_of_lightning_makes_no_run_of_its_own(puppet):
    shared = {"MASTER_ADDR": "node0", "MASTER_PORT": 29500, "WORLD_SIZE": 4}
    nodes = [puppet(environment(0, **shared, NODE_RANK=node)) for node in (0, 1)]
    for node in nodes:
        node("import os; os.environ.pop('RANK')")
        node(INIT)
        node("run.log({'x': 1})")
    for node in nodes:
        node.end()
    [run] = runs()
    assert "node-1" in journals(run)


@pytest.mark.parametrize("launcher", ["by hand", "torchrun", "srun"])
@pytest.mark.parametrize("end", ["finish", "kill"])
def test_a_second_launch_does_not_write_into_the_first(puppet, at_rest, launcher, end):
    for launch in (1, 2):
        late, early = puppet(environment(0, launcher)), puppet(environment(1, launcher))
        early(f"run = tracker.init(project='p', name='launch {launch}'); run.log({{'x': {launch}}})")
        late(f"run = tracker.init(project='p', name='launch {launch}')")
        early(f"run.log({{'x': {launch}}})")
        for rank in (late, early):
            rank.end() if end == "finish" else rank.kill()
        at_rest(Path("tracker"))
    assert [(run.name, points(run, "x")) for run in runs()] == [
        ("launch 1", {0: 1, 1: 1}),
        ("launch 2", {0: 2, 1: 2}),
    ]


def test_the_first_row_after_the_init_of_rank_0_finds_its_run(puppet, at_rest):
    for launch in (1, 2):  # the second launch has a folder of notes from the beginning
        early, late = puppet(environment(1)), puppet(environment(0))
        early("from tracker_core import _joining; _joining._INTERVAL = 3600.0")
        early(f"run = tracker.init(project='p', name='launch {launch}'); run.log({{'loss': 8}})")
        late(f"run = tracker.init(project='p', name='launch {launch}')")
        early("run.log({'loss': 4})")
        for rank in (early, late):
            rank.kill()
        at_rest(Path("tracker"))
    assert [points(run, "loss") for run in runs()] == [{0: 8, 1: 4}] * 2


def test_rows_that_come_before_rank_0_are_written_when_the_rank_ends(puppet):
    early, late = puppet(environment(1)), puppet(environment(0))
    early(INIT)
    early("for i in range(5): run.log({'x': i})")
    late(INIT)
    early("run.finish()")
    late.end()
    assert early.end() == ""
    [run] = runs()
    assert points(run, "x") == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4}


def test_a_rank_that_ends_first_waits_for_rank_0(puppet):
    early, late = puppet(environment(1)), puppet(environment(0))
    early(INIT)
    early("run.log({'x': 1})")
    early.send("run.finish()")
    late(INIT)
    assert early._read() is None
    late.end()
    early.end()
    [run] = runs()
    assert points(run, "x") == {0: 1}


def test_rank_0_may_have_finished_before_a_rank_of_its_launch_begins_its_run(puppet):
    ranks = [puppet(environment(rank)) for rank in (0, 1)]
    for rank in ranks:
        rank(INIT)
        rank("run.log({'x': 1}); run.finish()")
    for rank in ranks:
        rank.end()
    assert len(runs()) == 1


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "arguments",
    ["id=f'mine-{rank}'", "id='ab'[rank]", "name=f'worker {rank}'", "name=None if rank == 0 else 'validation'"],
)
def test_a_rank_with_an_id_or_name_of_its_own_has_a_run_of_its_own(puppet, arguments, first):
    ranks = {rank: puppet(environment(rank)) for rank in (0, 1)}
    for rank in (first, 1 - first):
        ranks[rank](f"rank = {rank}; run = tracker.init(project='p', {arguments})")
        ranks[rank]("run.log({'x': rank})")
    told = [ranks[rank]("", "[run.id, run.name]") for rank in (0, 1)]
    for rank in (0, 1):
        ranks[rank].end()
    assert sorted([run.id, run.name] for run in runs()) == sorted(told)
    assert sorted(points(run, "x")[0] for run in runs()) == [0, 1]
    assert {run.state for run in runs()} == {"finished"}


@pytest.mark.parametrize(
    "arguments", ["id='same'", "name='same'", "name=f'2026-11-28_12000{rank + 2}'", "id='same', name=f'rank {rank}'"]
)
def test_an_id_or_name_that_all_ranks_share_is_that_of_one_run(puppet, arguments):
    ranks = [puppet(environment(rank)) for rank in (0, 1)]
    for rank, process in enumerate(ranks):
        process(f"rank = {rank}; run = tracker.init(project='p', {arguments}); run.log({{'x': 1}})")
    for process in ranks:
        process.end()
    assert len(runs()) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_a_resumed_rank_goes_on_where_rank_0_does(puppet, first):
    for attempt in (0, 1):
        ranks = {rank: puppet(environment(rank, MASTER_PORT=29500 + attempt)) for rank in (0, 1)}
        for rank in (first, 1 - first):
            # The rank that comes first would wait in `log`, so both are only told to begin.
            ranks[rank]("run = tracker.init(project='p', id='job', resume='allow')")
        for rank in (0, 1):
            ranks[rank](f"for i in range(3): run.log({{'r{rank}': {attempt} * 10 + i}})")
            assert ranks[rank]("", "[run.step, run.resumed, run.starting_step]") == [
                3 + 3 * attempt,
                bool(attempt),
                3 * attempt,
            ]
        for rank in (0, 1):
            ranks[rank].end()
    [run] = runs()
    assert points(run, "r1") == points(run, "r0") == {0: 0, 1: 1, 2: 2, 3: 10, 4: 11, 5: 12}


def test_a_rank_that_is_started_again_goes_on_after_its_own_rows(puppet):
    main, rank = puppet(environment(0)), puppet(environment(1))
    main(INIT)
    rank(INIT)
    rank("for i in range(3): run.log({'x': i})")
    rank.kill()
    again = puppet(environment(1))
    again(INIT)
    again("run.log({'x': 3})")
    again.end()
    main.end()
    [run] = runs()
    assert points(run, "x") == {0: 0, 1: 1, 2: 2, 3: 3}


@pytest.mark.parametrize("given", [{"RANK": "1", "WORLD_SIZE": "2"}, {"SLURM_PROCID": "2", "SLURM_NTASKS": "3"}])
def test_a_rank_without_a_rank_0_records_a_run_of_its_own(puppet, given):
    rank = puppet({**os.environ, **given, "TRACKER_FINISH_TIMEOUT": "0"})
    rank("run = tracker.init(project='p', name='lone', config={'lr': 0.1})")
    rank("for i in range(5): run.log({'loss': i})")
    rank("open('notes.txt', 'w').close(); run.save('notes.txt'); run.finish()")
    identity = rank("", "run.id")
    assert f"{next(iter(given))}=" in rank.end()
    [run] = runs()
    assert (run.id, run.name, run.state, run.config) == (identity, "lone", "finished", {"lr": 0.1})
    assert list(points(run, "loss").values()) == [0, 1, 2, 3, 4]
    assert not (Path("tracker") / "files").exists()
    assert [path.name for path in (run.folder / "files").glob("notes*")] == ["notes.txt"]


def test_a_rank_that_is_terminated_while_it_waits_keeps_its_rows(puppet, at_rest):
    rank = puppet(environment(1))
    rank(INIT)
    rank("run.log({'x': 1})")
    rank.process.send_signal(signal.SIGTERM)
    rank.process.communicate(timeout=120)
    at_rest(Path("tracker"))
    [run] = runs()
    assert (points(run, "x"), run.state) == ({0: 1}, "killed")


def test_a_rank_that_keeps_many_rows_writes_them(puppet, monkeypatch):
    rank = puppet(environment(1))
    rank("from tracker_core import _joining; _joining._ROWS = 10")
    rank(INIT)
    rank("for i in range(12): run.log({'x': i})")
    rank.kill()
    [run] = runs()
    assert len(points(run, "x")) == 12


def test_the_second_run_of_a_launch_is_the_second_of_every_rank(puppet):
    ranks = [puppet(environment(rank)) for rank in (0, 1)]
    for fold in (0, 1):
        for rank in (1, 0):
            ranks[rank](f"run = tracker.init(project='p', name='fold {fold}')")
        for rank in (1, 0):
            ranks[rank](f"run.log({{'r{rank}': {fold}}})")
        ranks[0].send("run.finish()")
        ranks[1]("run.finish()")
        ranks[0]._read()
    for rank in ranks:
        rank.end()
    assert [(run.name, points(run, "r0"), points(run, "r1")) for run in runs()] == [
        ("fold 0", {0: 0}, {0: 0}),
        ("fold 1", {0: 1}, {0: 1}),
    ]


def test_a_launch_within_a_run_does_not_join_that_run(puppet):
    """A script with a run of its own starts a launcher, which starts ranks."""
    outer = puppet(dict(os.environ))
    outer("run = tracker.init(project='p', name='outer')")
    agent = """
    import subprocess, os, sys
    agent = '''
    import os, subprocess, sys
    ranks = [
        subprocess.Popen([sys.executable, "-c", sys.argv[1]], env={**os.environ, "RANK": rank, "WORLD_SIZE": "2"})
        for rank in "10"
    ]
    assert [rank.wait() for rank in ranks] == [0, 0]
    '''
    rank = "import tracker_core as t; r = t.init(project='p', name='inner'); r.log({'x': 1}); r.finish()"
    subprocess.run([sys.executable, "-c", __import__('textwrap').dedent(agent), rank], check=True, env=dict(os.environ))
    """
    outer(agent)
    outer("run.finish()")
    outer.end()
    inner, first = runs()
    assert (inner.name, journals(inner)) == ("inner", ["main", "rank-1"])
    assert (first.name, journals(first)) == ("outer", ["main"])


def test_ranks_may_be_started_through_a_script_each(puppet):
    command = ["sh", "-c", '"$0" "$@"; exit $?', sys.executable, "-c", PUPPET]
    ranks = [puppet(environment(rank, "torchrun"), command) for rank in (0, 1)]
    for rank in (1, 0):
        ranks[rank](INIT)
        ranks[rank]("run.log({'x': 1})")
    for rank in (1, 0):
        ranks[rank].end()
    [run] = runs()
    assert journals(run) == ["main", "rank-1"]


def test_own_gives_every_rank_a_run_in_one_group(puppet):
    ranks = [puppet(environment(rank, "torchrun", TRACKER_RANKS="own")) for rank in (0, 1)]
    for rank, process in enumerate(ranks):
        process(f"run = tracker.init(project='p', id='job', name='job', resume='allow'); run.log({{'x': {rank}}})")
    for process in ranks:
        assert process.end() == ""
    found = runs()
    assert [(run.id, run.name, points(run, "x")) for run in found] == [
        ("job", "job", {0: 0}),
        ("job-rank-1", "job-rank-1", {0: 1}),
    ]
    assert found[0].group == found[1].group != ""


def test_main_records_on_rank_0_only(puppet):
    ranks = [puppet(environment(rank)) for rank in (0, 1)]
    for rank in (1, 0):
        ranks[rank]("run = tracker.init(project='p', ranks='main'); run.log({'x': 1})")
    assert ranks[1]("", "run.disabled")
    for process in ranks:
        assert process.end() == ""
    [run] = runs()
    assert journals(run) == ["main"]


def test_an_unknown_word_for_ranks_is_refused():
    with pytest.raises(tracker.UsageError, match="join, own, main"):
        tracker.init(ranks="all")


def test_media_of_a_waiting_rank_are_kept_with_its_run(puppet):
    ranks = {rank: puppet(environment(rank)) for rank in (0, 1)}
    ranks[1](INIT)
    ranks[1].send("import numpy; run.log({'picture': tracker.Image(numpy.zeros((4, 4, 3), 'uint8'))})")
    ranks[0](INIT)
    ranks[1]._read()
    ranks[0].end()
    ranks[1].end()
    [run] = runs()
    [picture] = run.series("picture")[2]
    assert (run.folder / "files" / picture["path"]).is_file()


def test_the_config_of_rank_0_is_that_of_the_run(puppet):
    ranks = {rank: puppet(environment(rank)) for rank in (0, 1)}
    ranks[0]("run = tracker.init(project='p', config={'rank': 0, 'lr': 0.1})")
    ranks[1]("run = tracker.init(project='p', config={'rank': 1, 'shard': 7})")
    assert ranks[1]("run.config.seen = True", "run.config.as_dict()") == {"rank": 1, "shard": 7, "seen": True}
    ranks[1].end()
    ranks[0].end()
    [run] = runs()
    assert run.config == {"rank": 0, "lr": 0.1, "shard": 7, "seen": True}


def test_a_launch_of_one_is_no_launch(puppet):
    rank = puppet(environment(0, WORLD_SIZE=1))
    rank(INIT)
    rank.end()
    [run] = runs()
    assert journals(run) == ["main"]


def test_old_notes_are_removed(puppet):
    folder = Path("tracker/.ranks")
    first = puppet(environment(0))
    first(INIT)
    first.end()
    [note] = folder.glob("*/*.json")
    data = json.loads(note.read_text())
    note.write_text(json.dumps(data | {"ended": 1.0}))
    os.utime(note, (1.0, 1.0))
    second = puppet(environment(0))
    second(INIT)
    second.end()
    assert not note.exists()
    assert len(list(_folder.scan(Path("tracker")))) == 2


def test_a_note_of_another_machine_counts_where_the_launcher_says_the_same(puppet):
    """What a second machine sees in a shared folder: the process numbers in the note mean nothing there."""
    main = puppet(environment(0, "srun"))
    main("from tracker_core import _launch; _launch.machine = lambda: 'another'")
    main(INIT)
    ranks = [
        puppet(environment(1, "srun")),
        puppet(environment(1, "srun", SLURM_JOB_ID=4712, TRACKER_FINISH_TIMEOUT=0)),
    ]
    for rank in ranks:
        rank(INIT)
        rank("run.log({'x': 1})")
        rank.end()
    main.end()
    assert sorted(journals(run) for run in runs()) == [["main"], ["main", "rank-1"]]


TORCH = """
import sys
import torch.distributed as dist
import tracker_core as tracker
dist.init_process_group("gloo")
run = tracker.init(project="p", settings={"console": "off"})
for i in range(3):
    run.log({f"r{dist.get_rank()}": i})
dist.barrier()
run.finish()
dist.destroy_process_group()
"""


def test_torchrun(tmp_path):
    pytest.importorskip("torch")
    script = tmp_path / "train.py"
    script.write_text(TORCH)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", str(script)]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=os.environ)
        assert done.returncode == 0, done.stderr
    assert [journals(run) for run in runs()] == [["main", "rank-1"]] * 2
    assert [(points(run, "r0"), points(run, "r1")) for run in runs()] == [({0: 0, 1: 1, 2: 2},) * 2] * 2


SPAWNED = """
import os, sys
import multiprocessing
import tracker_core as tracker

def train(rank):
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="localhost", MASTER_PORT="29500")
    run = tracker.init(project="p", settings={"console": "off"})
    run.log({f"r{rank}": 1})
    run.finish()

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    ranks = [context.Process(target=train, args=(rank,)) for rank in (1, 0)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()
        assert rank.exitcode == 0
"""


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_ranks_that_multiprocessing_starts(tmp_path, method):
    script = tmp_path / "train.py"
    script.write_text(SPAWNED)
    for _ in range(2):
        subprocess.run([sys.executable, str(script), method], check=True, timeout=300)
    assert [journals(run) for run in runs()] == [["main", "rank-1"]] * 2
