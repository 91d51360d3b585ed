"""How urgent an alert is."""

from __future__ import annotations

from enum import Enum


class AlertLevel(str, Enum):
    """Levels of `run.alert`; their values may be given as texts too."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    # The level is written where texts are wanted: into records, messages and addresses.
    __str__ = str.__str__
