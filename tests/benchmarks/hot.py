"""`log` alone: in a loop that does nothing else, and beside a Python thread that is always busy."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import adapter
import quantile

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 4.0


def five(name: str, folder: Path) -> dict[str, float]:
    return quantile.of(_calls(name, folder, width=5, rows=20_000), "log5")


def hundred(name: str, folder: Path) -> dict[str, float]:
    return quantile.of(_calls(name, folder, width=100, rows=5_000), "log100")


def busy(name: str, folder: Path) -> dict[str, float]:
    done = threading.Event()

    def spin() -> None:
        while not done.is_set():
            sum(range(200))

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        return quantile.of(_calls(name, folder, width=5, rows=20_000), "busy")
    finally:
        done.set()
        thread.join()


def _calls(name: str, folder: Path, *, width: int, rows: int) -> list[float]:
    """Seconds of each call; fewer than `rows` of them when they do not fit into SECONDS."""
    tracker = adapter.load(name, folder)
    tracker.start(folder)
    clock, log, row, calls = time.perf_counter, tracker.log, adapter.row(width), []
    for _ in range(100):
        log(row)
    end = clock() + SECONDS
    for number in range(rows):
        row["loss0"] = number * 0.5
        begin = clock()
        log(row)
        now = clock()
        calls.append(now - begin)
        if now > end:
            break
    tracker.finish()
    return calls


PARTS = {"five": five, "hundred": hundred, "busy": busy}
