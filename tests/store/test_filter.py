"""Filters and orders, each operator against runs that differ where it looks."""

import math
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import PurePosixPath

import pytest

from tracker_core import UsageError
from tracker_core import _records as records
from tracker_core.store.filter import compile_filter
from tracker_core.store.order import arrange


@pytest.fixture
def runs(workshop):
    told = {
        "a": ({"lr": 0.1, "layers": [1, 2], "opt": {"name": "adam"}, "batch": 1}, {"loss": 0.5}, ("keep",)),
        "b": ({"lr": 0.01, "opt": {"name": "sgd"}, "batch": True}, {"loss": 0.7}, ("keep", "old")),
        "c": ({"lr": "auto", "opt.name": "lion"}, {"loss": float("nan")}, ()),
    }
    for number, (name, (config, summary, tags)) in enumerate(told.items()):
        draft = workshop.run(name, name=f"run {name}", tags=tags, group="g" if name == "a" else "")
        draft.config(**config)
        draft.log(number, **summary)
        if name == "a":
            draft.end(exit_code=1)
        draft.close()
    return workshop.store().runs()


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (None, "abc"),
        ({}, "abc"),
        ({"config.lr": 0.1}, "a"),
        ({"config.lr": {"$eq": 0.1}}, "a"),
        ({"config.lr": {"$ne": 0.1}}, "bc"),
        ({"config.lr": {"$lt": 0.1}}, "b"),
        ({"config.lr": {"$lte": 0.1}}, "ab"),
        ({"config.lr": {"$gt": 0.01}}, "a"),
        ({"config.lr": {"$gte": 0.01, "$lt": 0.1}}, "b"),
        ({"config.lr": {"$in": [0.1, "auto"]}}, "ac"),
        ({"config.lr": {"$nin": [0.1, "auto"]}}, "b"),
        ({"config.lr": {"$not": {"$lt": 0.1}}}, "ac"),
        ({"config.lr.value": 0.1}, "a"),
        ({"config.layers": 2}, "a"),
        ({"config.layers": [1, 2]}, "a"),
        ({"config.layers": {"$exists": False}}, "bc"),
        ({"config.layers": None}, "bc"),
        ({"config.layers.0": 1}, "a"),
        ({"config.opt.name": {"$regex": "^(adam|lion)$"}}, "ac"),
        ({"config.opt.name": {"$regex": "ADAM", "$options": "i"}}, "a"),
        ({"config.opt.name": re.compile("^(adam|lion)$")}, "ac"),
        ({"config.opt.name": {"$in": [re.compile("^ad"), "sgd"]}}, "ab"),
        ({"config.opt.name": {"$not": {"$regex": "ADAM", "$options": "i"}}}, "bc"),
        ({"config.layers": {"$size": 2}}, "a"),
        ({"config.layers": {"$all": [2, 1]}}, "a"),
        ({"config.layers": {"$all": [2, 3]}}, ""),
        ({"config.layers": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, "a"),
        ({"config.layers": {"$elemMatch": {"$gt": 2}}}, ""),
        ({"config.layers": {"$mod": [2, 0]}}, "a"),
        ({"summary._step": {"$mod": [2, 1]}}, "b"),
        ({"tags": {"$all": ["keep", "old"]}}, "b"),
        ({"tags": {"$size": 0}}, "c"),
        ({"config.batch": 1}, "a"),
        ({"config.batch": True}, "b"),
        ({"summary.loss": {"$gt": 0.6}}, "b"),
        ({"summary_metrics.loss": {"$lt": 0.6}}, "a"),
        ({"summary._step": {"$gte": 1}}, "bc"),
        ({"state": "failed"}, "a"),
        ({"state": {"$ne": "failed"}}, "bc"),
        ({"exit_code": 1}, "a"),
        ({"tags": "keep"}, "ab"),
        ({"tags": {"$in": ["old", "new"]}}, "b"),
        ({"tags": {"$nin": ["old"]}}, "ac"),
        ({"name": "run a"}, "a"),
        ({"name": "b"}, "b"),
        ({"display_name": {"$regex": "run [bc]"}}, "bc"),
        ({"group": "g"}, "a"),
        ({"created_at": {"$gt": "2026-01-01"}}, "abc"),
        ({"createdAt": {"$lt": datetime(2026, 1, 1, tzinfo=timezone.utc)}}, ""),
        ({"created_at": {"$gte": "2026-09-21T14:13:20Z"}}, "abc"),
        ({"$and": [{"tags": "keep"}, {"config.lr": 0.1}]}, "a"),
        ({"$or": [{"config.lr": 0.1}, {"config.lr": "auto"}]}, "ac"),
        ({"$nor": [{"config.lr": 0.1}, {"config.lr": "auto"}]}, "b"),
        ({"$not": {"tags": "old"}}, "ac"),
        ({"tags": "keep", "config.lr": 0.01}, "b"),
    ],
)
def test_filters(runs, filters, wanted):
    test = compile_filter(filters)
    assert "".join(run.card.id for run in runs if test(run)) == wanted


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"stat": "failed"}, "did you mean 'state'"),
        ({"config": 1}, "config.<key>"),
        ({"state.x": 1}, "not a field"),
        ({"config.lr": {"$near": 1}}, "no operator"),
        ({"$xor": []}, "no operator between filters"),
        ({"$or": {"state": "failed"}}, "takes a list"),
        ({"state": {"$in": "failed"}}, "takes a list"),
        ({"name": {"$regex": "("}}, r"\$regex"),
        ({"tags": {"$all": "old"}}, "takes a list"),
        ({"config.lr": {"$mod": 2}}, "divisor"),
        ({"config.lr": {"$mod": [0, 1]}}, "divide by 0"),
        ({"created_at": {"$gt": "yesterday"}}, "not a time"),
        ({"created_at": True}, "not a time"),
        ({"created_at": {"$lt": math.nan}}, "not a time"),
        ({"lr": 1}, r"'config\.lr' or 'summary\.lr'"),
        ({"confg.lr": 1}, r"did you mean 'config\.lr'"),
        (["state"], "must be a dict"),
    ],
)
def test_wrong_filters_say_what_is_wrong(filters, told):
    with pytest.raises(UsageError, match=told):
        compile_filter(filters)


