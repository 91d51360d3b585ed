"""`tracker restore`: brings back runs whose id a later run took."""

from __future__ import annotations

import click

from tracker_core.cli._lookup import find, open_api
from tracker_core.cli._options import dir_option


@click.command("restore")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@dir_option
def restore_command(runs: tuple[str, ...], folder: str) -> None:
    """Give archived runs, such as exp1~1, their id back.

    The run that has the id now is archived in its place. `tracker runs --archived` lists archived runs.
    """
    api = open_api(folder)
    for run in [find(api, word) for word in runs]:
        run.restore()
        click.echo(f"restored {'/'.join(run.path)}  {run.name}", err=True)
