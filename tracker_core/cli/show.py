"""`tracker show`: one run on one screen."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from tracker_core import NotFoundError
from tracker_core.cli._lookup import facts, find, open_api
from tracker_core.cli._options import dir_option, json_option
from tracker_core.cli._text import STATES, duration, is_counter, lasted, moment, number, print_json, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console, RenderableType
    from rich.text import Text

    from tracker_core._api import ApiRun

_CHARTS = 4
_HEIGHT = 10
_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")
_TWO_COLUMNS = 96
"""Width of a terminal from which on two charts stand side by side."""


@click.command("show")
@click.argument("run", required=False)
@click.option("--key", "keys", multiple=True, metavar="METRIC", help="Draw this metric. May be given several times.")
@dir_option
@json_option
def show_command(run: str | None, keys: tuple[str, ...], folder: str, as_json: bool) -> None:
    """Show one run: its id, project/id or name; the newest by default."""
    found = find(open_api(folder), run)
    if as_json:
        print_json({**facts(found), "metrics": found.keys(), "metadata": found.metadata})
        return
    _print(found, keys)


def _print(run: ApiRun, wanted: tuple[str, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from tracker_core.cli._screen import screen

    console = screen()
    width = min(console.width, 160) if console.is_terminal else 100
    mark, colour = STATES[run.state]
    console.print(
        Text.assemble((show(run.name), "bold cyan"), "  ", (f"{mark} {run.state}", colour), "  ", "/".join(run.path))
    )
    overview = Table.grid(padding=(0, 2))
    overview.add_column(style="dim", no_wrap=True)
    overview.add_column(overflow="fold")
    for name, value in _overview(run):
        overview.add_row(name, value)
    console.print(overview, width=width)
    console.print()
    _print_values(console, run, width)
    _print_charts(console, run, wanted, width)


def _overview(run: ApiRun) -> Iterable[tuple[str, str]]:
    ran = duration(lasted(run.start_time, run.end_time))
    yield "started", f"{moment(run.start_time)}, {'running for' if run.state == 'running' else 'took'} {ran}"
    if len(run.attempts) > 1:
        yield "attempts", str(len(run.attempts))
    if run.exit_code:
        yield "exit code", str(run.exit_code)
    if run.damage:
        yield "damage", str(run.damage).removeprefix("damaged: ")
    for name, value in (("group", run.group), ("job type", run.job_type), ("tags", ", ".join(run.tags))):
        if value:
            yield name, show(value)
    if run.notes:
        yield "notes", show(run.notes, 400)
    yield from _surroundings(run.metadata)
    yield "folder", str(run.folder)


def _surroundings(metadata: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    command, git = metadata.get("command"), metadata.get("git")
    if command:
        yield "command", show(command, 200)
    if isinstance(git, dict) and git.get("commit"):
        branch = f" ({git['branch']})" if git.get("branch") else ""
        yield "git", show(f"{str(git['commit'])[:12]}{branch}{', changed' if git.get('dirty') else ''}", 120)
    machine = [f"{metadata[name]}" for name in ("host", "os") if metadata.get(name)]
    if metadata.get("python"):
        machine.append(f"Python {metadata['python']}")
    if machine:
        yield "machine", show(", ".join(machine), 120)
    parts = [part for part in metadata.get("magic", ()) if part["state"] != "waiting"]
    if parts:
        yield "magic", show(", ".join(map(_part, parts)), 400)


def _part(part: Mapping[str, Any]) -> str:
    told = f"{part['module']} {part['version']}".rstrip()
    return f"{told} (failed)" if part["state"] == "failed" else told


def _print_values(console: Console, run: ApiRun, width: int) -> None:
    from rich.table import Table

    summary = {key: run.summary[key] for key in run.summary}
    both = [(title, values) for title, values in (("Config", run.config), ("Summary", summary)) if values]
    if not both:
        return
    grid = Table.grid(padding=(0, 4))
    tables = []
    for title, values in both:
        table = Table(box=None, show_header=True, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(title, style="dim", overflow="fold")
        table.add_column("", overflow="fold")
        for key, value in islice(values.items(), 40):
            table.add_row(show(key), show(value))
        if len(values) > 40:
            table.add_row("…", f"{len(values) - 40} more: --json shows all")
        tables.append(table)
        grid.add_column()
    grid.add_row(*tables)
    console.print(grid, width=width)
    console.print()


def _print_charts(console: Console, run: ApiRun, wanted: tuple[str, ...], width: int) -> None:
    from rich.table import Table

    columns = 2 if width >= _TWO_COLUMNS and len(wanted) != 1 else 1
    each = (width - 4 * (columns - 1)) // columns
    names = run.keys()
    charts: list[RenderableType] = []
    for key in wanted or [name for name in names if not is_counter(name)]:
        if not wanted and len(charts) == _CHARTS:
            break
        drawn = _draw(run, key, each, _COLOURS[len(charts) % len(_COLOURS)], required=bool(wanted))
        if drawn is not None:
            charts.append(drawn)
    grid = Table.grid(padding=(0, 4, 0, 0))
    for start in range(0, len(charts), columns):
        grid.add_row(*charts[start : start + columns])
    console.print(grid)
    if not wanted and len(names) > _CHARTS:
        console.print(f"{len(names)} metrics in all: --key NAME draws another.", style="dim")


def _draw(run: ApiRun, key: str, width: int, colour: str, *, required: bool) -> Text | None:
    """The chart of one metric under a line of its figures; None, unless required, for one that is no curve."""
    from rich.text import Text

    from tracker_core.cli._chart import chart

    try:
        envelope = run.sample(key, buckets=max(2, (width - 10) * 2))
    except NotFoundError:
        if required:
            raise
        return None
    lines = chart(
        envelope.x.tolist(),
        envelope.low.tolist(),
        envelope.high.tolist(),
        end=run.last_step or 0,
        width=width,
        height=_HEIGHT,
    )
    if not required and (not lines or envelope.low.min() == envelope.high.max()):
        return None
    last, low, high = (float(part) for part in (envelope.last[-1], envelope.low.min(), envelope.high.max()))
    figures = f"  last {number(last)}  min {number(low)}  max {number(high)}"
    return Text.assemble((show(key), "bold"), (figures, "dim"), "\n", ("\n".join(lines), colour), "\n", no_wrap=True)
