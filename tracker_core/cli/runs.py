"""`tracker runs`: the table of runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from tracker_core.cli._filter import fields as fields_of
from tracker_core.cli._filter import parse_filter
from tracker_core.cli._hints import hint_at_names, hint_at_types
from tracker_core.cli._lookup import ARCHIVED, facts, open_api, registered
from tracker_core.cli._options import dir_option, json_option
from tracker_core.cli._text import STATES, duration, is_counter, lasted, moment, print_json, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table
    from rich.text import Text

    from tracker_core._api import ApiRun, Runs

_LIMIT = 20
_WIDEST = 10_000


@click.command("runs")
@click.option("--project", help="Only the runs of this project.")
@click.option(
    "--filter",
    "conditions",
    multiple=True,
    metavar="TEST",
    help="Only runs that pass, such as config.lr<0.1, summary.acc>=0.9, state=running, tags=best, name~^big or "
    "created_at>2026-01-31, joined by and, or, not and parentheses; or a MongoDB filter in JSON. May be given several "
    "times: then all have to pass.",
)
@click.option(
    "--sort",
    default="-created_at",
    show_default=True,
    metavar="FIELD",
    help="Order by a field such as name, config.lr or summary.acc; with - before it the largest first.",
)
@click.option(
    "--limit", type=click.IntRange(min=0), help=f"At most so many, 0 for all.  [default: {_LIMIT} in a table]"
)
@click.option("--columns", metavar="FIELDS", help="What to show, such as name,state,config.lr,summary.acc.")
@click.option(
    "--archived", is_flag=True, help="The runs whose id a later run took; `tracker restore` brings them back."
)
@click.option("--all", "everywhere", is_flag=True, help="The runs of every folder that this user tracked runs in.")
@dir_option
@json_option
def runs_command(
    project: str | None,
    conditions: tuple[str, ...],
    sort: str,
    limit: int | None,
    columns: str | None,
    archived: bool,
    everywhere: bool,
    folder: str,
    as_json: bool,
) -> None:
    """List runs, the newest first."""
    filters = [parse_filter(text) for text in conditions]
    if archived:
        filters.append(ARCHIVED)
    condition = {"$and": filters} if filters else None

    def list_runs(condition: dict[str, Any] | None, order: str) -> Runs:
        if everywhere:
            return _of_all_folders(project, condition, order)
        return open_api(folder).runs(project, condition, order)

    found = list_runs(condition, sort)
    if limit is None:
        limit = 0 if as_json else _LIMIT
    shown = found[:limit] if limit else list(found)
    fields = [part for word in (columns or "").split(",") if (part := word.strip())]
    _hint(filters, sort, fields, lambda: list_runs(None, "created_at"))
    if as_json:
        print_json([{field: _value(run, field) for field in fields} if fields else facts(run) for run in shown])
        return
    if not shown:
        place = "your folders" if everywhere else folder
        click.echo("No runs pass." if filters or project else f"No runs in {place} yet.", err=True)
        return
    _print_table(shown, fields)
    for run in shown:
        if run.damage:
            click.echo(f"Run {run.id} is {run.damage}.", err=True)
    if len(shown) < len(found):
        click.echo(f"{len(found) - len(shown)} more: --limit 0 shows all.", err=True)


def _hint(filters: list[dict[str, Any]], sort: str, columns: list[str], every: Callable[[], Runs]) -> None:
    tested = [pair for conditions in filters for pair in fields_of(conditions)]
    named = [name.strip().lstrip("+-") for name in sort.split(",")] + columns + [name for name, _ in tested]
    trees = [name for name in named if name.partition(".")[0] in ("config", "summary")]
    if trees:
        runs = every()
        hint_at_names(trees, runs)
        hint_at_types(tested, runs)


def _of_all_folders(project: str | None, condition: dict[str, Any] | None, sort: str) -> Runs:
    from tracker_core import _api

    return _api.everywhere(registered(), project, condition, sort)


def _interesting(runs: Sequence[ApiRun]) -> list[str]:
    """Columns for runs that nobody named columns for: what most of them measured, what differs in the config.

    The most telling come first, because a narrow terminal drops the last.
    """
    fields = ["name", "id", "state"]
    fields += [field for field in ("project", "place") if len({_value(run, field) for run in runs}) > 1]
    measured = Counter(
        key
        for run in runs
        for key, value in run.summary.items()
        if isinstance(value, (int, float)) and key and not is_counter(key)
    )
    fields += [f"summary.{key}" for key, _ in measured.most_common(4)]
    values: dict[str, set[str]] = {}
    for run in runs:
        for key, value in run.config.items():
            if key and isinstance(value, (bool, int, float, str)):
                values.setdefault(key, set()).add(str(value))
    fields += [f"config.{key}" for key, different in values.items() if len(different) > 1][:3]
    return [*fields, "duration", "created_at"]


def _print_table(runs: Sequence[ApiRun], wanted: list[str]) -> None:
    from tracker_core.cli._screen import screen

    console = screen()
    fields = wanted or _interesting(runs)
    table = _table(runs, fields)
    # Measured without a limit: what is measured within the terminal's width always fits it, with its cells cut.
    unlimited = console.options.update(max_width=_WIDEST)
    while not wanted and len(fields) > 3 and console.measure(table, options=unlimited).maximum > console.width:
        fields.pop()
        table = _table(runs, fields)
    console.print(table)


def _table(runs: Sequence[ApiRun], fields: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    values = [[_value(run, field) for field in fields] for run in runs]
    for place, field in enumerate(fields):
        numeric = all(isinstance(row[place], (int, float, type(None))) for row in values)
        right = field == "duration" or (numeric and field != "created_at")
        table.add_column(_heading(field), justify="right" if right else "left", overflow="ellipsis", no_wrap=True)
    for row in values:
        table.add_row(*(_cell(field, value) for field, value in zip(fields, row, strict=True)))
    return table


def _heading(field: str) -> str:
    return {"created_at": "started"}.get(field, field.removeprefix("config.").removeprefix("summary."))


def _cell(field: str, value: Any) -> Text:
    from rich.text import Text

    if value is None:
        return Text("-", "dim")
    if field == "state":
        mark, colour = STATES[value]
        return Text(f"{mark} {value}", colour)
    if field == "name":
        return Text(show(value), "cyan")
    if field == "duration":
        return Text(duration(value))
    if field == "created_at":
        return Text(moment(value))
    return Text(show(value, 200 if field == "place" else 32))


def _value(run: ApiRun, field: str) -> Any:
    """A field of the run; None where it has no such key. Raises UsageError for what is no field at all."""
    head, _, key = field.partition(".")
    if key and head in ("config", "summary"):
        return _descend(run.config if head == "config" else run.summary, key)
    if field == "created_at":
        return run.start_time
    if field == "duration":
        return lasted(run.start_time, run.end_time)
    if field == "place":
        return str(run.folder.parent.parent)
    known = facts(run)
    if field in known:
        return known[field]
    raise click.BadParameter(
        f"{field!r} is no field of a run: {', '.join(known)}, config.<key> and summary.<key> are",
        param_hint="--columns",
    )


def _descend(tree: Any, key: str) -> Any:
    if key in tree:
        return tree[key]
    head, _, rest = key.partition(".")
    below = tree.get(head)
    return _descend(below, rest) if rest and hasattr(below, "get") else None
