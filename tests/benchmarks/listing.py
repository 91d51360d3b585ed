"""Listing a thousand runs with config and summary, from a process that starts anew, the index being there."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import adapter

RUNS = 1_000


def listing(name: str, folder: Path) -> dict[str, float]:
    tracker = adapter.load(name, folder)
    if not hasattr(tracker, "runs"):
        return {}
    for verb in ("build", "list"):  # the second fills an index, where there is one
        subprocess.run([sys.executable, __file__, verb, name, str(folder)], check=True, capture_output=True)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        found = tracker.runs(folder)
        times.append(time.perf_counter() - begin)
        assert len(found) == RUNS, f"{len(found)} runs"
    return {"listing": min(times) * 1e3}


PARTS = {"listing": listing}

if __name__ == "__main__":
    adapter_ = adapter.load(sys.argv[2], Path(sys.argv[3]))
    if sys.argv[1] == "build":
        adapter_.build_runs(Path(sys.argv[3]), RUNS)
    else:
        adapter_.runs(Path(sys.argv[3]))
