"""`tracker ui`: the runs of a folder, or of this user, in the browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

from tracker_core.cli._lookup import registered, roots_below


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
    """Look at the runs below PATH in the browser, while they run and afterwards. The folder of a run opens its page."""
    from tracker_core.server import serve

    found = [(root, None) for root in registered()] if everywhere else roots_below(Path(path))
    roots, run = [root for root, _ in found], found[0][1]

    def ready(link: str) -> None:
        if run is not None:
            link = urlsplit(link)._replace(path=f"/run/{quote(run)}").geturl()
        where = str(roots[0]) if len(roots) == 1 else f"{len(roots)} folders"
        click.echo(f"Runs in {where}: {link}")
        click.echo("Ctrl-C stops.", err=True)
        if not no_browser and _has_screen():
            click.launch(link)

    serve(roots, host=host, port=port, ready=ready)


def _has_screen() -> bool:
    """Over ssh a browser would open on the wrong machine, or in the terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
