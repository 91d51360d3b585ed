"""`tracker sync`: brings what was written elsewhere into a project."""

from __future__ import annotations

from pathlib import Path

import click

from tracker_core._folder import ROOT_NAME
from tracker_core._names import check_project
from tracker_core.cli._options import dir_option


@click.command("sync")
@click.option("--tensorboard", metavar="LOGDIR", help="Folder of event files, or its address: s3://bucket/logs.")
@click.option("--project", "-p", envvar="TRACKER_PROJECT", default="uncategorized", help="The project of the runs.")
@click.option("--name", "-n", help="The run's name; of several runs what comes before theirs.")
@click.option("--single", is_flag=True, help="One run of all folders, whose tags begin with the folder's name.")
@dir_option
def sync_command(tensorboard: str | None, project: str, name: str | None, single: bool, folder: str) -> None:
    """Make runs of log folders that were written without the tracker.

    Each folder that holds event files of TensorBoard becomes a finished run of that name, at the times at which it was
    written. Calling it again adds what was written since, and nothing twice.
    """
    if tensorboard is None:
        raise click.UsageError("Say what to bring in: --tensorboard LOGDIR.")
    from tracker_core.background import adopt

    if "://" not in tensorboard and not Path(tensorboard).is_dir():
        raise click.ClickException(f"there is no folder {tensorboard}")
    written = list(adopt.find("tensorboard", tensorboard, single=single))
    if not written:
        raise click.ClickException(f"there are no event files in {tensorboard}")
    root = Path(folder).absolute() / ROOT_NAME
    check_project(project)
    for one in written:
        own = one.name if name is None else name if len(written) == 1 else f"{name}/{one.name}"
        done = adopt.adopt("tensorboard", one, root, project, own)
        told = f"{done.new} event{'s' if done.new > 1 else ''}" if done.new else "nothing new"
        click.echo(f"{project}/{done.id}  {done.name}  {told}")
    click.echo(f"Look at {'it' if len(written) == 1 else 'them'} with: tracker ui", err=True)
