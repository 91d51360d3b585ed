"""`tracker login`: makes this machine known to a team's server."""

from __future__ import annotations

import sys

import click

from tracker_core import _settings
from tracker_core._login import login


@click.command("login")
@click.argument("key", required=False)
@click.option("--host", metavar="URL", help="Address of the server, kept with the key.")
@click.option("--relogin", is_flag=True, help="Take another key than the one that is kept.")
def login_command(key: str | None, host: str | None, relogin: bool) -> None:
    """Log in to a team's server, so that runs are uploaded while they run.

    The key comes from whoever runs the server. Without KEY it is asked for, or read from a pipe: no
    history of a shell gets it then. It is kept in your settings file, which nobody else can read.
    """
    if key is None and sys.stdin is not None and not sys.stdin.isatty():
        key = sys.stdin.readline().strip() or None
    if not login(key, host=host, relogin=relogin, verify=True):
        raise click.ClickException("nobody is logged in: tracker login --host URL")
    from tracker_core._upload.place import Place

    place = Place(_settings.gather({}))
    teams = ", ".join(place.me.entities[1:])
    click.echo(f"Logged in to {place.client.address} as {place.me.user}" + (f", member of {teams}" if teams else ""))
