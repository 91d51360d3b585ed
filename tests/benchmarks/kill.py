"""What is left after SIGKILL. A row counts as acknowledged when `log` has returned; the count lies in shared memory."""

from __future__ import annotations

import mmap
import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import adapter


def full(name: str, folder: Path) -> dict[str, float]:
    return {"lost": _lost(name, folder, 0.0)}


def paced(name: str, folder: Path) -> dict[str, float]:
    return {"lost_paced": _lost(name, folder, 0.001)}


def _lost(name: str, folder: Path, pause: float) -> float:
    """Percent of the acknowledged rows that cannot be read."""
    counter = folder / "acknowledged"
    counter.write_bytes(bytes(8))
    work = folder / "work"
    work.mkdir()
    process = subprocess.Popen(
        [sys.executable, __file__, name, str(work), str(pause), str(counter)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not _count(counter):
        assert process.poll() is None, f"{name} ended by itself"
        time.sleep(0.01)
    time.sleep(random.uniform(1.0, 2.0))
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(2.0)  # what other processes of the tracker still hold may reach the disk
    acknowledged = _count(counter)
    rows = adapter.load(name, work).rows(work)
    return max(0.0, (acknowledged - rows) / acknowledged * 100)


def _count(counter: Path) -> int:
    return struct.unpack("<Q", counter.read_bytes())[0]


def _write(name: str, folder: Path, pause: float, counter: Path) -> None:
    with counter.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    tracker = adapter.load(name, folder)
    tracker.start(folder)
    row, count = adapter.row(5), 0
    while True:
        row["loss0"] = count * 0.37
        tracker.log(row)
        count += 1
        struct.pack_into("<Q", shared, 0, count)
        if pause:
            time.sleep(pause)


PARTS = {"full": full, "paced": paced}

if __name__ == "__main__":
    _write(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
