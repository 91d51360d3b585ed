from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracker_core import _folder
from tracker_core._journal import Numbers, Reader, open_writer
from tracker_core.background.gpu import Gpus
from tracker_core.background.system import System, Tree


@pytest.fixture
def busy_tree():
    """A process with a child of its own that keeps a processor busy and 60 MB of memory."""
    child = "import time; data = bytearray(60_000_000); print(flush=True)\nwhile True: sum(range(1000))"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.readline()
    yield process
    os.killpg(process.pid, 9)
    process.communicate()


def test_the_whole_process_tree_counts(busy_tree):
    tree = Tree(busy_tree.pid)
    time.sleep(0.3)
    values = tree.sample()
    assert values["system.proc.memory.rssMB"] > 60
    assert values["system.proc.cpu.threads"] >= 2
    assert values["system.proc.cpu"] > 0
    assert 0 < values["system.proc.memory.percent"] < 100


def test_a_process_that_is_gone_has_no_values(busy_tree):
    tree = Tree(busy_tree.pid)
    os.killpg(busy_tree.pid, 9)
    busy_tree.wait()
    assert tree.sample() == {}


def test_samples_are_packed_rows_in_a_stream_of_their_own():
    folder = _folder.create(Path("tracker"), "r1", offline=True)
    writer = open_writer(folder, "background", run="r1", attempt=1)
    system = System(os.getpid(), str(folder.path), Gpus(), first_step=7)
    system.sample(writer)
    Path("some").write_bytes(b"x")
    system.sample(writer)
    writer.close()
    rows = [item for item in Reader(writer.path).entries() if isinstance(item, Numbers)]
    assert [row.step for row in rows] == [7, 8]
    assert {row.key_set.stream for row in rows} == {"system"}
    values = dict(zip(rows[-1].key_set.names, rows[-1].values, strict=True))
    assert all(name.startswith("system.") for name in values)
    assert 0 <= values["system.cpu"] <= 100
    assert 0 < values["system.memory_percent"] <= 100
    assert 0 < values["system.disk.usagePercent"] <= 100
    assert values["system.proc.memory.rssMB"] > 1


def test_a_resumed_run_numbers_its_samples_on(train):
    script = """
writer, background = start(system_interval=0.05)
time.sleep(float(sys.argv[1]))
folder = _folder.RunFolder(writer.path.parent)
end(writer, exit_code=0)
background.finish(30)
writer = _journal.open_writer(folder, "main", run="r1", attempt=2)
settings = _settings.Settings(system_interval=0.05)
background = _background.launch(folder, run="r1", attempt=2, journal=writer.path, settings=settings)
time.sleep(float(sys.argv[1]))
end(writer, exit_code=0)
background.finish(30)
"""
    training = train(script, arguments=("0.6",))
    training.wait()
    steps = []
    for path in sorted(training.folder.path.glob("*-background.0000.journal")):
        steps += [item.step for item in Reader(path).entries() if isinstance(item, Numbers)]
    assert len(steps) > 4
    assert steps == list(range(len(steps)))


def test_the_interval_zero_switches_them_off(train):
    script = "writer, background = start(system_interval=0.0); time.sleep(0.3); end(writer, exit_code=0)"
    training = train(script + "; background.finish(30)")
    training.wait()
    assert not [item for item in training.records("background") if isinstance(item, Numbers)]


@pytest.mark.skipif(not Path("/dev/nvidiactl").exists(), reason="needs an NVIDIA GPU")
def test_a_gpu_is_named_and_sampled():
    pytest.importorskip("pynvml")
    gpus = Gpus()
    facts = gpus.facts()
    assert facts["gpu_count"] == len(facts["gpu"]) > 0
    assert facts["gpu"][0]["memory"] > 1e9
    assert facts["cuda"]
    sample = gpus.sample()
    assert 0 <= sample["system.gpu.0.gpu"] <= 100
    assert 0 < sample["system.gpu.0.memoryAllocated"] <= 100
    assert 0 < sample["system.gpu.0.temp"] < 120
    assert sample["system.gpu.0.powerWatts"] > 0
