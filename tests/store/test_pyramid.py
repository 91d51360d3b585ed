"""Envelopes against a plain loop."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_core.store import pyramid

VALUES = st.lists(st.floats(), min_size=1, max_size=80)


def expected(values):
    numbers = [value for value in values if not math.isnan(value)]
    low, high = (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    return [low, high, values[-1], len(values) - len(numbers)]


@given(values=VALUES, factor=st.integers(1, 20))
def test_cells_hold_the_extremes_and_the_last_value(values, factor):
    cells = pyramid.coarser(pyramid.envelope(np.array(values)), factor)
    wanted = [expected(values[start : start + factor]) for start in range(0, len(values), factor)]
    np.testing.assert_array_equal(cells.T, wanted)


@pytest.mark.parametrize(
    ("rows", "buckets", "level"),
    [(900, 1000, 0), (10_000, 1000, 1), (200_000, 1000, 2), (1_000_000, 1000, 2), (10_000_000, 1000, 3)],
)
def test_level_is_the_coarsest_that_is_fine_enough(rows, buckets, level):
    assert pyramid.level(rows, buckets) == level
