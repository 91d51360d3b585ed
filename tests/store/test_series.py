"""Series, rows and summaries against a model that is a dictionary."""

import math
from unittest import mock

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_core import _records as records
from tracker_core.store import Store, keyset, rows, sample, series
from tracker_core.store.index import FILE

VALUE = st.one_of(
    st.floats(allow_infinity=False, width=32),
    st.integers(-(2**62), 2**62),
    st.booleans(),
    st.sampled_from(["text", None]),
)
ROW = st.tuples(
    st.just("row"),
    st.integers(0, 12),
    st.sampled_from(["main", "main", "rank1"]),
    st.dictionaries(st.sampled_from("abc"), VALUE, min_size=1),
)
ACTIONS = st.lists(
    st.one_of(
        ROW,
        ROW,
        ROW,
        st.tuples(st.just("resume"), st.none() | st.integers(0, 12)),
        st.tuples(st.just("set"), st.sampled_from("abc")),
        st.tuples(
            st.just("purge"), st.integers(0, 12), st.sampled_from(["main", "rank1"]), st.sets(st.sampled_from("abc"))
        ),
        st.tuples(st.just("refresh")),
    ),
    max_size=60,
)


class Model:
    """What was logged or set by hand (then without a step), in the order in which it was."""

    def __init__(self):
        self.written = []

    def resume(self, rewind):
        if rewind is not None:
            self.written = [row for row in self.written if row[0] is None or row[0] <= rewind]

    def purge(self, first, label, names):
        """Takes back the rows of one writer that have no other keys."""
        self.written = [
            (step, values, writer)
            for step, values, writer in self.written
            if step is None or step < first or writer != label or not values.keys() <= names
        ]

    def points(self, key):
        return {step: values[key] for step, values, _ in self.written if step is not None and key in values}

    def rows(self):
        merged = {}
        for step, values, _ in self.written:
            if step is not None:
                merged.setdefault(step, {}).update(values)
        return merged

    def summary(self):
        found = {}
        for _, values, _ in self.written:
            found.update(values)
        return found


def same(left, right):
    return type(left) is type(right) and (left == right or (left != left and right != right))  # noqa: PLR0124


def play(draft, model, actions, refresh):
    for action, *details in actions:
        if action == "row":
            step, label, values = details
            draft.log(step, label=label, **values)
            model.written.append((step, values, label))
        elif action == "resume":
            draft.close()
            draft.begin(rewind=details[0])
            model.resume(details[0])
        elif action == "set":
            draft.write(records.Summary(time=draft.at(), set={details[0]: "by hand"}))
            model.written.append((None, {details[0]: "by hand"}, "main"))
        elif action == "purge":
            step, label, names = details
            draft.write(records.Purge(time=draft.at(), step=step, names=tuple(names)), label)
            model.purge(step, label, names)
        else:
            refresh()


@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@given(actions=ACTIONS)
def test_any_history_reads_like_a_dictionary(workshop_factory, actions):
    workshop = workshop_factory()
    model = Model()
    with mock.patch.multiple(keyset, ROWS=8, PIECE=3):
        draft = workshop.run(name="model")
        store = Store(workshop.root)
        play(draft, model, actions, store.refresh)
        draft.end()
        store.refresh()
        check(store, model)
        store.close()
        for path in workshop.root.glob(f"{FILE}*"):
            path.unlink()
        anew = workshop.store()
        check(anew, model)
        anew.close()


def check(store, model):
    (run,) = store.runs()
    for key in "abc":
        wanted = model.points(key)
        found = series.load(store.db, run.number, key)
        if found is None:
            assert wanted == {}
            continue
        assert found.steps.tolist() == sorted(wanted)
        for step, value in zip(found.steps.tolist(), found.values.tolist(), strict=True):
            assert value == wanted[step] or (value != value and math.isnan(wanted[step]))  # noqa: PLR0124
        check_envelope(store, run, key, wanted)
    table = rows.table(store.db, run.number, run.card).dicts()
    merged = model.rows()
    assert [row.pop("_step") for row in table] == sorted(merged)
    for row, step in zip(table, sorted(merged), strict=True):
        assert row.keys() - {"_timestamp", "_runtime"} == merged[step].keys()
    summary = model.summary()
    assert run.flat.keys() - {"_step", "_timestamp", "_runtime"} == summary.keys()
    for key, value in summary.items():
        assert same(run.flat[key], value)


def check_envelope(store, run, key, wanted):
    found = sample.sample(store.db, run.number, key, 5)
    if found is None:
        return
    numbers = [value for value in wanted.values() if isinstance(value, int | float) and not math.isnan(value)]
    if numbers:
        assert np.nanmin(found.low) == float(min(numbers))
        assert np.nanmax(found.high) == float(max(numbers))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.0, 2.5], np.float64),
        ([1, 2**62], np.int64),
        ([True, False], np.bool_),
        ([1.0, 2], np.float64),
        ([1.0, 2**62], np.object_),
        ([1.0, "two"], np.object_),
    ],
)
def test_values_keep_their_kind(workshop, values, dtype):
    draft = workshop.run()
    for step, value in enumerate(values):
        draft.log(step, x=value)
    store, run = workshop.one()
    found = series.load(store.db, run.number, "x").values
    assert found.dtype == dtype
    assert found.tolist() == values


def test_steps_come_sorted_whatever_their_order(workshop):
    draft = workshop.run()
    for step in (5, 3, 9, 3):
        draft.log(step, x=float(step), written=step * 100)
    store, run = workshop.one()
    assert series.load(store.db, run.number, "x").steps.tolist() == [3, 5, 9]


def test_range_of_steps(workshop):
    draft = workshop.run()
    for step in range(10_000):
        draft.log(step, x=float(step))
    store, run = workshop.one()
    assert series.load(store.db, run.number, "x", within=(4000, 4200)).steps.tolist() == list(range(4000, 4201))


def test_key_that_was_never_logged(workshop):
    workshop.run().end()
    store, run = workshop.one()
    assert series.load(store.db, run.number, "x") is None


def test_system_metrics_keep_every_point(workshop):
    draft = workshop.run()
    draft.log(0, stream="system", cpu=10.0)
    draft.close()
    draft.begin()
    draft.log(0, stream="system", cpu=20.0)
    store, run = workshop.one()
    assert series.load(store.db, run.number, "cpu", "system").values.tolist() == [10.0, 20.0]
    assert series.load(store.db, run.number, "cpu") is None
