"""Envelopes of whole runs: no spike is lost, nothing outside of the range is shown."""

import math

import numpy as np
import pytest

from tracker_core.store import sample, series

ROWS = 150_000
SPIKES = {77: 1e6, 70_001: -1e6, ROWS - 1: 5e5}


@pytest.fixture(scope="module")
def long(workshop_factory):
    workshop = workshop_factory()
    draft = workshop.run()
    for step in range(ROWS):
        draft.log(step * 2, time=1_790_000_000 + step * 0.5, x=SPIKES.get(step, float(step % 100)), epoch=step // 1000)
    yield workshop.one()
    draft.close()


@pytest.mark.parametrize("axis", ["_step", "_timestamp"])
@pytest.mark.parametrize("buckets", [10, 100, 2000, 50_000])
def test_spikes_are_there_at_any_zoom(long, axis, buckets):
    store, run = long
    found = sample.sample(store.db, run.number, "x", buckets, x=axis)
    assert buckets / 2 <= len(found.x) <= buckets
    for spike in SPIKES.values():
        assert spike in (found.low if spike < 0 else found.high)
    assert (np.diff(found.x) > 0).all()
    assert found.last[-1] == 5e5


@pytest.mark.parametrize("within", [(0, 2 * ROWS), (1000, 1700), (139_000, 141_000), (9000, 250_001)])
@pytest.mark.parametrize("buckets", [20, 500])
def test_range_is_exact_at_both_ends(long, within, buckets):
    store, run = long
    found = sample.sample(store.db, run.number, "x", buckets, within=within)
    points = series.load(store.db, run.number, "x", within=within)
    assert found.low.min() == points.values.min()
    assert found.high.max() == points.values.max()
    assert found.steps[0] == points.steps[0]
    assert found.x[-1] <= within[1]


def test_range_may_be_open(long):
    store, run = long
    found = sample.sample(store.db, run.number, "x", 100, within=(140_000, math.inf))
    assert found.steps[0] == 140_000
    assert -1e6 in found.low
    whole = sample.sample(store.db, run.number, "x", 100, within=(-math.inf, math.inf))
    assert 50 <= len(whole.x) <= 100


def test_few_points_are_given_as_they_are(long):
    store, run = long
    found = sample.sample(store.db, run.number, "x", 100, within=(100, 120))
    assert found.steps.tolist() == list(range(100, 121, 2))
    assert found.low.tolist() == found.high.tolist() == found.last.tolist()


def test_other_metric_as_axis(long):
    store, run = long
    found = sample.sample(store.db, run.number, "x", 1000, x="epoch")
    assert found.x[0] == 0
    assert found.x[-1] == 149
    assert found.high.max() == 1e6
    assert len(sample.sample(store.db, run.number, "x", 1000, x="never").x) == 0


def test_overwritten_values_are_not_in_the_envelope(workshop):
    draft = workshop.run()
    for step in range(5000):
        draft.log(step, x=1e9 if step == 10 else 1.0)
    draft.log(10, x=2.0)
    store, run = workshop.one()
    assert sample.sample(store.db, run.number, "x", 10).high.max() == 2.0


def test_rewound_values_are_not_in_the_envelope(workshop):
    draft = workshop.run()
    for step in range(5000):
        draft.log(step, x=float(step))
    draft.close()
    draft.begin(rewind=99)
    store, run = workshop.one()
    found = sample.sample(store.db, run.number, "x", 10)
    assert found.high.max() == 99.0


def test_two_key_sets_of_one_series(workshop):
    draft = workshop.run()
    for step in range(20_000):
        if step % 3:
            draft.log(step, x=float(step))
        else:
            draft.log(step, x=float(-step), y=1.0)
    store, run = workshop.one()
    found = sample.sample(store.db, run.number, "x", 50)
    assert found.low.min() == -19_998.0
    assert found.high.max() == 19_999.0
    assert (np.diff(found.x) > 0).all()


def test_texts_have_no_envelope(workshop):
    draft = workshop.run()
    draft.log(0, text="x")
    store, run = workshop.one()
    assert sample.sample(store.db, run.number, "text", 10) is None
    assert sample.sample(store.db, run.number, "never", 10) is None
