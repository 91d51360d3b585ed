"""How lists are sorted: "+created_at", "-summary.loss", "config.lr", several with commas between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core.store import field
from tracker_core.store.field import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker_core.store.run import Run


def arrange(runs: Iterable[Run], order: str | Sequence[str] | None) -> list[Run]:
    """Sorted by each of the fields in turn; runs that lack one come last in either direction.

    Raises UsageError for a field that no run has.
    """
    found = list(runs)
    names = [part.strip() for part in order.split(",")] if isinstance(order, str) else list(order or ())
    for name in reversed([name for name in names if name]):
        falling = name.startswith("-")
        read = field.getter(field.resolve("display_name" if name.lstrip("+-") == "name" else name.lstrip("+-")))
        keyed = [(_key(read(run)), run) for run in found]
        known = [(key, run) for key, run in keyed if key is not None]
        known.sort(key=_first, reverse=falling)
        found = [run for _, run in known] + [run for key, run in keyed if key is None]
    return found


def _first(pair: tuple[Any, Run]) -> Any:
    return pair[0]


def _key(value: Any) -> tuple[int, Any] | None:
    """Numbers before texts before everything else; None for what has no place in an order."""
    if isinstance(value, dict):
        # What define_metric asks for stands in a map; its only entry, or the last value, is what people mean.
        value = next(iter(value.values())) if len(value) == 1 else value.get("last", value.get("best"))
    if value is MISSING or value is None or value != value:  # noqa: PLR0124 - NaN differs from itself
        return None
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, str):
        return 1, value
    return 2, str(value)
