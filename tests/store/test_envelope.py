"""Envelopes against brute force: each bucket is exactly what was logged in its range, whatever the history was."""

import math
from unittest import mock

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_core.store import Store, keyset, pyramid, sample
from tracker_core.store.index import FILE

VALUE = st.one_of(
    st.integers(-50, 50).map(float),
    st.integers(-50, 50).map(float),
    st.integers(-9, 9),
    st.booleans(),
    st.sampled_from([math.nan, math.inf, -math.inf, 2**63 + 2048, "diverged", None]),
)
GAP = st.sampled_from([1, 1, 1, 1, 2, 7, 300])
LATER = st.sampled_from([1, 1, 1, 2, 50, 1000, -5, -400])
SHAPE = st.lists(st.sampled_from(["x", "xy", "xyz", "y", "xz"]), min_size=1, max_size=5)
"""Which keys the rows of a block have, in turn."""
BLOCK = st.tuples(st.just("rows"), st.integers(1, 90), SHAPE, GAP, LATER, st.lists(VALUE, min_size=1, max_size=7))
ACTION = st.one_of(
    BLOCK,
    BLOCK,
    BLOCK,
    st.tuples(st.just("back"), st.integers(1, 60)),
    st.tuples(st.just("resume"), st.none() | st.integers(0, 200)),
    st.tuples(st.just("refresh")),
)
LEVELS = {"SPANS": (1, 2, 4, 8)}
CHUNKS = {"ROWS": 8, "PIECE": 3}


class History:
    """What was logged, as a list of rows; times are unique so that the last written of a step is known."""

    def __init__(self, draft):
        self.draft = draft
        self.rows = []
        self.step = 0
        self.time = 1_790_000_000.0
        self.attempt = 0
        self.used = set()

    def play(self, action, refresh):
        kind, *details = action
        if kind == "rows":
            self.log(*details)
        elif kind == "back":
            self.step = max(0, self.step - details[0])
        elif kind == "resume":
            self.draft.close()
            self.draft.begin(rewind=details[0])
            self.attempt += 1
            if details[0] is not None:
                self.rows = [row for row in self.rows if row[0] <= details[0]]
                self.step = details[0] + 1
        else:
            refresh()

    def log(self, count, shape, gap, later, values):
        for number in range(count):
            row = {key: values[(number * (2 if key == "y" else 1)) % len(values)] for key in shape[number % len(shape)]}
            while self.time in self.used:
                self.time += 0.5
            self.used.add(self.time)
            self.draft.log(self.step, time=self.time, **row)
            self.rows.append((self.step, self.attempt, self.time, row))
            self.step += gap
            self.time += later if number % 11 == 0 else 1

    def points(self, key):
        """(step, time, value) of every number that counts, by step."""
        found = {}
        for step, _, time, row in sorted(self.rows, key=lambda row: (row[0], row[1], row[2])):
            if key in row:
                found[step] = (step, time, row[key])
        return {step: point for step, point in found.items() if isinstance(point[2], int | float)}

    def on_axis(self, key, axis):
        """(x, step, time, value), sorted by x and step."""
        points = self.points(key).values()
        if axis == "_step":
            return sorted((step, step, time, float(value)) for step, time, value in points)
        if axis == "_timestamp":
            return sorted((time, step, time, float(value)) for step, time, value in points)
        other = {step: float(value) for step, (_, _, value) in self.points(axis).items()}
        pairs = [(other[point[0]], point) for point in points if point[0] in other]
        return sorted((x, step, time, float(value)) for x, (step, time, value) in pairs if not math.isnan(x))


def check(found, points, buckets):
    """`points` are all points in the range, as (x, step, time, value), sorted."""
    assert len(found.x) <= buckets
    assert (np.diff(found.x) > 0).all() if np.isfinite(found.x).all() else sorted(set(found.x)) == list(found.x)
    assert found.count.sum() == len(points)
    if not points:
        return
    assert found.x[0] == points[0][0]
    edges = [*found.x.tolist()[1:], None]
    at = 0
    for place, edge in enumerate(edges):
        stop = at
        while stop < len(points) and (edge is None or points[stop][0] < edge):
            stop += 1
        check_bucket(sample.Envelope(*(column[place] for column in found)), points[at:stop])
        at = stop
    if len({point[0] for point in points}) <= buckets and len(points) <= buckets:
        assert len(found.x) == len({point[0] for point in points})


