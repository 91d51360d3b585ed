"""Runs of project `bench`, the same each time, for the pages."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from tracker_core import _folder, _journal
from tracker_core import _records as records

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = 1_790_000_000.0
KEYS = tuple(f"{part}/m{number}" for part in ("train", "val") for number in range(10))


def write(root: Path, runs: int, keys: tuple[str, ...], rows: int) -> None:
    """Written as a training process writes them."""
    root.mkdir(parents=True)
    chance = random.Random(7)
    for number in range(runs):
        start = EPOCH + 60 * number
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(start))
        path = root / f"offline-run-{stamp}-r{number:05d}"
        (path / "files").mkdir(parents=True)
        run = f"r{number:05d}"
        writer = _journal.open_writer(_folder.RunFolder(path), "main", run=run, attempt=1, buffered=True)
        writer.write(records.Start(time=start, run=run, project="bench", name=f"trial-{number}"))
        config = {"lr": 10 ** chance.uniform(-5, -1), "model": chance.choice(["cnn", "vit", "mlp"]), "seed": number}
        writer.write(records.Config(time=start, set=config))
        columns = writer.key_set(keys, "d" * len(keys))
        for step in range(rows):
            base = 0.3 + 0.7 / (1 + step / 500)
            values = [base + 0.05 * chance.random() for _ in keys]
            writer.append(columns.pack(_journal.ROW, columns.id, step, start + step / 50, *values))
        writer.write(records.End(time=start + rows / 50, exit_code=0))
        writer.close()
