"""What a summary holds: last values, aggregates, values set by hand."""

import copy
import math
import pickle
from unittest import mock

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_core import _records as records
from tracker_core.store import Store, keyset
from tracker_core.store.summary import Summary


def define(draft, name, *kinds, **more):
    draft.write(records.Metric(time=draft.at(), name=name, summary=kinds or None, **more))


@pytest.mark.parametrize(
    ("kinds", "goal", "wanted"),
    [
        (("min",), None, {"min": 1.0}),
        (("max", "mean"), None, {"max": 4.0, "mean": 2.5}),
        (("first", "last"), None, {"first": 3.0, "last": 2.0}),
        (("best",), "maximize", {"best": 4.0}),
        (("best",), None, {"best": 1.0}),
        (("copy",), None, 2.0),
    ],
)
def test_aggregates(workshop, kinds, goal, wanted):
    draft = workshop.run()
    define(draft, "x", *kinds, goal=goal)
    for step, value in enumerate([3.0, 1.0, math.nan, 4.0, 2.0]):
        draft.log(step, x=value)
    _, run = workshop.one()
    assert run.summary["x"] == wanted


def test_none_keeps_a_key_out(workshop):
    draft = workshop.run()
    define(draft, "x*", "none")
    draft.log(0, x1=1.0, y=2.0)
    _, run = workshop.one()
    assert dict(run.summary) == {"y": 2.0}


def test_aggregates_go_on_over_a_resume(workshop):
    draft = workshop.run()
    define(draft, "loss", "min", "mean")
    draft.log(0, loss=1.0)
    draft.log(1, loss=2.0)
    draft.close()
    draft.begin()
    draft.log(2, loss=6.0)
    _, run = workshop.one()
    assert run.summary["loss"] == {"min": 1.0, "mean": 3.0}


def test_aggregates_forget_what_a_rewind_hides(workshop):
    draft = workshop.run()
    define(draft, "loss", "min", "last")
    for step in range(10):
        draft.log(step, loss=10.0 - step)
    draft.close()
    store, run = workshop.one()
    assert run.summary["loss"] == {"min": 1.0, "last": 1.0}
    draft.begin(rewind=4)
    store.refresh()
    (run,) = store.runs()
    assert run.summary["loss"] == {"min": 6.0, "last": 6.0}
    assert run.summary["_step"] == 4


def test_value_by_hand_stands_until_the_key_is_logged_again(workshop):
    draft = workshop.run()
    draft.log(0, acc=0.5)
    draft.write(records.Summary(time=draft.at(), set={"acc": 0.9, "note": {"deep": 1}}))
    store, run = workshop.one()
    assert run.summary["acc"] == 0.9
    assert run.summary["note"]["deep"] == 1
    draft.log(1, acc=0.6)
    store.refresh()
    assert store.runs()[0].summary["acc"] == 0.6


def test_removed_key_is_gone_until_it_is_logged_again(workshop):
    draft = workshop.run()
    draft.log(0, acc=0.5)
    draft.write(records.Summary(time=draft.at(), remove=("acc",)))
    store, run = workshop.one()
    assert "acc" not in run.summary
    draft.log(1, acc=0.6)
    store.refresh()
    assert store.runs()[0].summary["acc"] == 0.6


def test_texts_bools_lists_and_media(workshop):
    draft = workshop.run()
    media = {"_type": "image", "path": "media/x.png"}
    draft.log(0, text="hello", flag=True, values=[1, 2], picture=media)
    _, run = workshop.one()
    assert dict(run.summary) == {"flag": True, "picture": media, "text": "hello", "values": [1, 2]}


def test_long_run_keeps_its_aggregates(workshop):
    draft = workshop.run()
    define(draft, "x", "min", "max", "mean", "first")
    for step in range(10_000):
        draft.log(step, x=float((step * 7919) % 10_007))
    _, run = workshop.one()
    values = [float((step * 7919) % 10_007) for step in range(10_000)]
    assert run.summary["x"] == {
        "min": min(values),
        "max": max(values),
        "mean": pytest.approx(sum(values) / len(values)),
        "first": values[0],
    }


