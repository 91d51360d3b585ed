"""The `tracker` command: thin commands, one file per group, over the public API.

A command's module is loaded when the command is called, and loads what it needs when it runs: `tracker --help`
has to answer at once. What goes wrong on purpose (`tracker_core.Error`, or a folder that cannot be written) is
one line on stderr and exit status 1; a command line that cannot be understood ends with status 2.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tracker_core._errors import Error
from tracker_core._version import __version__
from tracker_core.cli._screen import tolerate_encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "ui": "ui",
    "runs": "runs",
    "show": "show",
    "export": "export",
    "rm": "rm",
    "restore": "restore",
    "artifact": "artifact",
    "run": "run",
    "sync": "sync",
    "login": "login",
    "server": "server",
    "integrations": "integrations",
    "status": "status",
    "online": "mode",
    "offline": "mode",
    "disabled": "mode",
    "enabled": "mode",
}
"""Command -> the module of this package that holds it, as `<command>_command`; the order is that of `--help`."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        if args and args[0] != "run":  # a script's streams are left as they are
            tolerate_encoding()
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, click.exceptions.Exit):
            raise
        except (Error, OSError) as error:
            raise click.ClickException(str(error)) from error
        except UnicodeEncodeError as error:  # an argument: what is recorded is always text
            raise click.ClickException(f"{error.object!r} is not UTF-8: nothing recorded has such a name") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V", message="tracker-core %(version)s")
def _tracker() -> None:
    """Look at the runs that your scripts tracked, and choose where the next ones go."""


def main(args: Sequence[str] | None = None) -> None:
    """Runs the command line `args`, by default the process's own, and exits."""
    try:
        try:
            _tracker.main(args=None if args is None else list(args), prog_name="tracker")
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:  # of stdout, to which the help and the last words are written outside of `invoke`
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes once more
        if not isinstance(error, BrokenPipeError):
            click.echo(f"Error: {error}", err=True)
        sys.exit(1)
