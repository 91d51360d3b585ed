"""The names by which filters and orders reach into a run."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tracker_core.store.run import Run

MISSING: Final = object()

_PLAIN: dict[str, Callable[[Run], Any]] = {
    "id": lambda run: run.card.id,
    # `name` stands for the id where other trackers' filters are brought along.
    "name": lambda run: [run.card.name, run.card.id],
    "display_name": lambda run: run.card.name,
    "project": lambda run: run.card.project,
    "entity": lambda run: run.card.entity,
    "state": lambda run: run.card.state,
    "group": lambda run: run.card.group,
    "job_type": lambda run: run.card.job_type,
    "notes": lambda run: run.card.notes,
    "tags": lambda run: list(run.card.tags),
    "exit_code": lambda run: run.card.exit_code,
    "attempts": lambda run: len(run.card.attempts),
    "created_at": lambda run: run.card.start,
    "updated_at": lambda run: run.card.updated,
    "duration": lambda run: run.card.updated - run.card.start,
}

_TREES: dict[str, Callable[[Run], Mapping[str, Any]]] = {
    "config": lambda run: run.config,
    "summary": lambda run: run.flat,
}

_ALIASES = {
    "summary_metrics": "summary",
    "summaryMetrics": "summary",
    "displayName": "display_name",
    "jobType": "job_type",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "heartbeat_at": "updated_at",
    "heartbeatAt": "updated_at",
}

TIMES = ("created_at", "updated_at")
"""Fields in seconds since the epoch, which people compare with dates."""


def resolve(name: str) -> str:
    """The field's own name. Raises UsageError when there is none of this name."""
    head, dot, rest = name.partition(".")
    head = _ALIASES.get(head, head)
    if (head in _TREES and rest) or (head in _PLAIN and not dot):
        return head + dot + rest
    known = [*_PLAIN, *(f"{tree}.<key>" for tree in _TREES)]
    raise UsageError(f"{name!r} is not a field of a run: did you mean {_suggested(name)}? Known are {', '.join(known)}")


def _suggested(name: str) -> str:
    head, _, rest = name.partition(".")
    if rest and (trees := difflib.get_close_matches(head, _TREES, n=1)):
        return repr(f"{trees[0]}.{rest}")
    close = [] if rest else difflib.get_close_matches(name, [*_PLAIN, *_ALIASES], n=1)
    if name in _TREES:
        return repr(f"{name}.<key>")
    return " or ".join(repr(each) for each in (*close, f"config.{name}", f"summary.{name}"))


def getter(name: str) -> Callable[[Run], Any]:
    """Reads the field named as `resolve` gave it; the reader gives MISSING where a run has no such key."""
    head, dot, rest = name.partition(".")
    if not dot:
        return _PLAIN[head]
    tree = _TREES[head]
    parts = rest.split(".")

    def read(run: Run) -> Any:
        top = tree(run)
        if rest in top:
            return top[rest]
        found = _descend(top, parts)
        # Other trackers wrap every config value.
        return _descend(top, parts[:-1]) if found is MISSING and parts[-1] == "value" and len(parts) > 1 else found

    return read


def _descend(value: Any, parts: list[str]) -> Any:
    """Follows the parts; a key may itself hold dots, then the longest that fits is taken."""
    if not parts:
        return value
    if isinstance(value, list) and parts[0].isdigit():
        place = int(parts[0])
        return _descend(value[place], parts[1:]) if place < len(value) else MISSING
    if not isinstance(value, dict):
        return MISSING
    for end in range(len(parts), 0, -1):
        key = ".".join(parts[:end])
        if key in value:
            found = _descend(value[key], parts[end:])
            if found is not MISSING:
                return found
    return MISSING
