"""The smallest, largest and best value of every metric of a run: the store keeps them, no series is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _metrics
from tracker_core import _records as records
from tracker_core.store.stats import Kept

if TYPE_CHECKING:
    from tracker_core.store import Run, Store

KINDS = ("min", "max", "best")

_kept = msgspec.msgpack.Decoder(Kept, ext_hook=records.extension)
_names = msgspec.msgpack.Decoder(tuple[str, ...])


def read(store: Store, run: Run) -> dict[str, Any]:
    """`min.<metric>`, `max.<metric>`, and `best.<metric>` where `define_metric` gave a goal; system metrics too.

    NaN and what is no number do not count.
    """
    found: dict[str, Any] = {}
    for names, stats in store.db.rows("SELECT names, stats FROM keyset WHERE run = ?", (run.number,)):
        kept = _kept.decode(stats).all
        for name, column in zip(_names.decode(names), kept.columns if kept else (), strict=False):
            if column.count:
                low, high = f"min.{name}", f"max.{name}"
                found[low] = min(column.low, found.get(low, column.low))
                found[high] = max(column.high, found.get(high, column.high))
    for name in [column.removeprefix("min.") for column in found if column.startswith("min.")]:
        definition = _metrics.find(run.card.metrics, name)
        if definition is not None and definition.goal:
            found[f"best.{name}"] = found[f"{definition.goal[:3]}.{name}"]
    return found
