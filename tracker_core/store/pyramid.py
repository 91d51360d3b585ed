"""Low, high and last value of every 16, 256 and 4,096 rows: what a chart is drawn from.

An envelope is an array of four rows (low, high, last, number of NaN) and one column per cell. NaN does not count for
low and high; a cell of nothing but NaN is NaN. Infinities count, so that a diverged loss is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tracker_core.store.chunk import Column

SPANS = (1, 16, 256, 4096)
"""Rows of one cell, by level; level 0 is the values themselves."""

ROWS = 4
"""Rows of an envelope."""


def envelope(values: Column) -> Column:
    """Level 0: every value its own cell."""
    floats = np.asarray(values, np.float64)
    return np.stack([floats, floats, floats, np.isnan(floats)])


def coarser(cells: Column, factor: int | None = None) -> Column:
    """The envelope of every `factor` cells (those of the next level); the last one may stand for fewer."""
    return merge(cells, np.arange(0, cells.shape[1], factor or SPANS[1]))


def merge(cells: Column, starts: Column) -> Column:
    """The envelope of the cells from each of `starts` up to the next."""
    merged = np.empty((ROWS, len(starts)))
    np.fmin.reduceat(cells[0], starts, out=merged[0])
    np.fmax.reduceat(cells[1], starts, out=merged[1])
    merged[2] = cells[2][np.append(starts[1:], cells.shape[1]) - 1]
    np.add.reduceat(cells[3], starts, out=merged[3])
    return merged


def level(rows: int, buckets: int) -> int:
    """The coarsest level that still has half as many cells as are wanted."""
    return max(place for place, span in enumerate(SPANS) if place == 0 or rows / span >= buckets / 2)
