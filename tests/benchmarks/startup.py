"""Import, init, finish."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import adapter

if TYPE_CHECKING:
    from pathlib import Path

ROWS, LIMIT = 20_000, 20.0


def import_(name: str, _folder: Path) -> dict[str, float]:
    """Whole processes, so that the standard library's share is not hidden by what is loaded here."""
    module = adapter.ADAPTERS[name].module
    bare, full = [], []
    for _ in range(15):
        bare.append(_seconds("pass"))
        full.append(_seconds(f"import {module}"))
    return {"import": (min(full) - min(bare)) * 1e3}


def session(name: str, folder: Path) -> dict[str, float]:
    tracker = adapter.load(name, folder)
    begin = time.perf_counter()
    tracker.start(folder)
    init = time.perf_counter() - begin
    row, end = adapter.row(5), time.perf_counter() + LIMIT
    for _ in range(ROWS):
        tracker.log(row)
        if time.perf_counter() > end:
            break
    begin = time.perf_counter()
    tracker.finish()
    return {"init": init * 1e3, "finish": (time.perf_counter() - begin) * 1e3}


def _seconds(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - begin


PARTS = {"import": import_, "session": session}
