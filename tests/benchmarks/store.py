"""What the store costs: ingest, bytes, reading, listing. `--quick` takes a tenth of everything.

Every figure is the best of several repetitions on seeded data; "through Api" includes looking for news.
"""

from __future__ import annotations

import math
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tracker_core as tracker
from tracker_core import _folder, _journal
from tracker_core import _records as records
from tracker_core.store import Store, sample

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = 1_790_000_000.0
KINDS = ("decay", "walk", "schedule", "noise")


def main(argv: list[str] | None = None) -> None:
    small = "--quick" in (argv or [])
    scale = 10 if small else 1
    folder = Path(tempfile.mkdtemp(prefix="tracker-bench-"))
    try:
        _table("store", [*_chart(folder / "chart", 50, 10_000 // scale), *_long(folder / "long", 10_000_000 // scale)])
        _table("lists", [*_lists(folder / "list", 1000 // scale, 10_000 // scale)])
    finally:
        shutil.rmtree(folder)


def _chart(root: Path, runs: int, rows: int) -> list[tuple[str, str, str]]:
    """50 runs of 20 metrics, values as float32 training gives them."""
    keys = tuple(f"{kind}/{place}" for kind in KINDS for place in range(5))
    for place in range(runs):
        _write(root, f"r{place}", keys, rows, seed=place)
    points = runs * len(keys) * rows
    store = Store(root)
    begin = time.perf_counter()
    store.refresh()
    ingest = time.perf_counter() - begin
    store.close()
    size = sum(path.stat().st_size for path in root.glob("index.sqlite*"))
    journals = sum(path.stat().st_size for path in root.glob("*/*.journal"))
    store = Store(root)
    store.refresh()
    numbers = [run.number for run in store.runs()]
    chart = _best(lambda: [sample.sample(store.db, number, "walk/0", 1000) for number in numbers])
    found = sample.sample(store.db, numbers[0], "walk/0", 1000)
    assert found is not None
    return [
        (f"ingest of {points / 1e6:.0f} M points", f"{points / ingest / 1e6:.1f} M points/s", "≥ 2"),
        ("journal", f"{journals / points:.2f} bytes a point", "-"),
        ("store with its pyramid", f"{size / points:.2f} bytes a point", "≤ 4.5"),
        (f"chart of {runs} runs, {len(found.x)} buckets each", _ms(chart), "≤ 10 ms"),
    ]


def _long(root: Path, rows: int) -> list[tuple[str, str, str]]:
    _write(root, "million", ("loss",), rows // 10, seed=1)
    _write(root, "tens", ("loss",), rows, seed=2)
    Store(root).refresh()
    api = tracker.Api(root)
    million, tens = api.run("million"), api.run("tens")
    return [
        (f"full read of {rows // 10:,} points through Api", _ms(_best(lambda: million.series("loss"))), "≤ 100 ms"),
        ("1,000 buckets of it through Api", _ms(_best(lambda: million.sample("loss", 1000))), "≤ 15 ms"),
        (
            "the same by time, a tenth of it",
            _ms(_best(lambda: million.sample("loss", 1000, "_timestamp", (EPOCH, EPOCH + rows * 0.1 * 0.01)))),
            "-",
        ),
        (f"overview of {rows:,} points", _ms(_best(lambda: tens.sample("loss", 1000))), "≤ 40 ms"),
        ("history(500) of it", _ms(_best(lambda: million.history(500), repeat=3)), "-"),
    ]


def _lists(root: Path, few: int, many: int) -> list[tuple[str, str, str]]:
    keys = tuple(f"metric/{place}" for place in range(20))
    for place in range(few):
        _write(root / "few", f"r{place}", keys, 3, seed=place)
    begin = time.perf_counter()
    tracker.Api(root / "few").runs()[0]
    first = time.perf_counter() - begin

    def listing() -> None:
        for run in tracker.Api(root / "few").runs():
            assert run.config
            assert run.summary

    for place in range(many):
        _write(root / "many", f"r{place}", keys, 3, seed=place)
    Store(root / "many").refresh()
    time.sleep(2.1)  # what was written just now is looked at more closely
    listing()
    open_api = tracker.Api(root / "many")
    chosen = {"config.lr": {"$gt": 0.5}, "summary.metric/3": {"$lt": 2.0}, "state": "finished"}
    assert len(open_api.runs(filters=chosen, order="-summary.metric/1"))

    def query() -> None:
        len(open_api.runs(filters=chosen, order="-summary.metric/1"))

    return [
        (f"index of {few:,} new runs", _ms(first), "-"),
        (f"listing {few:,} runs with config and summary, new Api", _ms(_best(listing)), "≤ 60 ms"),
        (f"filter and sort of {many:,} runs, open Api", _ms(_best(query)), "≤ 100 ms"),
    ]


def _write(root: Path, run_id: str, keys: tuple[str, ...], rows: int, *, seed: int) -> None:
    folder = _folder.create(root, run_id, offline=True)
    writer = _journal.open_writer(folder, "main", run=run_id, attempt=1)
    writer.write(records.Start(time=EPOCH, run=run_id, project="bench", name=f"name of {run_id}"))
    config = {f"option_{place}": place for place in range(18)} | {"lr": (seed % 10) / 10, "model": {"depth": 3}}
    writer.write(records.Config(time=EPOCH, set=config))
    key_set = writer.key_set(keys, "d" * len(keys))
    jitter = random.Random(seed)
    pack, append, number = key_set.pack, writer.append, key_set.id
    values = _values(keys, rows, seed)
    for step in range(rows):
        append(pack(_journal.ROW, number, step, EPOCH + step * 0.01 + jitter.random() * 1e-4, *values[step]))
    writer.write(records.End(time=EPOCH + rows * 0.01, exit_code=0))
    writer.close()


def _values(keys: tuple[str, ...], rows: int, seed: int) -> list[list[float]]:
    """What a training that computes in float32 hands over: decaying, wandering, scheduled and noisy values."""
    random_ = np.random.default_rng(seed)
    columns = []
    for place in range(len(keys)):
        noise = random_.standard_normal(rows)
        steps = np.arange(rows)
        shapes = (
            np.exp(-steps / rows * 5) + 0.01 * noise,
            np.cumsum(noise) * 0.01,
            0.1 * (1 + np.cos(steps / rows * math.pi)),
            noise,
        )
        columns.append(shapes[place * len(KINDS) // len(keys)].astype(np.float32).astype(np.float64))
    return np.stack(columns, axis=1).tolist()


def _best(call: Callable[[], object], repeat: int = 7) -> float:
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _table(title: str, lines: list[tuple[str, str, str]]) -> None:
    print(f"\n{title:<60}{'measured':>22}{'wanted':>12}")
    for what, figure, wanted in lines:
        print(f"{what:<60}{figure:>22}{wanted:>12}")


if __name__ == "__main__":
    main(sys.argv[1:])