def check_bucket(bucket, inside):
    numbers = [value for *_, value in inside if not math.isnan(value)]
    assert bucket.count == len(inside)
    assert bucket.nans == len(inside) - len(numbers)
    assert (bucket.x, bucket.steps, bucket.times) == inside[0][:3]
    assert (bucket.last_x, bucket.last_step, bucket.last_time) == inside[-1][:3]
    low, high = (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    np.testing.assert_array_equal([bucket.low, bucket.high, bucket.last], [low, high, inside[-1][3]])


def check_all(store, history, buckets, share):
    (run,) = store.runs()
    for axis in ("_step", "_timestamp", "y"):
        points = history.on_axis("x", axis)
        for within in (None, part(points, share)):
            chosen = points if within is None else [it for it in points if within[0] <= it[0] <= within[1]]
            found = sample.sample(store.db, run.number, "x", buckets, x=axis, within=within)
            if found is None:
                assert points == []
                continue
            check(found, chosen, buckets)


def part(points, share):
    """A range that begins and ends at points, or between them."""
    if not points:
        return 0, 1
    first, last = (points[int(one * (len(points) - 1))][0] for one in sorted(share))
    return first + 0.25, last


@hypothesis.settings(max_examples=60, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@given(
    actions=st.lists(ACTION, min_size=1, max_size=12),
    buckets=st.sampled_from([1, 2, 3, 5, 8, 20, 60, 1000]),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_history_gives_exact_buckets(workshop_factory, actions, buckets, share):
    workshop = workshop_factory()
    with mock.patch.multiple(keyset, **CHUNKS), mock.patch.multiple(pyramid, **LEVELS):
        draft = workshop.run()
        store = Store(workshop.root)
        history = History(draft)
        for action in actions:
            history.play(action, store.refresh)
        store.refresh()
        check_all(store, history, buckets, share)
        draft.end()
        store.refresh()
        check_all(store, history, buckets, share)
        store.close()
        for path in workshop.root.glob(f"{FILE}*"):
            path.unlink()
        again = workshop.store()
        check_all(again, history, buckets, share)
        again.close()


LONG = 70_000


@pytest.fixture(scope="module")
def spread(workshop_factory):
    """A long run of three key sets that take turns, of two attempts, with pauses and a clock that is set back once."""
    workshop = workshop_factory()
    draft = workshop.run()
    history = History(draft)
    draws = np.random.default_rng(5)
    values = np.cumsum(draws.standard_normal(LONG)).tolist()
    for number in range(LONG):
        if number == LONG // 2:
            draft.close()
            draft.begin()
        row = {"x": values[number]}
        row |= {"y": number % 977} if number % 7 == 0 else {}
        row |= {"z": 1.0} if number % 100 == 3 else {}
        row["x"] = math.nan if number % 5003 == 17 else row["x"]
        row["x"] = 1e9 if number in (4095, 4096, 33_333) else row["x"]
        history.step += 1 if number % 20_000 else 3000
        history.time += 0.5 + (900 if number % 15_000 == 14_000 else 0) - (5000 if number == 50_000 else 0)
        if history.time in history.used:
            history.time += 0.25
        history.used.add(history.time)
        draft.log(history.step, time=history.time, **row)
        history.rows.append((history.step, 0, history.time, row))
    yield workshop.one(), history
    draft.close()


@pytest.mark.parametrize("axis", ["_step", "_timestamp", "y"])
@pytest.mark.parametrize("buckets", [1, 7, 300, 3000])
def test_long_run_of_several_key_sets(spread, axis, buckets):
    (store, run), history = spread
    points = history.on_axis("x", axis)
    found = sample.sample(store.db, run.number, "x", buckets, x=axis)
    check(found, points, buckets)
    assert len(found.x) >= buckets / 3 or axis == "y"
    first, last = points[len(points) // 3][0], points[len(points) // 2][0]
    inside = [point for point in points if first <= point[0] <= last]
    check(sample.sample(store.db, run.number, "x", buckets, x=axis, within=(first, last)), inside, buckets)


def test_each_level_is_read(spread):
    """The cells of every level draw this series, not only its points."""
    (store, run), _ = spread
    counts = (7, 300, 3000, LONG)
    assert [pyramid.level(LONG, buckets) for buckets in counts] == [3, 2, 1, 0]
    with mock.patch.object(sample, "load", side_effect=AssertionError("read whole")):
        for buckets in counts:
            assert sample.sample(store.db, run.number, "x", buckets) is not None
