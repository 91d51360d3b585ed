"""`tracker sync`: brings runs to the team's server, and into a project what was written without the tracker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker_core._folder import ROOT_NAME
from tracker_core._names import check_project
from tracker_core.cli._options import dir_option

if TYPE_CHECKING:
    from tracker_core._upload.root import RootUpload


@click.command("sync")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--all", "everywhere", is_flag=True, help="The runs of every folder that this user tracked runs in.")
@click.option("--project", "-p", help="Only the runs of this project; with --tensorboard, the project they go to.")
@click.option("--entity", "-e", help="Where runs go that name no entity themselves; your own name by default.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.option("--tensorboard", metavar="LOGDIR", help="Folder of event files, or its address: s3://bucket/logs.")
@click.option("--name", "-n", help="With --tensorboard: the run's name; of several runs what comes before theirs.")
@click.option("--single", is_flag=True, help="With --tensorboard: one run of all folders.")
@dir_option
def sync_command(
    paths: tuple[str, ...],
    everywhere: bool,
    project: str | None,
    entity: str | None,
    dry_run: bool,
    tensorboard: str | None,
    name: str | None,
    single: bool,
    folder: str,
) -> None:
    """Send runs, with their files and artifacts, to the server that you are logged in to.

    PATH is a run's folder, or one that holds runs at any depth; the current one by default. What the server has already
    is not sent again, so calling it twice, or while a run is live, or after it was interrupted, does no harm.

    With --tensorboard each folder that holds event files of TensorBoard becomes a finished run of that name on this
    machine, at the times at which it was written. Calling it again adds what was written since, and nothing twice.
    """
    if tensorboard is not None:
        _adopt(tensorboard, Path(folder).absolute() / ROOT_NAME, project, name, single=single)
        return
    if name is not None or single:
        raise click.UsageError("--name and --single go with --tensorboard.")
    _upload(paths or (folder,), everywhere=everywhere, project=project, entity=entity, dry_run=dry_run)


def _upload(
    paths: tuple[str, ...], *, everywhere: bool, project: str | None, entity: str | None, dry_run: bool
) -> None:
    from tracker_core import _settings
    from tracker_core._errors import UsageError
    from tracker_core._upload.place import Place
    from tracker_core._upload.root import RootUpload
    from tracker_core.cli._lookup import registered, roots_below

    place = Place(_settings.gather({}))
    roots: dict[Path, set[str] | None] = {}
    for path in registered() if everywhere else map(Path, paths):
        for root, only in roots_below(path):
            if only is None or roots.get(root, set()) is None:
                roots[root] = None
            else:
                roots[root] = (roots.get(root) or set()) | {only}
    uploads = [RootUpload(root, place, entity or place.me.user, only, project) for root, only in roots.items()]
    if not any(upload.runs for upload in uploads):
        raise UsageError("there are no runs here: PATH names their folder, --all takes those of every folder of yours")
    if dry_run:
        _foretell(uploads)
    else:
        _send(uploads, place.client.address)


def _foretell(uploads: list[RootUpload]) -> None:
    from tracker_core.cli._text import size

    whole = 0
    for upload in uploads:
        for run, files, count in upload.lacking():
            if count:
                whole += count
                told = f" and {files} file{'s' if files > 1 else ''}" if files else ""
                click.echo(f"{run.path.name}  {size(count)}{told}")
        for name, versions in upload.lacking_versions():
            whole += 1
            click.echo(f"{name}  {', '.join(f'v{number}' for number in versions)}")
    click.echo("Nothing was sent." if whole else "The server has all of it.", err=True)


def _send(uploads: list[RootUpload], address: str) -> None:
    """One line for each run or artifact that had something new; what fails is told, and the rest goes on."""
    from tracker_core.cli._progress import progress
    from tracker_core.cli._text import size

    failed = news = 0
    with progress(sum(len(upload.runs) for upload in uploads)) as shown:
        for upload in uploads:
            for done in upload.send(shown.add):
                shown.step(done.run)
                if done.error:
                    failed += 1
                    click.echo(f"Error: {done.name}: {done.error}", err=True)
                elif done.sent or done.told:
                    news += 1
                    click.echo(f"{done.name}  {done.told or size(done.sent)}" + (f"  {done.page}" if done.page else ""))
    if failed:
        raise click.ClickException(f"{failed} of them could not be sent; `tracker sync` again sends what is left")
    click.echo(f"{address} has all of it{'' if news else ', and had it before'}.", err=True)


def _adopt(logdir: str, root: Path, project: str | None, name: str | None, *, single: bool) -> None:
    import os

    from tracker_core.background import adopt

    project = check_project(project or os.environ.get("TRACKER_PROJECT") or "uncategorized")
    if "://" not in logdir and not Path(logdir).is_dir():
        raise click.ClickException(f"there is no folder {logdir}")
    written = list(adopt.find("tensorboard", logdir, single=single))
    if not written:
        raise click.ClickException(f"there are no event files in {logdir}")
    for one in written:
        own = one.name if name is None else name if len(written) == 1 else f"{name}/{one.name}"
        done = adopt.adopt("tensorboard", one, root, project, own)
        told = f"{done.new} event{'s' if done.new > 1 else ''}" if done.new else "nothing new"
        click.echo(f"{project}/{done.id}  {done.name}  {told}")
    click.echo(f"Look at {'it' if len(written) == 1 else 'them'} with: tracker ui", err=True)
