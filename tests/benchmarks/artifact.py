"""An artifact with one large file and one with many small ones: time, disk, memory, and a second time the same.

Of ours also the download, and what is left to do for one that was killed half-way. `ARTIFACT_SCALE=5` makes both five
times as large.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import adapter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCALE = int(os.environ.get("ARTIFACT_SCALE", "1"))
LARGE = SCALE * (2 << 30)
MANY = SCALE * 20_000

DOWNLOAD = "import sys, tracker_core; tracker_core.Api(sys.argv[1]).artifact('benchmark/data').download(sys.argv[2])"


def large(source: Path) -> None:
    piece = os.urandom(1 << 20)
    with (source / "file.bin").open("wb") as file:
        for number in range(LARGE >> 20):
            file.write(number.to_bytes(8, "little") + piece[8:])


def many(source: Path) -> None:
    for number in range(MANY):
        folder = source / str(number % 100)
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.bin").write_bytes(os.urandom(2000))


def _cost(fill: Callable[[Path], None], name: str, folder: Path) -> dict[str, float]:
    if name not in ("tracker", "wandb"):  # the others have no such names
        return {}
    source = folder.parent / "source"
    source.mkdir()
    fill(source)
    tracker = adapter.load(name, folder)
    module = importlib.import_module(tracker.module)
    before = _used(folder.parent)
    os.sync()  # the disk shall not be busy with what it is made of
    tracker.start(folder)
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        artifact = module.Artifact("data", "dataset")
        artifact.add_dir(str(source))
        module.log_artifact(artifact)
        times.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tracker.finish()
    key = fill.__name__
    disk = (_used(folder.parent) - before) / (1 << 20)
    found = {f"{key}_time": times[0], f"{key}_again": times[1], f"{key}_disk": disk, f"{key}_memory": peak}
    if name != "tracker":  # wandb downloads from its server only
        return found
    shutil.rmtree(source)
    return found | {f"{key}_{part}": value for part, value in _download(folder).items()}


def _download(folder: Path) -> dict[str, float]:
    """Seconds and memory of a download in a process of its own; and seconds of the rest after a kill half-way."""
    target = folder.parent / "target"
    command = [sys.executable, "-c", DOWNLOAD, str(folder), str(target)]
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    whole = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    size = _used(target)
    shutil.rmtree(target)
    started = subprocess.Popen(command)
    while started.poll() is None and (not target.exists() or _used(target) < size / 2):
        time.sleep(0.2)
    started.send_signal(signal.SIGKILL)
    started.wait()
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    return {"download": whole, "rest": time.perf_counter() - begin, "download_memory": peak}


def _used(folder: Path) -> int:
    """Bytes on the disk below `folder`, which holds the home of the process too."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # renamed since it was listed
            size += path.lstat().st_blocks * 512
    return size


PARTS = {fill.__name__: functools.partial(_cost, fill) for fill in (large, many)}
