"""`log` where it stands in life: after each step of a PyTorch training that takes about a millisecond.

Such a step empties the processor's caches, which a loop of nothing but `log` does not show. The same steps run
without a tracker before `init` and after `finish`; the slowdown is over the mean of both.
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

STEPS, BLOCK, SECONDS = 2_000, 100, 15.0


def training(name: str, folder: Path) -> dict[str, float]:
    tracker = adapter.load(name, folder)
    step = _make_step()
    before = _loop(step, lambda _row: None)[0]
    tracker.start(folder)
    tracked, calls = _loop(step, tracker.log)
    tracker.finish()
    after = _loop(step, lambda _row: None)[0]
    bare = (before + after) / 2
    return {**quantile.of(calls, "step"), "slowdown": (tracked / bare - 1) * 100}


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
    """Seconds of a step with its `log`, and the seconds of each `log`.

    The first is the median over blocks of 100 steps, so that another program's burst does not count as ours.
    """
    clock, row, calls, blocks = time.perf_counter, adapter.row(5), [], []
    end = clock() + SECONDS
    while len(calls) < STEPS and clock() < end:
        begin = clock()
        for _ in range(BLOCK):
            row["loss0"] = step()
            before = clock()
            log(row)
            calls.append(clock() - before)
        blocks.append((clock() - begin) / BLOCK)
    return statistics.median(blocks), calls


PARTS = {"training": training}
