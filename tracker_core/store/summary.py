"""The summary of a run: what was logged last, what `define_metric` asks for, and what was set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _metrics
from tracker_core import _writers as writers

if TYPE_CHECKING:
    from tracker_core._snapshot import Snapshot
    from tracker_core.store.stats import ColumnStats, Stats


class Source(NamedTuple):
    """A key set's part in the summary, in the order in which parts follow each other."""

    attempt: int
    journal: str
    place: int
    names: tuple[str, ...]
    stats: Stats
    writer: str = writers.MAIN


class Summary(Mapping[str, Any]):
    """Read-only. `summary["val.loss"]`, `summary["val"]["loss"]` and `summary.val.loss` are the same.

    `_step`, `_timestamp` and `_runtime` can be asked for, but are not listed.
    """

    __slots__ = ("_flat",)

    def __init__(self, flat: Mapping[str, Any]) -> None:
        self._flat = flat

    def __getitem__(self, key: str) -> Any:
        if key in self._flat:
            return self._flat[key]
        prefix = f"{key}."
        below = {name[len(prefix) :]: value for name, value in self._flat.items() if name.startswith(prefix)}
        if not below:
            raise KeyError(key)
        return Summary(below)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the summary has no {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._flat if not key.startswith("_"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return key in self._flat or any(name.startswith(f"{key}.") for name in self._flat)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> tuple[type[Summary], tuple[dict[str, Any]]]:
        return type(self), (dict(self._flat),)

    @property
    def _json_dict(self) -> dict[str, Any]:
        """What export scripts written for wandb ask for: all of it, bookkeeping included."""
        return dict(self._flat)


def summarise(
    snapshot: Snapshot, sources: list[Source], runtime: float, recount: Callable[[str], ColumnStats | None]
) -> dict[str, Any]:
    """The flat summary. `sources` are the visible rows of the run's own metrics, `runtime` how long it ran so far.

    The statistics of sources count values that were replaced at their step, too: `recount` gives those of a key without
    them, None where there are none.
    """
    logged = _logged(sources)
    summary: dict[str, Any] = {}
    for key, (time, stats) in logged.items():
        by_hand = snapshot.times.get(f"summary/{key}")
        if by_hand is not None and by_hand >= time:
            continue
        kinds = _metrics.aggregated(_metrics.find(snapshot.metrics, key))
        value = _value(snapshot, key, (kinds and recount(key)) or stats)
        if value is not None:
            summary[key] = value[0]
    for key, value in snapshot.summary.items():
        if key not in logged or snapshot.times.get(f"summary/{key}", 0.0) >= logged[key][0]:
            summary[key] = value
    if sources:
        summary["_step"] = max(source.stats.step for source in sources)
        summary["_timestamp"] = max(source.stats.end for source in sources)
        summary["_runtime"] = runtime
    return dict(sorted(summary.items()))


def _logged(sources: list[Source]) -> dict[str, tuple[float, ColumnStats]]:
    """Of each key: when its first writer logged it last, and the statistics of that writer's values.

    Workers and the like have no order among them.
    """
    found: dict[str, tuple[float, ColumnStats]] = {}
    first: dict[str, tuple[int, int]] = {}
    for source in sources:
        order = writers.precedence(source.writer)
        for name in source.names:
            first[name] = min(order, first.get(name, order))
    for source in sorted(sources, key=lambda source: (source.attempt, source.stats.end, source.journal, source.place)):
        for name, stats in zip(source.names, source.stats.columns, strict=True):
            if writers.precedence(source.writer) != first[name]:
                continue
            earlier = found.get(name)
            found[name] = (source.stats.end, earlier[1].then(stats) if earlier else stats)
    # The last value is the last key set's; the first one is that of whichever began first.
    for source in sorted(
        sources, key=lambda source: (source.attempt, source.stats.begin, source.journal, source.place), reverse=True
    ):
        for name, stats in zip(source.names, source.stats.columns, strict=True):
            if writers.precedence(source.writer) == first[name]:
                found[name][1].first = stats.first
    return found


def _value(snapshot: Snapshot, key: str, stats: ColumnStats) -> tuple[Any] | None:
    """The value of a logged key, wrapped since it may be None; None where the summary is to leave the key out."""
    metric = _metrics.find(snapshot.metrics, key)
    kinds = _metrics.aggregated(metric)
    if not kinds:
        return (stats.last,)
    parts = {"first": stats.first, "last": stats.last, "copy": stats.last}
    if stats.count:
        best = stats.high if metric is not None and metric.goal == "maximize" else stats.low
        parts |= {"min": stats.low, "max": stats.high, "mean": stats.total / stats.count, "best": best}
    chosen = {kind: parts[kind] for kind in kinds if parts.get(kind) is not None}
    return (chosen,) if chosen else None
