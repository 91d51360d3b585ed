"""The rich console of a command."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 4096
"""Columns where no terminal says: lines that a program reads are not broken."""


def screen() -> Console:
    """Writes to stdout; a terminal that cannot show a character gets a `?` for it."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    terminal = sys.stdout.isatty()
    width = None if terminal else PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)  # users' text is no markup
