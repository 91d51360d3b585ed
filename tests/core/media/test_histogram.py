"""Histograms against numpy's own."""

from __future__ import annotations

import numpy as np
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
