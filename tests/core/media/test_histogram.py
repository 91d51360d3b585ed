"""Histograms against numpy's own."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
import torch

import tracker_core as tracker

VALUES = np.random.default_rng(0).normal(size=5000)


@pytest.mark.parametrize("given", [VALUES, VALUES.tolist(), torch.from_numpy(VALUES), VALUES.reshape(50, 100)])
def test_counts_are_numpys(files, given):
    counts, edges = np.histogram(VALUES, 64)
    histogram = tracker.Histogram(given)
    assert histogram.histogram == counts.tolist()
    assert histogram.bins == edges.tolist()
    reference = histogram.store("key", 0, files)
    packed = reference["packedBins"]
    assert reference["values"] == counts.tolist()
    assert np.allclose(packed["min"] + packed["size"] * np.arange(packed["count"] + 1), edges)
    assert list(files.iterdir()) == []


def test_nan_and_infinities_are_counted_not_fatal(files):
    reference = tracker.Histogram([1.0, 2.0, np.nan, np.inf, -np.inf, np.nan], num_bins=2).store("key", 0, files)
    assert reference["values"] == [1, 1]
    assert (reference["nan"], reference["inf"]) == (2, 2)


def test_nothing_but_nan(files):
    reference = tracker.Histogram([np.nan]).store("key", 0, files)
    assert sum(reference["values"]) == 0
    assert reference["nan"] == 1


def test_values_close_together_beside_huge_ones():
    huge = tracker.Histogram([0.0, 1e308, -1e308])
    assert sum(huge.histogram) == 3
    assert (huge.bins[0], huge.bins[-1]) == (-1e308, 1e308)
    assert sum(tracker.Histogram(np.array([-3e38, 3e38], np.float32)).histogram) == 2
    assert sum(tracker.Histogram(np.full(10, 1e-320)).histogram) == 10


def test_given_counts_and_uneven_edges(files):
    reference = tracker.Histogram(np_histogram=([3, 4], [0, 1, 10])).store("key", 0, files)
    assert reference == {"_type": "histogram", "values": [3, 4], "bins": [0, 1, 10]}


def test_booleans_and_small_integers():
    assert sum(tracker.Histogram(np.array([True, False, True])).histogram) == 3
    assert tracker.Histogram(np.array([0, 255], np.uint8), num_bins=2).histogram == [1, 1]


@pytest.mark.parametrize(
    "arguments",
    [
        {"sequence": [1.0], "num_bins": 513},
        {"sequence": [1.0], "num_bins": 0},
        {"np_histogram": ([1, 2], [0, 1])},
        {"np_histogram": ([1] * 513, [0] * 514)},
        {"sequence": np.array(["a"])},
        {},
    ],
)
def test_wrong_calls(arguments):
    with pytest.raises((tracker.UsageError, TypeError)):
        tracker.Histogram(**arguments)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        (np.full(100, 2**63 + 5, np.uint64), 100),
        (np.full(50, 1e20), 50),
        (np.array([1.0, 1.0 + 2**-23] * 20, np.float32), 40),
        (np.array([1e16, 1e16 + 2]), 2),
        (np.array([-(2**63), 2**63 - 1]), 2),
        (np.array([2**64 - 1, 0, 1], np.uint64), 3),
        (np.linspace(0, 60_000, 100).astype(np.float16), 100),
        (np.linspace(0, 1, 100).astype(ml_dtypes.bfloat16), 100),
        (np.ones(70, ml_dtypes.float8_e4m3fn), 70),
        (np.ones(70, ml_dtypes.int4), 70),
        (np.linspace(0, 1, 70).astype(np.longdouble), 70),
        (np.ma.masked_less(np.arange(100.0), 30), 70),
        (np.ma.masked_less(np.arange(100), 30), 70),
        (np.ma.masked_all(100), 0),
        ([Decimal(1), None, Fraction(1, 3)], 2),
        (pd.Series([1, None, 3], dtype="Int64"), 2),
        (pd.Series([1.5, None, 3]), 2),
        (np.array([True, False, True]), 3),
    ],
)
def test_values_of_every_type_are_counted(values, count):
    assert sum(tracker.Histogram(values).histogram) == count


@pytest.mark.parametrize("values", [np.array(["a"]), np.array([1j]), np.array(["2026"], "M8[D]"), ["a", 1]])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(tracker.UsageError, match="numbers"):
        tracker.Histogram(values)
