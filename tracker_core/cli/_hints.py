"""Hints at field names that no run has: such a filter, order or column would show nothing without a message."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tracker_core.store import field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tracker_core._api import ApiRun

_ORDERS = ("$lt", "$lte", "$gt", "$gte")


def hint_at_names(names: Iterable[str], runs: Sequence[ApiRun]) -> None:
    """Print a line on stderr for each of `names` that none of `runs` has, with the nearest ones that they have."""
    missing = [name for name in dict.fromkeys(names) if name.partition(".")[2] and not _values(name, runs)]
    if not missing or not runs:
        return
    known = list(dict.fromkeys(name for run in runs for name in _names(run)))
    for name in missing:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
        leaf = name.partition(".")[2]
        close += [each for each in known if each.partition(".")[2] == leaf and each not in close]
        hint = f": did you mean {' or '.join(map(repr, close))}?" if close else ""
        click.echo(f"Warning: no run has {name!r}{hint}", err=True)


def hint_at_types(conditions: Iterable[tuple[str, Any]], runs: Sequence[ApiRun]) -> None:
    """Print a line on stderr for each text that is compared in size with numbers: no run can pass that."""
    for name, condition in conditions:
        for operator in _ORDERS if isinstance(condition, Mapping) else ():
            wanted = condition.get(operator)
            values = _values(name, runs) if isinstance(wanted, str) and "." in name else []
            if values and all(isinstance(value, (int, float)) for value in values):
                click.echo(f"Warning: {name!r} holds numbers, and {wanted!r} is not one", err=True)


def _values(name: str, runs: Sequence[ApiRun]) -> list[Any]:
    read = field.getter(field.resolve(name))
    values = (read(run._run) for run in runs)  # noqa: SLF001 - as the filters read it
    return [value for value in values if value is not field.MISSING]


def _names(run: ApiRun) -> Iterator[str]:
    yield from _below("config", run.config)
    yield from _below("summary", {key: run.summary[key] for key in run.summary})


def _below(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, Mapping) or not value:
        yield name
        return
    for key, item in value.items():
        yield from _below(f"{name}.{key}", item)
