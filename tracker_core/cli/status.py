"""`tracker status`: where the next run of a folder would go, and what lies there already."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tracker_core import _folder, _settings
from tracker_core._key import user_of
from tracker_core._version import __version__
from tracker_core.cli._lookup import open_api
from tracker_core.cli._options import dir_option, json_option

if TYPE_CHECKING:
    from tracker_core._settings import Settings

_SECRET = ("api_key", "alert_webhook", "smtp_url")


class _Given(NamedTuple):
    value: str
    source: str


@click.command("status")
@dir_option
@json_option
def status_command(folder: str, as_json: bool) -> None:
    """Show where the next run goes, by which settings, and what is there."""
    root = Path(folder).resolve() / _folder.ROOT_NAME
    settings = _settings.gather({"dir": folder})
    given = _given(folder)
    runs = list(open_api(folder).runs()) if root.is_dir() else []
    states = Counter(run.state for run in runs)
    damaged = {run.id: str(run.damage) for run in runs if run.damage}
    if as_json:
        report = {
            "version": __version__,
            "folder": str(root),
            "runs": states,
            "damaged": damaged,
            "mode": _next_mode(settings),
            "server": settings.base_url,
            "user": user_of(settings.api_key or ""),
            "settings": {name: entry._asdict() for name, entry in given.items()},
        }
        click.echo(json.dumps(report, indent=2))
        return
    click.echo(f"tracker-core {__version__}")
    told = ", ".join(f"{count} {state}" for state, count in states.most_common())
    click.echo(f"Folder   {root}")
    click.echo(f"Runs     {told or 'none yet'}")
    for run_id, damage in damaged.items():
        click.echo(f"         {run_id} is {damage}")
    click.echo(f"Mode     {_told_mode(settings)}")
    click.echo(f"Project  {settings.project or 'as each script says'}")
    if given:
        click.echo("Settings")
        width = max(map(len, given))
        for name, entry in given.items():
            click.echo(f"  {name:{width}}  {entry.value}  ({entry.source})")


def _next_mode(settings: Settings) -> str:
    """What the next run gets, whatever it asks for."""
    if settings.mode in ("disabled", "offline", "dryrun"):
        return "disabled" if settings.mode == "disabled" else "offline"
    return "online" if settings.base_url and user_of(settings.api_key or "") else "offline"


def _told_mode(settings: Settings) -> str:
    mode = _next_mode(settings)
    if mode == "online":
        return f"online: {settings.base_url} as {settings.entity or user_of(settings.api_key or '')}"
    if mode == settings.mode:
        return mode
    if not settings.base_url:
        return "offline: no server is known"
    return mode if settings.mode else f"offline: there is no key for {settings.base_url}, see tracker login"


def _given(folder: str) -> dict[str, _Given]:
    """Every setting that is not at its default, with what set it last. A key is told by its end only."""
    found: dict[str, _Given] = {}
    for path in (_settings.user_file(), _settings.workspace_file(folder)):
        found.update({name: _Given(value, str(path)) for name, value in _settings.read_file(path).items()})
    found.update(
        {
            name: _Given(value, _settings.VARIABLES[name])
            for name, value in _settings.from_environment(os.environ).items()
            if name != "dir"
        }
    )
    for name in _SECRET:
        if name in found:
            found[name] = found[name]._replace(value=f"…{found[name].value[-4:]}")
    return found
