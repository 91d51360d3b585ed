"""`tracker server`: runs of a team, received and shown, with accounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tracker_core.server.account import Accounts

_DATA = "tracker-server"

_data_option = click.option(
    "--data",
    envvar="TRACKER_SERVER_DATA",
    default=_DATA,
    show_default=True,
    show_envvar=True,
    metavar="DATA",
    help="Folder of the server.",
)


class _Server(click.Group):
    """`tracker server DATA` is short for `tracker server start DATA`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = ["start", *args]
        return super().parse_args(ctx, args)


@click.group("server", cls=_Server)
def server_command() -> None:
    """Run a server for a team: `tracker server [DATA]`. Users and teams are its accounts.

    `tracker server user add NAME` prints a key; with it, `tracker login --host ADDRESS` on any machine sends that
    machine's runs here.
    """


@server_command.command("start")
@click.argument("data", envvar="TRACKER_SERVER_DATA", default=_DATA, metavar="[DATA]")
@click.option("--port", type=click.IntRange(0, 65535), default=8650, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is all of them.")
def _start(data: str, port: int, host: str) -> None:
    """Serve the runs in DATA, and take in more, until Ctrl-C."""
    from tracker_core.server import serve_team

    place = Path(data).absolute()

    def ready(link: str) -> None:
        accounts = _accounts(data)
        if not accounts.users():
            click.echo(f"There is no user yet: tracker server user add NAME --data {place}", err=True)
        accounts.close()
        click.echo(f"Serving {place}: {link}")
        click.echo("Ctrl-C stops.", err=True)

    serve_team(place, host=host, port=port, ready=ready)


@server_command.group("user")
def _user() -> None:
    """Who may sign in and upload."""


@_user.command("add")
@click.argument("name")
@_data_option
def _add_user(name: str, data: str) -> None:
    """Add a user and print their key, which is shown this once only."""
    click.echo(_with(data, "add_user", name))


@_user.command("key")
@click.argument("name")
@click.option("--revoke", is_flag=True, help="End the keys and sign-ins that they have.")
@_data_option
def _new_key(name: str, revoke: bool, data: str) -> None:
    """Print another key for a user, who has lost theirs or uses several machines."""
    if revoke:
        _with(data, "remove_keys", name)
    click.echo(_with(data, "add_key", name))


@_user.command("list")
@_data_option
def _list_users(data: str) -> None:
    """List users, their keys by number, and their teams."""
    for user in _with(data, "users"):
        teams = ", ".join(user.entities[1:])
        click.echo(f"{user.name}  {user.keys} key{'' if user.keys == 1 else 's'}" + (f"  in {teams}" if teams else ""))


@_user.command("remove")
@click.argument("name")
@_data_option
def _remove_user(name: str, data: str) -> None:
    """Remove a user. Their runs stay in DATA, where only you see them."""
    _with(data, "remove_user", name)


@server_command.group("team")
def _team() -> None:
    """Teams: their members see and record runs together."""


@_team.command("add")
@click.argument("team")
@click.argument("users", nargs=-1)
@_data_option
def _add_team(team: str, users: tuple[str, ...], data: str) -> None:
    """Make a team, or add USERS to one."""
    _with(data, "add_team", team, users)


@_team.command("list")
@_data_option
def _list_teams(data: str) -> None:
    """List teams and their members."""
    for team, users in _with(data, "teams").items():
        click.echo(f"{team}  {', '.join(users) or 'nobody'}")


@_team.command("remove")
@click.argument("team")
@click.argument("users", nargs=-1)
@_data_option
def _remove_team(team: str, users: tuple[str, ...], data: str) -> None:
    """Take USERS out of a team; without any, remove the team. Its runs stay in DATA."""
    if users:
        _with(data, "leave_team", team, users)
    else:
        _with(data, "remove_team", team)


def _accounts(data: str) -> Accounts:
    from tracker_core.server.account import Accounts

    return Accounts(Path(data).absolute())


def _with(data: str, call: str, *arguments: Any) -> Any:
    """The answer of one call of the accounts in `data`."""
    accounts = _accounts(data)
    try:
        return getattr(accounts, call)(*arguments)
    finally:
        accounts.close()
