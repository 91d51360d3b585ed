"""The smallest, largest and best value of every metric of a run, from what the store keeps of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _metrics
from tracker_core import _records as records
from tracker_core.store import series
from tracker_core.store.stats import Kept

if TYPE_CHECKING:
    from tracker_core.store import Run, Store

KINDS = ("min", "max", "best")

_kept = msgspec.msgpack.Decoder(Kept, ext_hook=records.extension)
_names = msgspec.msgpack.Decoder(tuple[str, ...])


def read(store: Store, run: Run) -> Extremes:
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
    return Extremes(store, run, found, series.replaced(store.db, run.number))


class Extremes:
    """The extremes of a run. Of a series in which values were replaced at their step they are found when asked for."""

    def __init__(self, store: Store, run: Run, found: dict[str, Any], replaced: set[str]) -> None:
        self._store = store
        self._run = run
        self._found = found
        self._replaced = replaced

    def get(self, key: str) -> Any:
        kind, _, name = key.partition(".")
        if name in self._replaced:
            stats = series.statistics(self._store.db, self._run.number, name)
            for part, value in (("min", stats and stats.low), ("max", stats and stats.high)):
                self._found[f"{part}.{name}"] = value
            self._replaced.discard(name)
        if kind == "best":
            definition = _metrics.find(self._run.card.metrics, name)
            kind = definition.goal[:3] if definition is not None and definition.goal else ""
        return self._found.get(f"{kind}.{name}")
