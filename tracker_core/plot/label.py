"""The classes of a chart: numbers, texts, members of an Enum, from any list, array or series."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from tracker_core import _texts, _values


def labels_of(values: Any) -> list[Any]:
    """Classes as plain numbers and texts, flat. Members of an Enum are their texts, those of an IntEnum numbers."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()
    elif hasattr(values, "to_pylist"):  # pyarrow
        values = values.to_pylist()
    elif hasattr(values, "tolist"):
        values = values.tolist()
    elif hasattr(values, "to_list"):  # polars
        values = values.to_list()
    return list(_flat(values))


def _flat(values: Any) -> Any:
    for value in values if isinstance(values, (list, tuple)) else [*values] if _is_iterable(values) else [values]:
        if isinstance(value, (list, tuple)) or getattr(value, "shape", ()) != ():
            yield from labels_of(value)
        else:
            yield _label(value)


def _is_iterable(values: Any) -> bool:
    return hasattr(values, "__iter__") and not isinstance(values, (str, bytes))


def _label(value: Any) -> Any:
    if isinstance(value, Enum):
        return int(value) if isinstance(value, int) else _texts.name(value)
    single = _values.number(value)
    if single is not None:
        whole = isinstance(single, float) and single.is_integer()
        return int(single) if whole and abs(single) < 2**53 else single
    return None if _values.is_missing(value) else _texts.shown(value)


def key_of(label: Any) -> Any:
    """What tells labels apart: NaN is itself, True is not 1."""
    return ("nan",) if label != label else (type(label).__name__, label)  # noqa: PLR0124 - NaN differs from itself


def ordered(labels: list[Any]) -> list[Any]:
    """Each label once, in order; of several kinds, kind by kind, and missing ones last."""
    distinct_labels = list({key_of(label): label for label in labels}.values())
    return sorted(distinct_labels, key=lambda label: (label is None, isinstance(label, str), _rank(label)))


def _rank(label: Any) -> Any:
    if label is None:
        return 0
    if isinstance(label, str):
        return label
    return (label != label, 0 if label != label else label)  # noqa: PLR0124 - NaN comes last


def distinct(labels: list[Any]) -> list[str]:
    """The texts of labels, one for each."""
    return list(_texts.named((label, None) for label in labels))
