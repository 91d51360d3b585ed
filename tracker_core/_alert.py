"""How urgent an alert is, and how soon the next of its title is sent."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any, Literal

from tracker_core import _texts
from tracker_core._errors import UsageError


class AlertLevel(str, Enum):
    """Levels of `run.alert`; their values may be given as texts too."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    # The level is written where texts are wanted: into records, messages and addresses.
    __str__ = str.__str__


def level_of(level: str) -> Literal["INFO", "WARN", "ERROR"]:
    """One of the levels, however it is written. Raises UsageError."""
    try:
        return AlertLevel(str(level).upper()).value
    except ValueError:
        raise UsageError(f"level={_texts.represented(level)} must be INFO, WARN or ERROR") from None


def seconds_of(wait_duration: Any) -> float:
    """Seconds, or a timedelta; 60 when nothing is said. Raises UsageError."""
    if wait_duration is None:
        return 60.0
    if isinstance(wait_duration, dt.timedelta):
        return wait_duration.total_seconds()
    if isinstance(wait_duration, (int, float)) and not isinstance(wait_duration, bool):
        return float(wait_duration)
    raise UsageError(f"wait_duration={_texts.represented(wait_duration)} must be seconds or a timedelta")
