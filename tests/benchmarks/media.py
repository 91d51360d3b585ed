"""What logging media costs the training thread: the call that makes the value and logs it."""

from __future__ import annotations

import functools
import importlib
import statistics
import time
from typing import TYPE_CHECKING, Any

import adapter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def image(module: Any) -> Callable[[], Any]:
    pixels = _smooth(512, 512, 3)
    return lambda: module.Image(pixels)


def video(module: Any) -> Callable[[], Any]:
    """Three seconds of 256 x 256 at 30 frames a second."""
    frames = _smooth(90, 3, 256, 256)
    return lambda: module.Video(frames, fps=30, format="mp4")


def table(module: Any) -> Callable[[], Any]:
    rows = [[index, index * 0.5, f"text {index}", index % 3 == 0, "label"] for index in range(10_000)]
    return lambda: module.Table(columns=list("abcde"), data=rows)


def histogram(module: Any) -> Callable[[], Any]:
    import numpy as np

    values = np.random.default_rng(0).normal(size=1_000_000)
    return lambda: module.Histogram(values)


def _smooth(*shape: int) -> Any:
    """Pictures that compress like photographs rather than like noise."""
    import numpy as np

    grid = np.indices(shape).sum(axis=0) / 7
    noise = np.random.default_rng(0).integers(0, 20, shape)
    return ((np.sin(grid) + 1) * 100 + noise).astype(np.uint8)


def _cost(prepare: Callable[[Any], Callable[[], Any]], name: str, folder: Path) -> dict[str, float]:
    if name not in ("tracker", "wandb"):  # the others have no such names
        return {}
    tracker = adapter.load(name, folder)
    make = prepare(importlib.import_module(tracker.module))
    tracker.start(folder)
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        tracker.log({"media": make()})
        times.append(time.perf_counter() - begin)
        time.sleep(0.2)  # what is done elsewhere shall not wait for what is measured here
    tracker.finish()
    return {prepare.__name__: statistics.median(times[1:]) * 1e3}


PARTS = {prepare.__name__: functools.partial(_cost, prepare) for prepare in (image, video, table, histogram)}
