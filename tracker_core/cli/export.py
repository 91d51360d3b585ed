"""`tracker export`: the rows of runs as a file for other programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tracker_core import NotFoundError, UsageError
from tracker_core.cli._lookup import find, open_api
from tracker_core.cli._options import dir_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core._api import ApiRun
    from tracker_core.store.series import Series

_AXES = ("_step", "_timestamp", "_runtime")
_BATCH = 10_000


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
    """
    kind = kind or (output.suffix[1:].lower() if output and output.suffix[1:] in ("jsonl", "parquet") else "csv")
    api = open_api(folder)
    found = [find(api, word) for word in runs]
    logged = [run.keys() for run in found]
    names = list(keys) or list(dict.fromkeys(name for names in logged for name in names))
    if kind == "parquet":
        if output is None:
            raise UsageError("Parquet is no text: give a file with -o")
        with _draft(output) as draft:
            _write_parquet(found, names, draft)
        return
    write = _write_csv if kind == "csv" else _write_jsonl
    if output is None:
        write(found, names, sys.stdout)
        return
    with _draft(output) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        write(found, names, file)


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
    wanted = set(names)
    for run in runs:
        for row in run.scan_history():
            kept = {name: value for name, value in row.items() if name in wanted}
            if kept:
                yield {"run": run.id, **{axis: row.get(axis) for axis in _AXES}, **kept}


def _write_csv(runs: list[ApiRun], names: list[str], file: IO[str]) -> None:
    writer = csv.DictWriter(file, ["run", *_AXES, *names], restval="", lineterminator="\n")
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

    types = {"f": pa.float64(), "i": pa.int64(), "b": pa.bool_(), "O": pa.string()}
    kinds = {name: _kind(runs, name) for name in names}
    schema = pa.schema(
        [("run", pa.string()), ("_step", pa.int64()), ("_timestamp", pa.float64()), ("_runtime", pa.float64())]
        + [(name, types[kind]) for name, kind in kinds.items()]
    )
    texts = [name for name, kind in kinds.items() if kind == "O"]

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
