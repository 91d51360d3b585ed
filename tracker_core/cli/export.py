"""`tracker export`: the rows of runs as a file for other programs."""

from __future__ import annotations

import csv
import difflib
import json
import math
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tracker_core import NotFoundError, UsageError
from tracker_core.cli._lookup import find, open_api
from tracker_core.cli._options import dir_option
from tracker_core.cli._screen import data_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core._api import ApiRun
    from tracker_core.store.series import Series

_FIXED = {"run": "O", "_step": "i", "_timestamp": "f", "_runtime": "f"}
"""The columns of every row, with the numpy kind of their values."""
_PREFIX = "metric."
_BATCH = 10_000
_SUFFIXES = {"": "csv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}


@click.command("export")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--format", "kind", type=click.Choice(["csv", "jsonl", "parquet"]), help="By default as FILE's name ends."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Or stdout.")
@click.option("--key", "keys", multiple=True, metavar="METRIC", help="Only this metric. May be given several times.")
@dir_option
def export_command(
    runs: tuple[str, ...], kind: str | None, output: Path | None, keys: tuple[str, ...], folder: str
) -> None:
    """Write every row of one or more runs as CSV, JSON lines or Parquet.

    A row holds its run, _step, _timestamp (seconds since the epoch), _runtime and what was logged there. What is no
    number or text stands there as JSON; in JSON lines NaN and infinities are the texts "NaN", "Infinity", "-Infinity".
    A metric named like one of the first four columns has `metric.` before its name. Text is UTF-8.
    """
    if output == Path("-"):
        output = None
    kind = kind or _kind_of(output)
    if kind == "parquet" and output is None:
        raise UsageError("Parquet is not text: give a file with -o")
    api = open_api(folder)
    found = [find(api, word) for word in runs]
    logged = [run.keys() for run in found]
    names = _chosen(keys, list(dict.fromkeys(name for names in logged for name in names)))
    for run in found:
        if run.damage:
            click.echo(f"Run {run.id} is {run.damage}.", err=True)
    if output is None:
        with data_output() as stream:
            (_write_csv if kind == "csv" else _write_jsonl)(found, names, stream)
        return
    with _draft(output) as draft:
        if kind == "parquet":
            _write_parquet(found, names, draft)
            return
        with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            (_write_csv if kind == "csv" else _write_jsonl)(found, names, file)


def _kind_of(output: Path | None) -> str:
    suffix = output.suffix.lower() if output is not None else ""
    if suffix not in _SUFFIXES:
        known = ", ".join(each for each in _SUFFIXES if each)
        raise UsageError(f"{output} ends in {suffix}: {known} are supported; --format writes one of them to any file")
    return _SUFFIXES[suffix]


def _chosen(keys: tuple[str, ...], logged: list[str]) -> list[str]:
    """The metrics to write. Raises NotFoundError for one that none of the runs has."""
    for key in keys:
        if key not in logged:
            close = difflib.get_close_matches(key, logged, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else _listed(logged)
            raise NotFoundError(f"nothing was logged as {key!r}: {hint}")
    return list(dict.fromkeys(keys)) or logged


def _listed(logged: list[str]) -> str:
    more = f" and {len(logged) - 10} more" if len(logged) > 10 else ""
    return f"there are {', '.join(logged[:10]) or 'no metrics'}{more}"


def _column(name: str) -> str:
    """The column of a metric: its name, with a prefix before the names of other columns and what starts like them.

    A column that begins with the prefix and, without all its prefixes, is a fixed one has one prefix too many.
    """
    bare = name
    while bare.startswith(_PREFIX):
        bare = bare.removeprefix(_PREFIX)
    return _PREFIX + name if bare in _FIXED else name


@contextmanager
def _draft(output: Path) -> Iterator[Path]:
    """A path to write to that becomes `output` when all went well, so that nobody finds half a file."""
    draft = output.with_name(f".{output.name}.part")
    try:
        yield draft
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _rows(runs: list[ApiRun], names: list[str]) -> Iterator[dict[str, Any]]:
    columns = {name: _column(name) for name in names}
    for run in runs:
        for page in run.pages():
            present = [
                (columns[name], page.columns[name].tolist(), page.masks[name].tolist())
                for name in names
                if name in page.columns
            ]
            axes = zip(page.steps.tolist(), page.times.tolist(), page.runtimes.tolist(), strict=True)
            for index, fixed in enumerate(axes):
                kept = {column: values[index] for column, values, mask in present if mask[index]}
                if kept:
                    yield dict(zip(_FIXED, (run.id, *fixed), strict=True)) | kept


def _write_csv(runs: list[ApiRun], names: list[str], file: IO[str]) -> None:
    writer = csv.DictWriter(file, [*_FIXED, *map(_column, names)], restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(runs, names):
        writer.writerow({name: _plain(value) for name, value in row.items()})


def _write_jsonl(runs: list[ApiRun], names: list[str], file: IO[str]) -> None:
    for row in _rows(runs, names):
        file.write(json.dumps(_strict(row), default=str, ensure_ascii=False) + "\n")


def _write_parquet(runs: list[ApiRun], names: list[str], path: Path) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'tracker-core[parquet]'") from error

    types = {"f": pa.float64(), "i": pa.int64(), "b": pa.bool_()}
    kinds = {**_FIXED, **{_column(name): _kind(runs, name) for name in names}}
    schema = pa.schema([(name, types.get(kind, pa.string())) for name, kind in kinds.items()])
    texts = [name for name, kind in kinds.items() if kind not in types]

    with parquet.ParquetWriter(path, schema) as writer:
        batch: list[dict[str, Any]] = []
        for row in _rows(runs, names):
            batch.append(row | {name: _text(row[name]) for name in texts if name in row})
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema))


def _kind(runs: list[ApiRun], name: str) -> str:
    """The numpy kind that holds a metric's values in all runs: f, i or b; O, as text, when they are mixed."""
    kinds = {series.values.dtype.kind for run in runs if (series := _series(run, name)) is not None}
    if kinds <= {"f", "i"} and len(kinds) == 2:
        return "f"
    return kinds.pop() if len(kinds) == 1 else "O"


def _series(run: ApiRun, name: str) -> Series | None:
    try:
        return run.series(name)
    except NotFoundError:
        return None


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) or value is None else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(_strict(value), default=str, ensure_ascii=False)


def _strict(value: Any) -> Any:
    """The same, with the numbers that JSON has no word for as texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    return value
