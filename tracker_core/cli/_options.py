"""The options that several commands share."""

from __future__ import annotations

import click

dir_option = click.option(
    "--dir",
    "folder",
    envvar="TRACKER_DIR",
    default=".",
    show_default="the current folder",
    show_envvar=True,
    metavar="PATH",
    help="Folder that holds `tracker/`.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
