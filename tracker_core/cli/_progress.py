"""How far an upload is, on a terminal."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID


class Shown:
    """Runs that are done, and bytes that were sent."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._sent = 0

    def add(self, sent: int) -> None:
        from tracker_core.cli._text import size

        self._sent += sent
        self._bar.update(self._task, description=f"{size(self._sent)} sent")

    def step(self, run: bool) -> None:
        if run:
            self._bar.advance(self._task)


@contextlib.contextmanager
def progress(runs: int) -> Iterator[Shown]:
    """Shown on stderr while the block lasts, and only to people."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (MofNCompleteColumn(), TextColumn("runs"), BarColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        yield Shown(bar, bar.add_task("", total=runs))
