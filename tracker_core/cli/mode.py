"""`tracker online`, `offline`, `disabled`, `enabled`: where the next runs of a folder go."""

from __future__ import annotations

import os

import click

from tracker_core import _settings as settings
from tracker_core._key import user_of
from tracker_core.cli._options import dir_option

_SENTENCES = {
    "online": "Runs started here are uploaded to your server while they run.",
    "offline": "Runs started here stay on this machine.",
    "disabled": "Runs started here are not kept at all.",
    None: "Runs started here follow your own settings again.",
}


@click.command("online")
@dir_option
def online_command(folder: str) -> None:
    """Upload the runs of this folder while they run."""
    _set(folder, "online")


@click.command("offline")
@dir_option
def offline_command(folder: str) -> None:
    """Keep the runs of this folder on this machine."""
    _set(folder, "offline")


@click.command("disabled")
@dir_option
def disabled_command(folder: str) -> None:
    """Keep nothing of the runs of this folder."""
    _set(folder, "disabled")


@click.command("enabled")
@dir_option
def enabled_command(folder: str) -> None:
    """Undo online, offline or disabled."""
    _set(folder, None)


def _set(folder: str, mode: str | None) -> None:
    path = settings.workspace_file(folder)
    if mode is not None or path.exists():
        settings.write_file(path, {"mode": mode})
    missing = _missing_server(folder) if mode == "online" else None
    click.echo(f"Runs started here stay on this machine: {missing}." if missing else _SENTENCES[mode])
    if missing:
        click.echo("They are uploaded while they run after `tracker login --host URL`.", err=True)
    variable = settings.VARIABLES["mode"]
    ruling = os.environ.get(variable)
    if ruling and ruling != mode:
        click.echo(f"Warning: {variable}={ruling} is set, and goes before it.", err=True)


def _missing_server(folder: str) -> str | None:
    """What an upload lacks."""
    known = settings.gather({"dir": folder})
    if known.base_url is None:
        return "no server is known"
    return f"there is no key for {known.base_url}" if user_of(known.api_key or "") is None else None
