"""Progress of a run over several trainings: the next number of a counter, and whether a value is the best so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker_core._values import number

if TYPE_CHECKING:
    from tracker_core.integration import Sink


def next_count(run: Sink, key: str) -> int:
    """Return the whole number after the largest that the run has for `key`, 0 where it has none.

    Frameworks count from 0 again in each training. A second one in the same run, or in a later attempt, goes on from
    here, so that its points do not replace or overlap those of the first.
    """
    last = run.summary.get(key)
    if isinstance(last, Mapping):  # the user's define_metric asked for something else than the last value
        last = max((value for each in ("max", "last") if (value := finite(last.get(each))) is not None), default=None)
    value = finite(last)
    return 0 if value is None else math.floor(value) + 1


def is_better(value: Any, best: Any, sign: int) -> bool:
    """Return whether `value` beats `best`, where more (`sign` 1) or less (-1) is better.

    Only finite numbers do: a NaN compares with nothing, so that it would be the best for ever.
    """
    new, old = finite(value), finite(best)
    return new is not None and (old is None or sign * new > sign * old)


def finite(value: Any) -> float | None:
    """Return `value` as a float, None where it is no single finite number."""
    try:
        single = number(value)
        return float(single) if single is not None and math.isfinite(single) else None
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way; then it is no number
        return None
