"""`tracker rm`: deletes runs."""

from __future__ import annotations

import click

from tracker_core.cli._lookup import ARCHIVED, find, open_api
from tracker_core.cli._options import dir_option


@click.command("rm")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@dir_option
def rm_command(runs: tuple[str, ...], yes: bool, folder: str) -> None:
    """Delete runs and their files for good.

    Nothing is deleted when one of them does not exist. A deleted id stays taken in its project.
    """
    api = open_api(folder)
    found = {run.folder: run for run in (find(api, word) for word in runs)}
    for run in found.values():
        click.echo(f"{'/'.join(run.path)}  {run.name}  {run.folder}", err=True)
    for run in api.runs(filters=ARCHIVED):
        if any(run.project == each.project and run.id.rpartition("~")[0] == each.id for each in found.values()):
            click.echo(f"kept: {'/'.join(run.path)}  {run.name}, archived", err=True)
    if not yes:
        click.confirm(f"Delete {'this run' if len(found) == 1 else f'these {len(found)} runs'}?", abort=True, err=True)
    for run in found.values():
        run.delete()
