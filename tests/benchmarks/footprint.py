"""Memory, processor time and bytes: a run of many rows against a run of none, so that what a run costs by being
there (hardware facts, the background process's own start) is left out.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import adapter

ROWS, SECONDS = 20_000, 15.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux: orphaned grandchildren become ours to wait for


def five(name: str, folder: Path) -> dict[str, float]:
    none = _tree(name, folder / "none", 5, 0)
    many = _tree(name, folder / "many", 5, ROWS)
    rows = many["rows"]
    return {
        "memory": (many["peak"] - _bare()) / 1e6,
        "cpu": (many["cpu"] - none["cpu"]) / rows * 1e6,
        "bytes5": (_size(folder / "many") - _size(folder / "none")) / rows / 5,
    }


def hundred(name: str, folder: Path) -> dict[str, float]:
    _tree(name, folder / "none", 100, 0)
    many = _tree(name, folder / "many", 100, 2_000)
    return {"bytes100": (_size(folder / "many") - _size(folder / "none")) / many["rows"] / 100}


def _tree(name: str, folder: Path, width: int, rows: int) -> dict[str, float]:
    """CPU seconds of a logging process and of all that it started, its peak memory, and the rows that it wrote."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    folder.mkdir()
    command = [sys.executable, __file__, name, str(folder), str(width), str(rows)]
    before = _children()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak, written = done.stdout.split()[-2:]
    _reap(30.0)
    return {"cpu": _children() - before, "peak": float(peak), "rows": float(written)}


def _reap(seconds: float) -> None:
    """Waits for every process that is left; one that would stay for ever (a service) is ended."""
    import psutil

    end = time.monotonic() + seconds
    while True:
        try:
            found, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if found:
            continue
        if time.monotonic() > end:
            for process in psutil.Process().children(recursive=True):
                process.send_signal(signal.SIGTERM)
            end = time.monotonic() + 5
        time.sleep(0.05)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _bare() -> float:
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import adapter, footprint; "
    code += "print(footprint._peak())"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def _peak() -> float:
    """Bytes. VmHWM counts from the start of this program, ru_maxrss may hold the peak of the one that started it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes on macOS
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _write(name: str, folder: Path, width: int, rows: int) -> None:
    tracker = adapter.load(name, folder)
    tracker.start(folder)
    row, written, end = adapter.row(width), 0, time.monotonic() + SECONDS
    for number in range(rows):
        row["loss0"] = number * 0.37
        tracker.log(row)
        written += 1
        if time.monotonic() > end:
            break
    tracker.finish()
    sys.stdout.write(f"\n{_peak()} {written}\n")


PARTS = {"five": five, "hundred": hundred}

if __name__ == "__main__":
    _write(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
