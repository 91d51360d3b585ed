"""The time of this process's records: it never falls, though the machine's clock may be set back."""

from __future__ import annotations

import time

_last = 0.0
_shift = 0.0


def now() -> float:
    """Seconds since the epoch; after the clock was set back, counted on from the last answer."""
    global _last, _shift  # noqa: PLW0603 - one process, one time
    current = time.time() + _shift
    if current < _last:
        _shift += _last - current
        current = _last
    _last = current
    return current
