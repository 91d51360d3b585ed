"""`log` where it stands in life: after each step of a PyTorch training that takes about a millisecond.

Such a step empties the processor's caches, which a loop of nothing but `log` does not show. Several runs alternate with
the same steps without a tracker; the slowdown is the median of each run over its two neighbours, so that a machine that
grows slower or another program's burst does not count as ours.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import adapter
import quantile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SESSIONS, STEPS, SECONDS = 7, 300, 4.0
SETTLE = 0.5  # seconds after `init`, in which what it started comes up: a training is longer than that


def training(name: str, folder: Path) -> dict[str, float]:
    tracker = adapter.load(name, folder)
    step = _make_step()
    ratios, calls = [], []
    before = _loop(step, lambda _row: None)[0]
    for number in range(SESSIONS):
        tracker.start(folder, f"run{number}")
        time.sleep(SETTLE)
        tracked, own = _loop(step, tracker.log)
        tracker.finish()
        after = _loop(step, lambda _row: None)[0]
        ratios.append(tracked / ((before + after) / 2))
        calls += own
        before = after
    return {**quantile.of(calls, "step"), "slowdown": (statistics.median(ratios) - 1) * 100}


def _make_step() -> Callable[[], float]:
    """A small network, one batch of digits forward and back, and Adam; as many batches as fill a millisecond."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
    )
    optimizer = torch.optim.Adam(model.parameters())
    inputs, targets = torch.rand(64, 64), torch.randint(0, 10, (64,))

    def batch() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(50):
        batch()
    begin = time.perf_counter()
    for _ in range(100):
        batch()
    rounds = max(1, round(0.1 / (time.perf_counter() - begin)))
    return lambda: [batch() for _ in range(rounds)][-1]


def _loop(step: Callable[[], float], log: Callable[[adapter.Row], object]) -> tuple[float, list[float]]:
    """Mean seconds of a step with its `log`, and the seconds of each `log`."""
    clock, row, calls = time.perf_counter, adapter.row(5), []
    for _ in range(20):
        step()
    begin = clock()
    end = begin + SECONDS
    for _ in range(STEPS):
        row["loss0"] = step()
        before = clock()
        log(row)
        now = clock()
        calls.append(now - before)
        if now > end:
            break
    return (clock() - begin) / len(calls), calls


PARTS = {"training": training}
