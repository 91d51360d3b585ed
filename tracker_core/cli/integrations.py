"""`tracker integrations`: what can be switched on here, and what it needs."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

import click

from tracker_core.cli._options import json_option
from tracker_core.cli._text import print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import EntryPoint

_PREFIX = "tracker."
_NO_SWITCHES = (f"{_PREFIX}name", f"{_PREFIX}past", f"{_PREFIX}tail", f"{_PREFIX}watch")
"""What the core looks up by a name that it was given."""

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?:\[[^]]*\])?\s*\(?(?P<range>[^;)]*)\)?\s*;.*\bextra == ['\"](?P<extra>[^'\"]+)"
)


class _Listed(NamedTuple):
    """One part of one switch; one "on request" joins when its module is named. `version` is None where the framework
    is not installed, `supported` where nothing is said about it.
    """

    switch: str
    module: str
    state: str
    version: str | None
    supported: str | None
    integration: str
    distribution: str


@click.command("integrations")
@json_option
def integrations_command(as_json: bool) -> None:
    """List the frameworks that init() can track by a switch, and what is installed of them."""
    listed = sorted(_listed())
    if as_json:
        print_json([entry._asdict() for entry in listed])
        return
    heads = ("switch", "waits for", "state", "version", "supported", "from")
    rows = [
        (each.switch, each.module, each.state, each.version or "-", each.supported or "-", each.distribution)
        for each in listed
    ]
    widths = [max(len(cells[column]) for cells in (heads, *rows)) for column in range(len(heads))]
    for cells in (heads, *rows):
        click.echo("  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())


def _listed() -> Iterator[_Listed]:
    providers = metadata.packages_distributions()
    seen = set()
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name in seen:  # shadowed by one that stands earlier on the path
            continue
        seen.add(name)
        for entry in distribution.entry_points:
            if not entry.group.startswith(_PREFIX) or entry.group in _NO_SWITCHES:
                continue
            installed = _installed(entry, providers)
            switch, _, asked = entry.group.removeprefix(_PREFIX).partition(".")
            yield _Listed(
                switch=switch,
                module=entry.name,
                state="not installed" if installed is None else "on request" if asked else "ready",
                version=installed[1] if installed is not None else None,
                supported=_supported(distribution, entry, installed),
                integration=entry.value,
                distribution=name,
            )


def _installed(entry: EntryPoint, providers: Mapping[str, list[str]]) -> tuple[str, str] | None:
    """Name and version of the distribution that has the module to wait for; Python itself for its own."""
    package = entry.name.partition(".")[0]
    if package in sys.stdlib_module_names:
        return "python", ".".join(map(str, sys.version_info[:3]))
    for name in providers.get(package, ()):
        return name, metadata.version(name)
    return None


def _supported(distribution: metadata.Distribution, entry: EntryPoint, installed: tuple[str, str] | None) -> str | None:
    """The range in the extra that is called like the integration's module or like the framework."""
    module = entry.value.partition(":")[0].split(".")
    extras = {_plain(module[min(1, len(module) - 1)]), _plain(entry.name.partition(".")[0])}
    ranges = {}
    for requirement in distribution.requires or ():
        found = _REQUIREMENT.match(requirement)
        if found is not None and _plain(found["extra"]) in extras:
            ranges[_plain(found["name"])] = found["range"].strip()
    if installed is not None and _plain(installed[0]) in ranges:
        return ranges[_plain(installed[0])]
    return ranges.get(_plain(entry.name.partition(".")[0]))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
