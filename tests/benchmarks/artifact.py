"""Time, memory and disk of an artifact with one large file and of one with many small ones.

`python tests/benchmarks/artifact.py [MiB of the large file] [number of small files]`; 2048 and 20,000 by default.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import tracker_core as tracker


def measured(name: str, source: Path, count: int) -> None:
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    start = time.perf_counter()
    artifact = tracker.Artifact(name, "dataset")
    artifact.add_dir(source)
    tracker.log_artifact(artifact)
    logged = time.perf_counter()
    artifact.download(Path("out") / name)
    done = time.perf_counter()
    again = tracker.Artifact(name, "dataset")
    again.add_dir(source)
    tracker.log_artifact(again)
    repeated = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept = sum(path.stat().st_blocks * 512 for path in Path("tracker/artifacts").rglob("*") if path.is_file())
    print(
        f"{name:8}{count:7} files {size / 2**20:8.0f} MiB   log {logged - start:6.2f} s   "
        f"download {done - logged:6.2f} s   log again {repeated - done:6.2f} s   "
        f"disk {kept / 2**20:6.0f} MiB   peak memory {peak:4.0f} MiB"
    )


def main() -> None:
    mebibytes, count = (int(word) for word in (*sys.argv[1:3], *("2048", "20000")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        many, large = Path("many"), Path("large")
        many.mkdir()
        large.mkdir()
        for index in range(count):
            below = many / str(index % 100)
            below.mkdir(exist_ok=True)
            (below / f"{index}.bin").write_bytes(os.urandom(2000))
        with (large / "file.bin").open("wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(1 << 20))
        tracker.init(project="benchmark", settings={"silent": True})
        measured("many", many, count)
        measured("large", large, 1)
        tracker.finish()


if __name__ == "__main__":
    main()
