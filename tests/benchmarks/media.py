"""What logging media costs the training thread, and what encoding it there would cost instead.

Prints medians in milliseconds: `python tests/benchmarks/media.py`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tracker_core as tracker
from tracker_core._media import spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core._media import Media


def smooth(*shape: int) -> np.ndarray:
    """Pictures that compress like photographs rather than like noise."""
    grid = np.indices(shape).sum(axis=0) / 7
    return ((np.sin(grid) + 1) * 100 + np.random.default_rng(0).integers(0, 20, shape)).astype(np.uint8)


def cost(make: Callable[[], Media], rounds: int) -> tuple[float, float]:
    """Milliseconds of making and storing one, and of encoding it elsewhere."""
    stored, encoded = [], []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        for step in range(rounds):
            start = time.perf_counter()
            make().store("key", step, files)
            middle = time.perf_counter()
            spool.drain(files.parent, lambda record: None)
            stored.append(middle - start)
            encoded.append(time.perf_counter() - middle)
    return statistics.median(stored) * 1e3, statistics.median(encoded) * 1e3


def main() -> None:
    image = smooth(512, 512, 3)
    clip = smooth(90, 3, 256, 256)
    rows = [[index, index * 0.5, f"text {index}", index % 3 == 0, "label"] for index in range(10_000)]
    values = np.random.default_rng(0).normal(size=1_000_000)
    sound = np.sin(np.arange(441_000) / 20).astype(np.float32)
    cases: dict[str, tuple[Callable[[], Media], int]] = {
        "image 512 x 512": (lambda: tracker.Image(image), 20),
        "video 3 s, 256 x 256, 30 fps": (lambda: tracker.Video(clip, fps=30), 3),
        "sound 10 s": (lambda: tracker.Audio(sound, 44_100), 10),
        "table 10,000 x 5": (lambda: tracker.Table(list("abcde"), rows), 5),
        "histogram of 1,000,000": (lambda: tracker.Histogram(values), 10),
    }
    print(f"{'':32}{'log()':>10}{'elsewhere':>12}  ms")
    for name, (make, rounds) in cases.items():
        stored, encoded = cost(make, rounds)
        print(f"{name:32}{stored:10.1f}{encoded:12.1f}")


if __name__ == "__main__":
    main()
