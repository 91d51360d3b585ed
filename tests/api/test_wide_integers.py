"""Integers beyond 64 bits, from `log` and `config` to every reader."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner

import tracker_core as tracker
from tracker_core.cli import _tracker

LARGE = 2**64 + 1
ROWS = 400


@pytest.fixture
def old():
    with tracker.init(
        project="p", id="wide", config={"seed": LARGE, "deep": [LARGE]}, settings={"silent": True, "console": "off"}
    ) as run:
        run.define_metric("flops", summary="max,last")
        for step in range(ROWS):
            run.log({"flops": LARGE + step, "loss": 0.5})
        run.log({"flops": 1, "table": tracker.Table(["n"], [[LARGE], [-LARGE], [3]])})
    return tracker.Api().run("p/wide")


def _command(*words):
    done = CliRunner().invoke(_tracker, words)
    assert done.exit_code == 0, done.output
    return done.output


def test_readers_get_every_digit(old):
    assert old.config == {"seed": LARGE, "deep": [LARGE]}
    assert old.summary["flops"] == {"max": LARGE + ROWS - 1, "last": 1}
    assert list(old.series("flops")[2]) == [*(LARGE + step for step in range(ROWS)), 1]
    assert next(iter(old.scan_history()))["flops"] == LARGE
    assert old.media("table").get_column("n") == [LARGE, -LARGE, 3]


def test_charts_draw_them_as_the_nearest_floats(old):
    envelope = old.sample("flops", 10)
    assert envelope.low.min() == 1.0
    assert envelope.high.max() == float(LARGE + ROWS - 1)
    assert old.sample("loss", 10, x="flops") is not None


def test_filters_compare_every_digit(old):
    find = tracker.Api().runs
    assert len(find("p", {"config.seed": LARGE})) == 1
    assert len(find("p", {"config.seed": LARGE - 1})) == 0
    assert len(find("p", {"config.seed": {"$gt": LARGE - 1}})) == 1


def test_exports_hold_every_digit(old, tmp_path):
    rows = list(csv.DictReader(io.StringIO(_command("export", "wide", "--key", "flops"))))
    assert [int(row["flops"]) for row in rows[:2]] == [LARGE, LARGE + 1]
    rows = [json.loads(line) for line in _command("export", "wide", "--format", "jsonl").splitlines()]
    assert rows[1]["flops"] == LARGE + 1
    parquet = pytest.importorskip("pyarrow.parquet")
    _command("export", "wide", "--key", "flops", "-o", str(tmp_path / "rows.parquet"))
    assert int(parquet.read_table(tmp_path / "rows.parquet").column("flops").to_pylist()[0]) == LARGE
    assert str(LARGE) in _command("show", "wide")


def test_unsigned_arrays_and_integers_of_numpy(tmp_path):
    with tracker.init(project="p", id="u", settings={"silent": True, "console": "off"}) as run:
        run.log({"one": np.uint64(2**64 - 1), "array": np.array([2**64 - 1, 0], np.uint64), "flag": np.bool_(True)})
        run.log({"many": np.full(100, 2**63 + 5, np.uint64)})
    summary = tracker.Api().run("p/u").summary
    assert (summary["one"], summary["array"], summary["flag"]) == (2**64 - 1, [2**64 - 1, 0], True)
    assert sum(summary["many"]["values"]) == 100


def test_an_integer_beyond_53_bits_is_exact_beside_rows_without_it(tmp_path):
    pytest.importorskip("pandas")
    settings = {"silent": True, "system_interval": 0, "console": "off"}
    with tracker.init(project="p", dir=tmp_path, settings=settings) as run:
        run.log({"tokens": 2**53 + 1, "loss": 0.5})
        run.log({"loss": 0.25})
    frame = tracker.Api(tmp_path).run(run.id).history()
    assert frame["tokens"].tolist() == [2**53 + 1, None]
