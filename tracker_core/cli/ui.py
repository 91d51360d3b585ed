"""`tracker ui`: the runs of a folder, or of this user, in the browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracker_core import _folder
from tracker_core._errors import UsageError
from tracker_core.cli._lookup import registered

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = 4
"""How many folders down runs are looked for."""

_SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}


@click.command("ui")
@click.argument("path", default=".", metavar="[PATH]")
@click.option("--all", "everywhere", is_flag=True, help="Every folder that this user tracked runs in.")
@click.option("--port", type=click.IntRange(0, 65535), default=8650, show_default=True, help="0 takes a free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Any but a loopback one asks visitors for the token in the printed link.",
)
@click.option("--no-browser", is_flag=True, help="Only print the link.")
def ui_command(path: str, everywhere: bool, port: int, host: str, no_browser: bool) -> None:
    """Look at the runs below PATH in the browser, while they run and afterwards."""
    from tracker_core.server import serve

    roots = registered() if everywhere else _below(Path(path))

    def ready(link: str) -> None:
        where = str(roots[0]) if len(roots) == 1 else f"{len(roots)} folders"
        click.echo(f"Runs in {where}: {link}")
        click.echo("Ctrl-C stops.", err=True)
        if not no_browser and _has_screen():
            click.launch(link)

    serve(roots, host=host, port=port, ready=ready)


def _has_screen() -> bool:
    """Over ssh a browser would open on the wrong machine, or in the terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _below(path: Path) -> list[Path]:
    """The folders of runs at and below `path`; where there are none yet, the one that a script would make."""
    if not path.is_dir():
        raise UsageError(f"there is no folder {path}")
    path = path.resolve()
    if _folder.id_of(path.name):
        path = path.parent
    try:
        os.scandir(path).close()
    except PermissionError as error:
        raise UsageError(f"{path} cannot be read by this user") from error
    found = list(_search(path, _DEPTH))
    return found or [path if path.name == _folder.ROOT_NAME else path / _folder.ROOT_NAME]


def _search(path: Path, depth: int) -> Iterator[Path]:
    try:
        names = sorted(entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return  # one folder among many that is not ours to read
    if any(_folder.id_of(name) for name in names):
        yield path
    if depth:
        for name in names:
            if not name.startswith(".") and name not in _SKIPPED and not _folder.id_of(name):
                yield from _search(path / name, depth - 1)
