"""Distributions of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tracker_core._errors import UsageError
from tracker_core._media.array import Array, owned
from tracker_core._media.base import Media, described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core._media.place import Place

MOST_BINS = 512


class Histogram(Media):
    """How often values fall into which range: from the values, or from `np_histogram=(counts, edges)`.

    NaN and infinities are left out and counted in `nan` and `inf`. At most 512 bins. Kept in the row itself.
    """

    kind: ClassVar[str] = "histogram"
    MAX_LENGTH = MOST_BINS

    def __init__(self, sequence: Any = None, np_histogram: tuple[Any, Any] | None = None, num_bins: int = 64) -> None:
        self.nan = self.inf = 0
        self._uniform = False
        if np_histogram is not None:
            self._counts, self._edges = _given(np_histogram)
        elif sequence is None:
            raise UsageError("Histogram needs values, or np_histogram=(counts, edges)")
        elif not 1 <= num_bins <= MOST_BINS:
            raise UsageError(f"num_bins is {num_bins}; 1 to {MOST_BINS} are possible")
        else:
            self._count(sequence, num_bins)

    def _count(self, sequence: Any, bins: int) -> None:
        values = _flat(sequence)
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            if not finite.all():
                self.nan = int(np.isnan(values).sum())
                self.inf = int(values.size - finite.sum()) - self.nan
                values = values[finite]
        scale = _scale(values)
        counts, edges = _counted(values / scale if scale > 1 else values, bins)
        self._counts, self._edges = counts, edges * scale
        self._uniform = True

    @property
    def histogram(self) -> list[float]:
        """The counts."""
        return self._counts.tolist()  # type: ignore[no-any-return]

    @property
    def bins(self) -> list[float]:
        """The edges, one more than counts."""
        return self._edges.tolist()  # type: ignore[no-any-return]

    def _store(self, place: Place) -> dict[str, Any]:
        del place
        counts = self.histogram
        reference: dict[str, Any] = {"values": counts}
        if self._uniform:
            # Three numbers instead of up to 513: a model that is watched logs hundreds of histograms a step.
            first, last = float(self._edges[0]), float(self._edges[-1])
            reference["packedBins"] = {"min": first, "size": (last - first) / len(counts), "count": len(counts)}
        else:
            reference["bins"] = self.bins
        return described(reference, nan=self.nan or None, inf=self.inf or None)


def _flat(sequence: Sequence[Any] | Any) -> Array:
    """The values in one dimension. No copy is kept, so none is made where numpy can look at them as they are."""
    if isinstance(sequence, np.ma.MaskedArray):
        sequence = sequence.compressed()
    usual = isinstance(sequence, np.ndarray) and sequence.dtype.kind in "biuf" and sequence.dtype.itemsize <= 8
    try:
        array: Array = sequence if usual else owned(sequence)  # type: ignore[assignment]
    except TypeError as error:
        raise UsageError(f"a histogram is made of numbers: {error}") from None
    values = array.ravel()
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    return values.astype(np.float32) if values.dtype == np.float16 else values  # which has no room for the edges


def _counted(values: Array, bins: int) -> tuple[Array, Array]:
    """Counts and edges of equal bins. Where values lie closer together than floats can divide, bins are wider."""
    try:
        return np.histogram(values, bins)
    except ValueError:
        values = values.astype(np.float64)
        low, high = float(values.min()), float(values.max())
        wider = bins * float(np.spacing(max(abs(low), abs(high))))
        return np.histogram(values, bins, (low - wider, high + wider))


def _scale(values: Array) -> float:
    """What to divide by, so that the distance of the extremes does not overflow: 1 for all but absurd values."""
    if values.dtype.kind != "f" or not values.size:
        return 1.0
    distance = float(values.max()) / 4 - float(values.min()) / 4
    return 4.0 if distance > float(np.finfo(values.dtype).max) / 4 else 1.0


def _given(np_histogram: tuple[Any, Any]) -> tuple[Array, Array]:
    counts, edges = (owned(part) for part in np_histogram[:2])
    if counts.ndim != 1 or len(counts) > MOST_BINS:
        raise UsageError(f"counts are a list of at most {MOST_BINS} numbers, not of the shape {counts.shape}")
    if edges.shape != (len(counts) + 1,):
        raise UsageError(f"{len(counts)} counts need {len(counts) + 1} edges, not {edges.size}")
    return counts, edges
