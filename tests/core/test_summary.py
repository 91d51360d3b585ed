"""`run.summary` and `define_metric`."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tracker_core as tracker
from tracker_core import _metrics


@pytest.fixture
def run():
    return tracker.init()


def test_get_set_update_delete(run, past):
    run.summary["a"] = 1
    run.summary.b = 2.5
    run.summary.update({"c": "x"}, d=[1])
    del run.summary["a"]
    assert run.summary.as_dict() == {"b": 2.5, "c": "x", "d": [1]}
    assert past(run).latest == {"b": 2.5, "c": "x", "d": [1]}
    assert run.summary.get("nothing") is None
    with pytest.raises(AttributeError):
        _ = run.summary.nothing


def test_nested(run, past):
    run.summary["best"] = {"acc": 0.5}
    run.summary["best"]["epoch"] = {"n": 3}
    run.summary["best"]["epoch"]["n"] = 4
    assert past(run).latest == {"best": {"acc": 0.5, "epoch": {"n": 4}}}


def test_min_max_mean_first_last(run, past):
    run.define_metric("loss", summary="min,max,mean,first,last")
    for value in (2.0, math.nan, 4.0, 1.0):
        run.log({"loss": value})
    expected = {"min": 1.0, "max": 4.0, "mean": 7 / 3, "first": 2.0, "last": 1.0}
    assert run.summary["loss"] == expected
    assert past(run).latest["loss"] == expected


def test_best_follows_the_goal(run):
    run.define_metric("acc", summary="best", goal="maximize")
    run.define_metric("loss", summary="best", goal="minimize")
    for value in (1, 3, 2):
        run.log({"acc": value, "loss": value})
    assert run.summary.as_dict() == {"acc": {"best": 3}, "loss": {"best": 1}}


def test_none_keeps_a_metric_out(run, past):
    run.define_metric("noise/*", summary="none")
    run.log({"noise/a": 1.0, "b": 2.0})
    assert dict(run.summary) == {"b": 2.0}
    assert past(run).latest == {"b": 2.0}


def test_definitions_add_up_unless_overwritten(run, past):
    run.define_metric("loss", summary="min")
    run.define_metric("loss", step_metric="epoch")
    assert past(run).snapshot.metrics["loss"].summary == ("min",)
    assert past(run).snapshot.metrics["loss"].step_metric == "epoch"
    run.define_metric("loss", summary="max", overwrite=True)
    assert past(run).snapshot.metrics["loss"].step_metric is None


def test_rows_get_the_step_metric_that_they_lack(run, past):
    run.define_metric("val", step_metric="epoch")
    run.log({"val": 0.1})
    run.log({"epoch": 5})
    run.log({"val": 0.2})
    assert past(run).latest == {"epoch": 5, "val": 0.2}
    run.log({"epoch": 6})
    run.log({"val": 0.25})
    found = tracker.Api(run.folder.root).run(run.id)
    assert [(row["val"], row.get("epoch")) for row in found.scan_history() if "val" in row] == [
        (0.1, None),
        (0.2, 5),
        (0.25, 6),
    ]
    run.log({"val": 0.3, "epoch": 7})
    run.log({"val": 0.4})
    assert run.summary["epoch"] == 7


def test_a_definition_after_the_first_rows_counts_them_too(run):
    run.log({"loss": 5.0})
    run.define_metric("loss", summary="max")
    assert run.summary["loss"] == {"max": 5.0}
    run.log({"loss": 1.0})
    assert run.summary["loss"] == {"max": 5.0}


def test_a_value_that_was_replaced_at_its_step_does_not_count(run):
    run.define_metric("loss", summary="min,max,mean,first")
    for step, value in [(0, 1.0), (0, 5.0), (1, 3.0), (1, 4.0)]:
        run.log({"loss": value}, step=step)
    assert run.summary["loss"] == {"min": 4.0, "max": 5.0, "mean": 4.5, "first": 5.0}
    run.log({"loss": 0.0}, step=2)
    assert run.summary["loss"]["min"] == 0.0


def test_nested_values_of_an_earlier_attempt_can_be_changed(run):
    run.summary["best"] = {"epoch": 1}
    run.finish()
    again = tracker.init(id=run.id, resume="must")
    again.summary["best"]["epoch"] = 2
    assert tracker.Api().run(run.path).summary["best"] == {"epoch": 2}


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": ""},
        {"name": "a*b"},
        {"name": 3},
        {"name": "a", "summary": "median"},
        {"name": "a", "summary": 3},
        {"name": "a", "goal": "up"},
        {"name": "a", "step_metric": "x*"},
        {"name": "a", "step_metric": 3},
        {"name": "a", "hidden": "yes"},
    ],
)
def test_wrong_definitions(run, arguments):
    with pytest.raises(tracker.UsageError, match="define_metric"):
        run.define_metric(**arguments)


def test_the_longest_glob_wins():
    definitions = {
        name: _metrics.definition(name, time=0.0, summary=kind)
        for name, kind in (("*", "min"), ("val/*", "max"), ("val/x", "mean"))
    }
    assert [_metrics.find(definitions, key).summary for key in ("loss", "val/y", "val/x")] == [
        ("min",),
        ("max",),
        ("mean",),
    ]
    assert _metrics.find({}, "loss") is None


def test_a_list_changed_in_place_is_read_back_as_it_is_seen():
    with tracker.init() as run:
        run.summary["best"] = [0.5]
        run.summary["deep"] = {"er": {"steps": [1]}, "other": [2]}
        run.summary["logged"] = [1]
        run.summary["best"].append(np.float32(0.25))
        run.summary["deep"]["er"]["steps"].append(2)
        run.summary["deep"]["more"] = 3
        run.summary["deep"]["other"].clear()
        run.summary["logged"].append(2)
        run.log({"logged": 5, "empty": {}, "x": {"y": {}}})
        seen = run.summary.as_dict()
    old = tracker.Api().run(run.id).summary
    assert {key: old[key] for key in old} == seen
    assert (old["best"], old["logged"], old["empty"], old["x.y"]) == ([0.5, 0.25], 5, {}, {})
    assert old["deep"] == {"er": {"steps": [1, 2]}, "other": [], "more": 3}
