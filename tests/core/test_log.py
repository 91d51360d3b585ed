"""`run.log`: what is written, at which step, and what the run knows of it afterwards."""

from __future__ import annotations

import enum
import math
import threading
import warnings

import numpy as np
import pytest

import tracker_core as tracker
from tracker_core import _journal
from tracker_core import _records as records


@pytest.fixture
def run():
    run = tracker.init(project="p", settings={"silent": True})
    yield run
    run.finish()


def rows(run):
    """What the journals hold: (step, values) in the order of writing."""
    found = []
    for path in run.folder.journals():
        for entry in _journal.Reader(path).entries():
            if isinstance(entry, _journal.Numbers) and entry.key_set.stream == "metrics":
                found.append((entry.step, dict(zip(entry.key_set.names, entry.values, strict=True))))
            elif isinstance(entry, records.Row):
                found.append((entry.step, dict(entry.data)))
    return found


def test_each_call_is_written_at_once_and_takes_the_next_step(run):
    run.log({"loss": 1.0})
    run.log({"loss": 0.5, "epoch": 1})
    assert rows(run) == [(0, {"loss": 1.0}), (1, {"loss": 0.5, "epoch": 1})]
    assert run.step == 2


def test_commit_false_stays_on_the_step(run):
    run.log({"a": 1.0}, commit=False)
    run.log({"b": 2.0})
    run.log({"c": 3.0})
    assert rows(run) == [(0, {"a": 1.0}), (0, {"b": 2.0}), (1, {"c": 3.0})]


def test_a_given_step_is_kept_and_nothing_is_dropped(run):
    run.log({"a": 1.0}, step=10)
    run.log({"a": 2.0}, step=3)
    run.log({"b": 3.0})
    run.log({"b": 4.0}, step=20, commit=True)
    assert [step for step, _ in rows(run)] == [10, 3, 10, 20]
    assert run.step == 21


def test_a_row_at_a_step_of_its_own_leaves_the_current_step(run):
    run.log({"a": 1.0})
    run.row({"video": 5.0}, step=100)
    run.row({"video": 6.0}, 100)
    run.log({"a": 2.0})
    assert rows(run) == [(0, {"a": 1.0}), (100, {"video": 5.0}), (100, {"video": 6.0}), (1, {"a": 2.0})]


def test_an_empty_row_moves_the_step_only(run):
    run.log({})
    run.log({"a": 1})
    assert rows(run) == [(1, {"a": 1})]


def test_numbers_keep_their_kind(run):
    values = {"int": 2**53 + 1, "float": 0.1, "bool": True, "negative": -(2**63), "wide": 2**64}
    run.log(values)
    [(_, kept)] = rows(run)
    assert kept == values
    assert [type(value) for value in kept.values()] == [int, float, bool, int, int]


def test_the_same_names_with_other_types_are_kept_apart(run):
    for value in (1, 1.5, True, np.float64(2.5), np.int64(3), np.float32(0.5)):
        run.log({"x": value})
    assert [kept["x"] for _, kept in rows(run)] == [1, 1.5, True, 2.5, 3, 0.5]
    assert [type(kept["x"]) for _, kept in rows(run)] == [int, float, bool, float, int, float]


def test_numbers_of_other_libraries(run):
    torch = pytest.importorskip("torch")
    run.log({"tensor": torch.tensor(0.5), "parameter": torch.nn.Parameter(torch.tensor([2.0]))})
    run.log({"zero-d": np.array(3), "one": np.array([4.5]), "bool": np.bool_(True)})
    run.log({"few": np.arange(3), "tensors": torch.arange(2)})
    assert rows(run) == [
        (0, {"tensor": 0.5, "parameter": 2.0}),
        (1, {"zero-d": 3, "one": 4.5, "bool": True}),
        (2, {"few": [0, 1, 2], "tensors": [0, 1]}),
    ]


def test_numbers_that_are_not_finite_survive(run):
    run.log({"nan": math.nan, "inf": math.inf, "minus": -math.inf})
    [(_, kept)] = rows(run)
    assert math.isnan(kept["nan"])
    assert (kept["inf"], kept["minus"]) == (math.inf, -math.inf)


