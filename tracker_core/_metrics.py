"""What `define_metric` says: which axis a metric is drawn over, and what its summary holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from tracker_core import _records as records
from tracker_core import _texts
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("min", "max", "mean", "last", "first", "best", "copy", "none")


def definition(
    name: Any,
    *,
    time: float,
    step_metric: Any = None,
    step_sync: Any = None,
    hidden: Any = None,
    summary: Any = None,
    goal: Any = None,
    overwrite: Any = None,
) -> records.Metric:
    """The checked record of one `define_metric` call. Raises UsageError naming the argument that is wrong."""
    if not isinstance(step_metric, str):
        step_metric = getattr(step_metric, "name", step_metric)  # a metric that define_metric returned
    if not isinstance(name, str) or not name:
        raise UsageError(f"define_metric needs a metric's name, not {_texts.represented(name)}")
    if "*" in name[:-1]:
        raise UsageError(f"define_metric({name!r}): a '*' can only stand at the end")
    if step_metric is not None and (not isinstance(step_metric, str) or "*" in step_metric or not step_metric):
        raise UsageError(
            f"define_metric({name!r}): step_metric={_texts.represented(step_metric)} must be one metric's name"
        )
    for argument, value in (("step_sync", step_sync), ("hidden", hidden), ("overwrite", overwrite)):
        if value is not None and not isinstance(value, bool):
            raise UsageError(f"define_metric({name!r}): {argument}={_texts.represented(value)} must be True or False")
    kinds = None
    if summary is not None:
        kinds = (
            tuple(kind.strip() for kind in summary.split(","))
            if isinstance(summary, str)
            else (_texts.represented(summary),)
        )
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise UsageError(f"define_metric({name!r}): summary knows {', '.join(KINDS)}, not {', '.join(unknown)}")
    if goal not in (None, "minimize", "maximize"):
        raise UsageError(f"define_metric({name!r}): goal={goal!r} must be 'minimize' or 'maximize'")
    return records.Metric(
        time=time,
        name=_texts.name(name),
        step_metric=None if step_metric is None else _texts.name(step_metric),
        step_sync=step_sync if step_sync is not None or step_metric is None else True,
        hidden=hidden,
        summary=kinds,
        goal=goal,
        overwrite=bool(overwrite),
    )


def find(definitions: Mapping[str, records.Metric], key: str) -> records.Metric | None:
    """The definition that holds for `key`: its own, else that of the longest matching `prefix*`."""
    if key in definitions:
        return definitions[key]
    globs = [name for name in definitions if name.endswith("*") and key.startswith(name[:-1])]
    return definitions[max(globs, key=len)] if globs else None


def aggregated(metric: records.Metric | None) -> tuple[str, ...]:
    """The parts of the summary that replace the plain last value; none when there are none."""
    if metric is None or metric.summary is None or set(metric.summary) <= {"copy"}:
        return ()
    return metric.summary


class Aggregate:
    """The running min, max, mean, first and last of one series; NaN does not count in the first three.

    A value at a step that is not beyond all others may replace one: `replaced` says then that only counting again
    gives the right numbers.
    """

    __slots__ = ("count", "first", "high", "last", "low", "replaced", "top", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.first: Any = None
        self.last: Any = None
        self.top = -(1 << 63) - 1
        self.replaced = False

    def add(self, value: Any, step: int) -> None:
        if step > self.top:
            self.top = step
        else:
            self.replaced = True
        if self.first is None:
            self.first = value
        self.last = value
        if isinstance(value, float | int) and value == value:  # noqa: PLR0124 - NaN differs from itself
            self.count += 1
            try:
                self.total += value
            except OverflowError:  # an integer beyond any float
                self.total = math.inf
            self.low = min(self.low, value)
            self.high = max(self.high, value)

    def become(self, other: Aggregate) -> None:
        """Take the numbers of `other` over."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))

    def summary(self, kinds: tuple[str, ...], goal: Literal["minimize", "maximize"] | None) -> dict[str, Any]:
        """The parts named by `kinds`, as they stand; a part without a value is left out."""
        parts = {"first": self.first, "last": self.last, "copy": self.last}
        if self.count:
            parts |= {"min": self.low, "max": self.high, "mean": self.total / self.count}
            parts["best"] = self.high if goal == "maximize" else self.low
        return {kind: parts[kind] for kind in kinds if kind in parts and parts[kind] is not None}