def test_joined_and_nested_names():
    summary = Summary({"val.loss": 1.0, "val.acc.top1": 2.0, "lr": 3.0, "_step": 9})
    assert summary["val.loss"] == summary["val"]["loss"] == 1.0
    assert summary["val"]["acc"]["top1"] == 2.0
    assert dict(summary["val"]) == {"loss": 1.0, "acc.top1": 2.0}
    assert "val" in summary
    assert summary.val.loss == 1.0
    assert "va" not in summary
    with pytest.raises(AttributeError, match="va"):
        summary.va  # noqa: B018 - the look is the test
    with pytest.raises(KeyError):
        summary["va"]


def test_bookkeeping_is_there_but_not_listed():
    summary = Summary({"_step": 9, "lr": 3.0})
    assert summary["_step"] == 9
    assert list(summary) == ["lr"]
    assert len(summary) == 1
    assert summary._json_dict == {"_step": 9, "lr": 3.0}


def test_summary_is_pickled_and_copied():
    summary = Summary({"val.loss": 1.0, "_step": 9})
    for other in (pickle.loads(pickle.dumps(summary)), copy.copy(summary), copy.deepcopy(summary)):
        assert other._json_dict == summary._json_dict


ALL = ("min", "max", "mean", "first", "last")


def test_values_replaced_at_their_step_do_not_count(workshop):
    draft = workshop.run()
    define(draft, "x", *ALL)
    for step, value in [(0, 50.0), (1, -9.0), (2, 3.0), (0, 5.0), (1, 4.0)]:
        draft.log(step, x=value)
    _, run = workshop.one()
    assert run.summary["x"] == {"min": 3.0, "max": 5.0, "mean": 4.0, "first": 3.0, "last": 4.0}


def test_values_replaced_in_another_key_set_or_attempt_do_not_count(workshop):
    draft = workshop.run()
    define(draft, "x", "min", "max")
    draft.log(0, x=-100.0)
    draft.log(1, x=1)
    draft.log(0, x=2.0, y=1.0)
    draft.close()
    draft.begin()
    draft.log(1, x=1.5)
    draft.log(2, x="text")
    _, run = workshop.one()
    assert run.summary["x"] == {"min": 1.5, "max": 2.0}


def test_table_extremes_leave_replaced_values_out(workshop):
    from tracker_core.server import extreme

    draft = workshop.run()
    define(draft, "x", goal="minimize")
    for step, value in [(0, -70.0), (1, 2.0), (0, 3.0)]:
        draft.log(step, x=value, steady=step + 5 if step else math.nan)
    draft.log(5, other=1.0)
    store, run = workshop.one()
    extremes = extreme.read(store, run)
    assert [extremes.get(f"{kind}.x") for kind in ("max", "min", "best")] == [3.0, 2.0, 2.0]
    assert [extremes.get(f"{kind}.other") for kind in ("max", "min", "best")] == [1.0, 1.0, None]
    assert extremes.get("min.never") is None


ROW = st.tuples(
    st.just("row"),
    st.integers(0, 5),
    st.sampled_from(["x", "xy"]),
    st.sampled_from([1.0, 2.5, -3.0, 7.0, 4, math.nan]),
)
ACTIONS = st.lists(
    st.one_of(ROW, ROW, ROW, st.tuples(st.just("resume"), st.none() | st.integers(0, 5)), st.just(("refresh",))),
    min_size=1,
    max_size=25,
)


@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@given(actions=ACTIONS)
def test_statistics_are_those_of_the_series(workshop_factory, actions):
    workshop = workshop_factory()
    with mock.patch.multiple(keyset, ROWS=4, PIECE=2):
        draft = workshop.run()
        define(draft, "x", *ALL)
        store = Store(workshop.root)
        points = {}
        for kind, *details in actions:
            if kind == "row":
                step, names, value = details
                draft.log(step, **dict.fromkeys(names, value))
                points.pop(step, None)
                points[step] = value
            elif kind == "resume":
                draft.close()
                draft.begin(rewind=details[0])
                points = {step: value for step, value in points.items() if details[0] is None or step <= details[0]}
            else:
                store.refresh()
        store.refresh()
        (run,) = store.runs()
        check_statistics(run.flat.get("x", {}), list(points.values()))
        store.close()
        draft.close()


def check_statistics(found, values):
    numbers = [value for value in values if not math.isnan(value)]
    wanted = {}
    if values:
        wanted = {"first": values[0], "last": values[-1]}
    if numbers:
        wanted |= {"min": min(numbers), "max": max(numbers), "mean": sum(numbers) / len(numbers)}
    assert found == pytest.approx(wanted, nan_ok=True)
