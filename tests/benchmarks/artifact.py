"""An artifact with one large file and one with many small ones: time, disk, memory, and a second time the same."""

from __future__ import annotations

import functools
import importlib
import os
import resource
import time
from typing import TYPE_CHECKING

import adapter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LARGE = 2 << 30
MANY = 20_000


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
    return {f"{key}_time": times[0], f"{key}_again": times[1], f"{key}_disk": disk, f"{key}_memory": peak}


def _used(folder: Path) -> int:
    """Bytes on the disk below `folder`, which holds the home of the process too."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


PARTS = {fill.__name__: functools.partial(_cost, fill) for fill in (large, many)}
