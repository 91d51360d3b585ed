"""Reading a series of a million points. Writing it is not measured; opening it for the first time is."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import adapter

POINTS, BUCKETS = 1_000_000, 1_000


def series(name: str, folder: Path) -> dict[str, float]:
    tracker = adapter.load(name, folder)
    if not hasattr(tracker, "series"):
        return {}
    subprocess.run([sys.executable, __file__, name, str(folder)], check=True, capture_output=True)
    found = {}
    before = _size(folder)
    if name == "tracker":
        found["ingest"] = POINTS / 1e6 / _seconds(lambda: tracker.sample(folder, "loss0", BUCKETS))
        found["index"] = (_size(folder) - before) / POINTS
    found["read"] = min(_seconds(lambda: tracker.series(folder, "loss0")) for _ in range(5)) * 1e3
    if hasattr(tracker, "sample"):
        found["sample"] = min(_seconds(lambda: tracker.sample(folder, "loss0", BUCKETS)) for _ in range(5)) * 1e3
    return found


def _seconds(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


PARTS = {"series": series}

if __name__ == "__main__":
    adapter.load(sys.argv[1], Path(sys.argv[2])).build_series(Path(sys.argv[2]), POINTS)
