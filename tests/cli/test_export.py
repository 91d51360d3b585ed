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


AXES = ["run", "_step", "_timestamp", "_runtime"]


def test_metrics_named_like_columns(tracker, tmp_path):
    names = [*AXES, "metric.run", "metric.metric._step", "step", "time", "metric.loss"]
    with tracker_core.init(id="r") as run:
        with pytest.warns(UserWarning, match="is a column of every row"):
            run.log(dict(zip(names, range(10, 20), strict=False)), step=3)
        run.log({"run": "text"}, step=4)
    stored = ["run", "metric._step", "metric._timestamp", "metric._runtime", *names[4:]]
    columns = [f"metric.{name}" for name in stored[:6]] + stored[6:]
    header, first, second = csv.reader(io.StringIO(tracker("export", "r").stdout))
    assert sorted(header) == sorted([*AXES, *columns])
    row = dict(zip(header, first, strict=True))
    assert (row["run"], row["_step"]) == ("r", "3")
    assert float(row["_timestamp"]) > 1e9
    assert [row[column] for column in columns] == [str(value) for value in range(10, 19)]
    assert (second[0], second[1], second[header.index("metric.run")]) == ("r", "4", "text")
    lines = [json.loads(line) for line in tracker("export", "r", "--format", "jsonl").stdout.splitlines()]
    assert [(line["run"], line["_step"], line["metric.run"]) for line in lines] == [("r", 3, 10), ("r", 4, "text")]
    parquet = pytest.importorskip("pyarrow.parquet")
    assert tracker("export", "r", "-o", str(tmp_path / "rows.pq")).exit_code == 0
    table = parquet.read_table(tmp_path / "rows.pq")
    assert table.column("run").to_pylist() == ["r", "r"]
    assert table.column("metric.metric._step").to_pylist() == [11, None]
    assert table.column("metric.run").to_pylist() == ["10", "text"]
    assert tracker("export", "r", "--key", "run", "--key", "run").stdout.splitlines()[0] == ",".join(
        [*AXES, "metric.run"]
    )


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.json", "rows.csv.gz", "rows.v2"])
def test_an_unknown_suffix_is_refused(tracker, project, name):
    refused = tracker("export", "a", "-o", name)
    assert refused.exit_code == 1
    assert ".csv, .jsonl" in refused.stderr
    assert ".parquet" in refused.stderr
    assert not Path(name).exists()
    assert tracker("export", "a", "-o", name, "--format", "csv").exit_code == 0
    assert Path(name).read_text().startswith("run,_step")


def test_suffixes_of_any_case(tracker, project):
    for name in ("ROWS.CSV", "rows.NDJSON", "rows.JsonL", "rows"):
        assert tracker("export", "a", "-o", name).exit_code == 0
    assert Path("ROWS.CSV").read_text() == Path("rows").read_text() == tracker("export", "a", "-o", "-").stdout
    assert Path("rows.NDJSON").read_text() == Path("rows.JsonL").read_text()
    assert json.loads(Path("rows.NDJSON").read_text().splitlines()[0])["run"] == "a"


def test_a_misspelled_metric_is_refused(tracker, project):
    for words in (["--key", "los"], ["--key", "loss", "--key", "los"], ["--key", "los", "-o", "rows.csv"]):
        refused = tracker("export", "a", "b", *words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "nothing was logged as 'los': did you mean 'loss'" in refused.stderr
    assert not Path("rows.csv").exists()
    assert tracker("export", "a", "b", "--key", "ok").exit_code == 0  # one of the runs has it
