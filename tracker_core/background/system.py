"""System metrics: the training's process tree, the machine, NVIDIA GPUs. One packed row a sample, stream "system".

Names begin with `system.`; `proc.` are of the training process and all its descendants together. Percentages of
`proc.cpu` are of one processor, so a tree that keeps two busy shows 200; those of `cpu` are of the whole machine.
Sizes in MB are 10^6 bytes; disk and network traffic is that of the machine since the first sample.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import psutil

from tracker_core._journal import ROW
from tracker_core.background.clock import now

if TYPE_CHECKING:
    from tracker_core._folder import RunFolder
    from tracker_core._journal import KeySet, Writer
    from tracker_core.background.gpu import Gpus

_MB = 1e6


class System:
    """Samples the process tree below `pid` and the machine; `folder` tells the disk, `first_step` numbers the rows."""

    def __init__(self, pid: int, folder: RunFolder, gpus: Gpus, first_step: int) -> None:
        self._tree = Tree(pid)
        self._folder = folder
        self._gpus = gpus
        self._step = first_step
        self._traffic = _traffic()
        psutil.cpu_percent()  # its first answer means nothing

    def sample(self, writer: Writer) -> None:
        """Writes one row."""
        values = {**self._tree.sample(), **self._machine(), **self._gpus.sample()}
        key_set: KeySet = writer.key_set(tuple(values), "d" * len(values), "system")
        writer.append(key_set.pack(ROW, key_set.id, self._step, now(), *values.values()))
        self._step += 1

    def _machine(self) -> dict[str, float]:
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(self._folder.path))
        values = {
            "system.cpu": psutil.cpu_percent(),
            "system.memory_percent": memory.percent,
            "system.proc.memory.availableMB": memory.available / _MB,
            "system.disk.usagePercent": disk.percent,
            "system.disk.usageGB": disk.used / 1e9,
        }
        for name, total in _traffic().items():
            values[name] = float(total - self._traffic.get(name, total))
        return values


class Tree:
    """A process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seconds: dict[tuple[int, float], float] = {}
        self._time = time.monotonic()
        self.sample()

    def sample(self) -> dict[str, float]:
        """Processor use since the last call, memory and threads now; nothing once the process is gone."""
        try:
            root = psutil.Process(self._pid)
            processes = [root, *root.children(recursive=True)]
        except psutil.Error:
            return {}
        memory = threads = 0
        seconds: dict[tuple[int, float], float] = {}
        for process in processes:
            # Suppressed: it ended meanwhile, or is somebody else's.
            with contextlib.suppress(psutil.Error), process.oneshot():
                memory += process.memory_info().rss
                threads += process.num_threads()
                times = process.cpu_times()
                seconds[process.pid, process.create_time()] = times.user + times.system
        # A process that came since the last sample has used what it used since then; one that went is not counted.
        busy = sum(used - self._seconds.get(key, 0.0) for key, used in seconds.items())
        elapsed = time.monotonic() - self._time
        self._seconds, self._time = seconds, self._time + elapsed
        return {
            "system.proc.cpu": 100 * busy / elapsed if elapsed > 0 else 0.0,
            "system.proc.cpu.threads": float(threads),
            "system.proc.memory.rssMB": memory / _MB,
            "system.proc.memory.percent": 100 * memory / psutil.virtual_memory().total,
        }


def _traffic() -> dict[str, float]:
    """What this system counts; some containers hide the disks or the network."""
    totals: dict[str, float] = {}
    with contextlib.suppress(OSError, RuntimeError):
        if (disk := psutil.disk_io_counters()) is not None:
            totals["system.disk.in"] = disk.read_bytes / _MB
            totals["system.disk.out"] = disk.write_bytes / _MB
    with contextlib.suppress(OSError, RuntimeError):
        if (network := psutil.net_io_counters()) is not None:
            totals["system.network.recv"] = float(network.bytes_recv)
            totals["system.network.sent"] = float(network.bytes_sent)
    return totals
