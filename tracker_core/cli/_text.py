"""Values as people read them in a terminal."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

STATES = {
    "running": ("●", "green"),
    "finished": ("✓", "green"),
    "failed": ("✗", "red"),
    "crashed": ("✗", "red"),
    "killed": ("✗", "yellow"),
    "preempted": ("◌", "yellow"),
    "archived": ("◌", "dim"),
}
"""State -> mark and colour."""


_COUNTERS = frozenset(("epoch", "global_step", "iter", "iteration", "iterations", "step", "steps"))


def is_counter(key: str) -> bool:
    """Whether a metric only counts: it belongs on an axis, and says nothing as a curve or column."""
    return key.rpartition("/")[2].rpartition(".")[2].lower() in _COUNTERS


def print_json(value: Any) -> None:
    """Numbers that JSON has no word for are null; characters that stdout has no code for are escapes."""
    text = json.dumps(_nulls(value), indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        text = json.dumps(_nulls(value), indent=2, default=str)
    click.echo(text)


def _nulls(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _nulls(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nulls(item) for item in value]
    return value


def show(value: Any, limit: int = 60) -> str:
    """One line: numbers to four digits, text without control characters, anything long cut."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "-"}[value]
    if isinstance(value, float):
        return number(value)
    text = value if isinstance(value, str) else _compact(value)
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def number(value: float) -> str:
    """At most four significant digits, and never a needless power of ten."""
    if 1e4 <= abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.4g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def duration(seconds: float) -> str:
    """`12 s`, `3 m 20 s`, `2 h 05 m`, `4 d 3 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} m"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def moment(timestamp: float) -> str:
    """Local time: today's and this year's without what goes without saying."""
    try:
        then, now = datetime.fromtimestamp(timestamp).astimezone(), datetime.now().astimezone()
    except (ValueError, OverflowError, OSError):
        from tracker_core.store.run import iso

        return iso(timestamp)[:-10]  # beyond the calendar: the date is enough
    if then.date() == now.date():
        return then.strftime("%H:%M:%S")
    if then.year == now.year:
        return then.strftime("%d %b %H:%M")
    return then.strftime("%Y-%m-%d %H:%M")


def lasted(start: float, end: float | None) -> float:
    """Seconds from `start` to `end`, or until now."""
    return max(0.0, (time.time() if end is None else end) - start)


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={show(item)}" for key, item in value.items() if key != "_type")
    if isinstance(value, (list, tuple)):
        return ", ".join(show(item) for item in value)
    if isinstance(value, (int, str)):
        return str(value)
    items = getattr(value, "items", None)  # a nested summary
    return _compact(dict(items())) if items else str(value)


def size(count: int) -> str:
    """Bytes, as people say them."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if value >= 100 or units[0] == "B" else f"{value:.1f} {units[0]}"
