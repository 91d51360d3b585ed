from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tracker_core import _folder
from tracker_core._journal import Numbers, Reader, open_writer
from tracker_core.background import gpu
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


def test_the_whole_process_tree_counts(busy_tree, until):
    tree = Tree(busy_tree.pid)
    values = {}

    def worked() -> bool:  # on a busy machine it may have to wait for its turn
        values.update(tree.sample())
        return values["system.proc.cpu"] > 0

    until(worked)
    assert values["system.proc.memory.rssMB"] > 60
    assert values["system.proc.cpu.threads"] >= 2
    assert 0 < values["system.proc.memory.percent"] < 100


def test_a_process_that_is_gone_has_no_values(busy_tree):
    tree = Tree(busy_tree.pid)
    os.killpg(busy_tree.pid, 9)
    busy_tree.wait()
    assert tree.sample() == {}


def test_samples_are_packed_rows_in_a_stream_of_their_own():
    folder = _folder.create(Path("tracker"), "r1", offline=True)
    writer = open_writer(folder, "background", run="r1", attempt=1)
    system = System(os.getpid(), folder, Gpus(), first_step=7)
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
def sampled(attempt):
    path = folder.path / f"{attempt:03}-background.0000.journal"
    while not path.exists() or sum(isinstance(it, _journal.Numbers) for it in _journal.Reader(path).entries()) < 3:
        time.sleep(0.05)

writer, background = start(system_interval=0.05)
folder = _folder.RunFolder(writer.path.parent)
sampled(1)
end(writer, exit_code=0)
background.finish(30)
writer = _journal.open_writer(folder, "main", run="r1", attempt=2)
settings = _settings.Settings(system_interval=0.05)
background = _background.launch(folder, run="r1", attempt=2, journal=writer.path, settings=settings)
sampled(2)
end(writer, exit_code=0)
background.finish(30)
"""
    training = train(script)
    training.wait()
    steps = []
    for path in sorted(training.folder.path.glob("*-background.0000.journal")):
        steps += [item.step for item in Reader(path).entries() if isinstance(item, Numbers)]
    assert len(steps) >= 6
    assert steps == list(range(len(steps)))


def test_the_interval_zero_switches_them_off(train):
    script = "writer, background = start(system_interval=0.0); time.sleep(0.3); end(writer, exit_code=0)"
    training = train(script + "; background.finish(30)")
    training.wait()
    assert not [item for item in training.records("background") if isinstance(item, Numbers)]


class FakeLibrary:
    """nvidia-ml-py on a machine with one GPU that cannot tell its power limit."""

    class NVMLError(Exception):
        pass

    NVML_TEMPERATURE_GPU = 0

    def __getattr__(self, name):
        def answer(*_):
            if name == "nvmlDeviceGetEnforcedPowerLimit":
                raise self.NVMLError
            return {
                "nvmlDeviceGetCount": 1,
                "nvmlDeviceGetName": b"Some GPU",
                "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=80, used=20),
                "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=50, memory=10),
                "nvmlDeviceGetTemperature": 60,
                "nvmlDeviceGetPowerUsage": 250_000,
                "nvmlSystemGetDriverVersion": "600.1",
                "nvmlSystemGetCudaDriverVersion": 13010,
            }.get(name)

        return answer


def test_what_a_gpu_cannot_tell_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", FakeLibrary())
    monkeypatch.setattr(gpu, "_DEVICES", ("/",))
    gpus = Gpus()
    assert gpus.facts() == {
        "gpu": [{"name": "Some GPU", "memory": 80}],
        "gpu_count": 1,
        "gpu_driver": "600.1",
        "cuda": "13.1",
    }
    assert gpus.sample() == {
        "system.gpu.0.gpu": 50.0,
        "system.gpu.0.memory": 10.0,
        "system.gpu.0.memoryAllocatedBytes": 20.0,
        "system.gpu.0.memoryAllocated": 25.0,
        "system.gpu.0.temp": 60.0,
        "system.gpu.0.powerWatts": 250.0,
    }


def test_a_machine_without_a_driver_has_no_gpus(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpu, "_DEVICES", ())
    assert Gpus().facts() == {}
    assert Gpus().sample() == {}


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
