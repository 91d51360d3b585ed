from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest

import tracker_core


@pytest.fixture
def project():
    with tracker_core.init(project="p", id="a") as run:
        run.log({"loss": 0.5, "count": 1})
        run.log({"loss": math.nan, "note": "two, words"})
        run.log({"list": [1, 2]})
    with tracker_core.init(project="p", id="b") as run:
        run.log({"loss": 2, "ok": True}, step=7)


def test_csv_has_a_row_for_each_step(tracker, project):
    rows = list(csv.DictReader(io.StringIO(tracker("export", "a", "b").stdout)))
    assert [(row["run"], row["_step"], row["loss"]) for row in rows] == [
        ("a", "0", "0.5"),
        ("a", "1", "nan"),
        ("a", "2", ""),
        ("b", "7", "2"),
    ]
    assert rows[1]["note"] == "two, words"
    assert rows[2]["list"] == "[1, 2]"
    assert float(rows[0]["_timestamp"]) > 1e9


def test_jsonl_is_strict_json(tracker, project):
    rows = [
        json.loads(line, parse_constant=pytest.fail)
        for line in tracker("export", "a", "--format", "jsonl").stdout.splitlines()
    ]
    assert [row.get("loss") for row in rows] == [0.5, "NaN", None]
    assert rows[2]["list"] == [1, 2]
    assert "loss" not in rows[2]


def test_parquet_keeps_types(tracker, project, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    assert tracker("export", "a", "b", "-o", str(path)).exit_code == 0
    table = parquet.read_table(path)
    assert table.column("_step").to_pylist() == [0, 1, 2, 7]
    loss = table.column("loss").to_pylist()
    assert loss[0] == 0.5
    assert math.isnan(loss[1])
    assert loss[2:] == [None, 2.0]
    assert str(table.schema.field("count").type) == "int64"
    assert str(table.schema.field("ok").type) == "bool"
    assert table.column("list").to_pylist()[2] == "[1, 2]"


def test_chosen_metrics_only(tracker, project):
    rows = list(csv.DictReader(io.StringIO(tracker("export", "a", "--key", "note").stdout)))
    assert [list(row) for row in rows] == [["run", "_step", "_timestamp", "_runtime", "note"]]


@pytest.mark.parametrize(
    ("name", "first"), [("rows.csv", "run,_step"), ("rows.jsonl", '{"run": "a"'), ("rows", "run,_step")]
)
def test_format_follows_the_name(tracker, project, tmp_path, name, first):
    path = tmp_path / name
    result = tracker("export", "a", "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_text().startswith(first)
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_when_something_is_wrong(tracker, project, tmp_path):
    path = tmp_path / "rows.csv"
    assert tracker("export", "a", "none", "-o", str(path)).exit_code == 1
    assert tracker("export", "a", "--format", "parquet").exit_code == 1
    assert not path.exists()


def test_exported_rows_are_those_of_the_api(tracker, project):
    exported = [json.loads(line) for line in tracker("export", "b", "--format", "jsonl").stdout.splitlines()]
    assert exported == [{"run": "b", **row} for row in tracker_core.Api(Path.cwd()).run("b").scan_history()]
