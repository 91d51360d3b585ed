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
    st.sampled_from(["main", "main", "rank-1"]),
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
            st.just("purge"), st.integers(0, 12), st.sampled_from(["main", "rank-1"]), st.sets(st.sampled_from("abc"))
        ),
        st.tuples(st.just("refresh")),
    ),
    max_size=60,
)


class Model:
    """What was logged or set by hand (then without a step), by whom, in the order in which it was."""

    def __init__(self):
        self.written = []

    def resume(self, rewind):
        if rewind is not None:
            self.written = [row for row in self.written if row[0] is None or row[0] <= rewind]

    def purge(self, first, label, names):
        """Takes back the rows of one writer that have no other keys."""
        self.written = [
            (step, writer, values)
            for step, writer, values in self.written
            if step is None or step < first or writer != label or not values.keys() <= names
        ]

    def points(self, key, writer=None):
        """The plain line, or that of a writer: the rank's values count where the main writer has none."""
        found = {}
        for name in ("rank-1", "main"):
            if writer in (None, name):
                found |= {step: values[key] for step, who, values in self.written if who == name and key in values}
        found.pop(None, None)
        return found

    def rows(self):
        """Each step with its plain values, then with those of the rank where any of them is another."""
        plain, own = {}, {}
        for name in ("rank-1", "main"):
            for step, who, values in self.written:
                if step is not None and who == name:
                    plain.setdefault(step, {}).update(values)
                    if name == "rank-1":
                        own.setdefault(step, {}).update(values)
        for step in sorted(plain):
            yield step, None, plain[step]
            if any(differs(value, plain[step][key]) for key, value in own.get(step, {}).items()):
                yield step, "rank-1", own[step]

    def summary(self):
        main = {key for step, who, values in self.written if step is not None and who == "main" for key in values}
        found = {}
        for step, who, values in self.written:
            found.update(
                {key: value for key, value in values.items() if step is None or who == "main" or key not in main}
            )
        return found


def differs(left, right):
    return not (left == right or (left != left and right != right))  # noqa: PLR0124


def same(left, right):
    return type(left) is type(right) and (left == right or (left != left and right != right))  # noqa: PLR0124


def play(draft, model, actions, refresh):
    for action, *details in actions:
        if action == "row":
            step, label, values = details
            draft.log(step, label=label, **values)
            model.written.append((step, label, values))
        elif action == "resume":
            draft.close()
            draft.begin(rewind=details[0])
            model.resume(details[0])
        elif action == "set":
            draft.write(records.Summary(time=draft.at(), set={details[0]: "by hand"}))
            model.written.append((None, "main", {details[0]: "by hand"}))
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
        check_line(found, wanted)
        check_envelope(store, run, key, wanted)
        for writer in ("main", "rank-1"):
            own = series.load(store.db, run.number, key, writer=writer)
            check_line(own, model.points(key, writer))
            check_envelope(store, run, key, model.points(key, writer), writer)
        check_every(store, run, key, model)
    table = rows.table(store.db, run.number, run.card).dicts()
    merged = list(model.rows())
    assert [(row.pop("_step"), row.pop("_writer", None)) for row in table] == [row[:2] for row in merged]
    for row, (_, _, values) in zip(table, merged, strict=True):
        assert row.keys() - {"_timestamp", "_runtime"} == values.keys()
        assert not any(differs(row[key], value) for key, value in values.items())
    summary = model.summary()
    assert run.flat.keys() - {"_step", "_timestamp", "_runtime"} == summary.keys()
    for key, value in summary.items():
        assert same(run.flat[key], value)


def check_line(found, wanted):
    assert (found.steps.tolist() if found is not None else []) == sorted(wanted)
    if found is not None:
        pairs = zip(found.steps.tolist(), found.values.tolist(), strict=True)
        assert not any(differs(value, wanted[step]) for step, value in pairs)


def check_every(store, run, key, model):
    plain, own = model.points(key), model.points(key, "rank-1")
    lines = series.lines(store.db, run.number, key)
    apart = [step for step, value in own.items() if differs(value, plain[step])]
    assert list(lines.others) == (["rank-1"] if apart else [])
    every = lines.every()
    assert every.steps.tolist() == sorted([*plain, *apart])
    for step in apart:
        found = every.values[every.steps == step].tolist()
        assert not differs(found[0], plain[step])
        assert not differs(found[1], own[step])


def check_envelope(store, run, key, wanted, writer=None):
    found = sample.sample(store.db, run.number, key, 5, writer=writer)
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