def test_nested_mappings_are_joined(run):
    run.log({"val": {"loss": 0.5, "top": {"one": 1}}, "note": "text"})
    assert rows(run) == [(0, {"val.loss": 0.5, "val.top.one": 1, "note": "text"})]
    assert run.summary["val.loss"] == 0.5
    assert run.summary["val"] == {"loss": 0.5, "top": {"one": 1}}
    assert run.summary.val["top"]["one"] == 1


class Name(str, enum.Enum):
    LOSS = "loss"

    def __format__(self, _spec):
        return "formatted"


def test_a_str_enum_is_its_text(run):
    run.log({Name.LOSS: 3.0})
    run.log({"loss": 2.0})
    run.log({Name.LOSS: 1.0, "of": Name.LOSS})
    run.log({"val": {Name.LOSS: 4.0}})
    run.define_metric(Name.LOSS, summary="min")
    run.log({Name.LOSS: 5.0})
    assert [kept for _, kept in rows(run)] == [
        {"loss": 3.0},
        {"loss": 2.0},
        {"loss": 1.0, "of": "loss"},
        {"val.loss": 4.0},
        {"loss": 5.0},
    ]
    assert run.summary[Name.LOSS] == {"min": 1.0}


class At(enum.IntEnum):
    END = 7


def test_a_step_may_be_any_whole_number(run):
    for step in (At.END, np.int64(8), 9.0, np.float32(10)):
        run.log({"x": 1.0}, step=step)
    assert [step for step, _ in rows(run)] == [7, 8, 9, 10]
    with pytest.raises(TypeError, match="step"):
        run.log({"x": 1.0}, step=True)


@pytest.mark.parametrize("big", ["x" * 40_000_000, [["x" * 40_000_000]], {"a": [{"b": "x" * 40_000_000}]}])
def test_an_oversized_value_costs_only_itself(run, big):
    with pytest.warns(UserWarning, match="is left out"):
        run.log({"big": [big], "loss": 0.5, "note": "kept"})
    [(_, kept)] = rows(run)
    assert (kept["loss"], kept["note"]) == (0.5, "kept")
    assert "too large" in kept["big"]


def test_two_values_of_one_name_are_both_kept(run):
    with pytest.warns(UserWarning, match=r"named 'a\.b'.*'a\.b \(2\)'"):
        run.log({"a.b": 1, "a": {"b": 2}})
    with pytest.warns(UserWarning, match="named"):
        run.log({"c": {3: 1.0, "3": 2.0}})
    assert rows(run) == [(0, {"a.b": 1, "a.b (2)": 2}), (1, {"c.3": 1.0, "c.3 (2)": 2.0})]


def test_mappings_within_themselves_have_an_end(run):
    level: dict[str, object] = {"x": 1.0}
    level["left"] = level["right"] = level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.log({"level": level, "y": 2.0})
        run.summary["level"] = level
    [(_, kept)] = rows(run)
    assert kept["level.x"] == 1.0
    assert kept["y"] == 2.0
    assert run.summary["level"]["x"] == 1.0


def test_anything_else_is_kept_as_its_repr_with_one_warning(run):
    class Odd:
        def __repr__(self):
            return "odd"

    with pytest.warns(UserWarning, match="Odd is recorded as its repr"):
        run.log({"x": Odd(), "y": 1.0})
    run.log({"x": Odd()})
    assert rows(run) == [(0, {"x": "odd", "y": 1.0}), (1, {"x": "odd"})]


def test_warnings_as_errors_do_not_reach_the_training(run, monkeypatch):
    monkeypatch.setattr("tracker_core._values._warned", set())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.log({"x": object()})
    [(_, kept)] = rows(run)
    assert kept["x"] == "<object object>"


def test_hostile_texts_are_kept(run):
    run.log({"bad \udc80 key": "bad \udc80 text", "": "empty", "k" * 10_000: 1.0})
    [(_, kept)] = rows(run)
    assert kept == {
        "bad \\x80 key": "bad \\x80 text",
        "": "empty",
        "k" * 10_000: 1.0,
    }


def test_enums_are_their_names(run):
    class Phase(enum.IntEnum):
        TRAIN = 1

    run.log({"phase": Phase.TRAIN})
    assert rows(run) == [(0, {"phase": "TRAIN"})]