def moments():
    """One day before the runs of the fixture, as users write it."""
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    east = timezone(timedelta(hours=9))
    yield from (date(2026, 9, 20), datetime(2026, 9, 20), datetime(2026, 9, 20, 9, tzinfo=east), "2026-09-20")  # noqa: DTZ001 - UTC without one
    yield from (pandas.Timestamp("2026-09-20"), pandas.Timestamp("2026-09-20T09:00+09:00"), "2026-09-20T00:00:00Z")
    start = datetime(2026, 9, 20, tzinfo=timezone.utc).timestamp()
    yield from (numpy.datetime64("2026-09-20"), numpy.datetime64("2026-09-20T00:00:00.0", "ns"), start, f"{start}")
    yield from ("2026-09-20 09:00+09:00", numpy.float64(start), int(start))


def test_times_of_any_kind_are_the_same_moment(runs):
    for moment in moments():
        for operator, wanted in (("$gt", 3), ("$gte", 3), ("$lt", 0), ("$ne", 3), ("$eq", 0)):
            test = compile_filter({"created_at": {operator: moment}})
            assert sum(map(test, runs)) == wanted, (moment, operator)


def test_a_day_equals_its_times(runs):
    for day, count in (("2026-09-20", 0), ("2026-09-21", 3), ("2026-09-22", 0)):
        for each in (day, date.fromisoformat(day)):
            assert sum(map(compile_filter({"created_at": each}), runs)) == count
            assert sum(map(compile_filter({"created_at": {"$in": [each]}}), runs)) == count


def test_values_are_compared_as_they_are_kept(workshop):
    numpy = pytest.importorskip("numpy")
    draft = workshop.run("a")
    draft.config(day="2026-01-31", path="data/x", lr=0.5)
    draft.close()
    (run,) = workshop.store().runs()
    for key, value in (("day", date(2026, 1, 31)), ("path", PurePosixPath("data/x")), ("lr", numpy.float32(0.5))):
        assert compile_filter({f"config.{key}": value})(run)
    assert compile_filter({"config.day": {"$gt": date(2025, 12, 31)}, "config.lr": {"$lt": numpy.float64(0.6)}})(run)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("+created_at", "abc"),
        ("-created_at", "cba"),
        ("config.lr", "bac"),
        ("-config.lr", "cab"),
        ("-summary.loss", "bac"),
        ("summary.loss", "abc"),
        ("config.layers", "abc"),
        ("-name", "cba"),
        ("-group,-name", "acb"),
        (["group", "-id"], "cba"),
        (None, "abc"),
    ],
)
def test_orders(runs, order, wanted):
    found = "".join(run.card.id for run in arrange(runs, order))
    assert found == wanted


def test_aggregated_summary_is_sorted_by_its_value(workshop):
    for name, value in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        draft = workshop.run(name)
        draft.write(records.Metric(time=draft.at(), name="acc", summary=("max",)))
        draft.log(0, acc=value)
    runs = workshop.store().runs()
    assert "".join(run.card.id for run in arrange(runs, "-summary.acc")) == "bca"
    test = compile_filter({"summary.acc.max": {"$gt": 1.5}})
    assert "".join(run.card.id for run in runs if test(run)) == "bc"


def test_wrong_order_says_what_is_wrong():
    with pytest.raises(UsageError, match="not a field"):
        arrange((), "-loss")