@pytest.mark.parametrize("data", [None, [1], 5, "text", {1: 2.0}, {("a",): 1}])
def test_wrong_data_raises_and_loses_nothing(run, data):
    run.log({"a": 1.0})
    with pytest.raises(TypeError):
        run.log(data)
    run.log({"a": 2.0})
    assert rows(run) == [(0, {"a": 1.0}), (1, {"a": 2.0})]


@pytest.mark.parametrize("step", ["1", 1.5, 2**63, math.nan, math.inf, True, object()])
def test_a_wrong_step_raises(run, step):
    run.log({"a": 1.0})
    with pytest.raises(TypeError, match="whole number"):
        run.log({"a": 1.0}, step=step)


def test_after_the_largest_step_comes_no_other(run):
    run.log({"a": 1.0}, step=2**63 - 1, commit=True)
    run.log({"a": 2.0})
    run.log({"a": 3.0})
    run.log({"a": "text"})
    assert [step for step, _ in rows(run)] == [2**63 - 1] * 4


def test_whole_steps_of_other_libraries(run):
    run.log({"a": 1.0}, step=np.int64(7))
    run.log({"a": 1.0}, step=8.0)
    assert [step for step, _ in rows(run)] == [7, 8]


def test_the_summary_holds_the_last_value_whoever_logged_it(run):
    run.log({"a": 1.0, "b": 1})
    run.log({"a": 2.0})
    assert dict(run.summary) == {"a": 2.0, "b": 1}
    run.log({"a": 3.0, "b": 5})
    run.log({"b": 6, "c": "x"})
    assert dict(run.summary) == {"a": 3.0, "b": 6, "c": "x"}


def test_a_value_by_hand_stands_until_the_next_logged_one(run):
    run.log({"a": 1.0})
    run.summary["a"] = 100
    assert run.summary["a"] == 100
    run.log({"b": 1.0})
    assert run.summary["a"] == 100
    run.log({"a": 2.0})
    assert run.summary["a"] == 2.0


def test_threads_lose_nothing(run):
    def work(name):
        for value in range(500):
            run.log({name: float(value)})

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = rows(run)
    assert sorted(step for step, _ in found) == list(range(2000))
    for i in range(4):
        assert [kept[f"t{i}"] for _, kept in found if f"t{i}" in kept] == [float(v) for v in range(500)]


def test_a_clock_set_back_does_not_make_time_fall(run, monkeypatch):
    clock = iter([1000.0, 1001.0, 500.0, 501.0, 502.0])
    monkeypatch.setattr("time.time", lambda: next(clock))
    run._logbook._now = 0.0
    for _ in range(4):
        run.log({"a": 1.0})
    monkeypatch.undo()
    times = [
        entry.time
        for path in run.folder.journals()
        for entry in _journal.Reader(path).entries()
        if isinstance(entry, _journal.Numbers)
    ]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(2.0)


def test_logging_after_the_end_is_an_error():
    run = tracker.init(project="p", settings={"silent": True})
    run.log({"a": 1.0})
    run.finish()
    with pytest.raises(tracker.UsageError, match="finished"):
        run.log({"a": 2.0})
    assert run.summary["a"] == 1.0


def test_a_huge_value_is_left_out_and_the_rest_kept(run):
    with pytest.warns(UserWarning, match="left out"):
        run.log({"big": "x" * (40 << 20), "small": 1.0})
    [(_, kept)] = rows(run)
    assert kept["small"] == 1.0
    assert "too large" in kept["big"]


def test_a_slow_value_does_not_hold_up_other_threads(run):
    entered, leave = threading.Event(), threading.Event()

    class Slow(tracker.Html):
        def store(self, key, step, files):
            entered.set()
            assert leave.wait(120)
            return super().store(key, step, files)

    thread = threading.Thread(target=run.log, args=({"page": Slow("<p>slow</p>")},))
    thread.start()
    assert entered.wait(120)
    run.log({"x": 1.0})
    assert rows(run) == [(1, {"x": 1.0})]
    leave.set()
    thread.join()
    assert [step for step, _ in rows(run)] == [1, 0]
    assert run.step == 2
