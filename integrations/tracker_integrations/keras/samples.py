"""Samples of an evaluation, in any form that Keras takes, and the outputs of a model by their names."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

from tracker_core.integration import complain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_BATCHES = 1000
"""Of a generator or data set without an end."""


class Samples:
    """Inputs with their truths: arrays, lists and dicts of arrays, or batches."""

    def __init__(self, x: Any, y: Any) -> None:
        self._x = x
        self._y = y
        self._batched = not (hasattr(x, "shape") or isinstance(x, (list, tuple, Mapping)))
        self._read: list[Any] | None = None
        self._truths: list[Any] = []

    def predictions(self, model: Any) -> Iterator[Any]:
        """The prediction of each sample, of a model with several outputs in the structure of these."""
        if not self._batched:
            yield from _split(model.predict(self._x, verbose=0))
            return
        self._truths = []
        for batch in self._batches():
            x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
            predicted = _split(model.predict(x, verbose=0))
            if y is not None:
                self._truths += [_at(y, index) for index in range(len(predicted))]
            yield from predicted

    def truth(self, index: int, prediction: Any) -> Any:
        """The truth of a sample in the structure of its prediction, None where there is none."""
        if self._y is None:
            return self._truths[index] if index < len(self._truths) else None
        nested = isinstance(prediction, (list, tuple, Mapping)) or isinstance(self._y, Mapping)
        return _at(self._y, index) if nested else _element(self._y, index)

    def _batches(self) -> Iterable[Any]:
        if isinstance(self._x, keras.utils.PyDataset):
            count = self._x.num_batches
            return (self._x[index] for index in range(_MOST_BATCHES if count is None else count))
        if iter(self._x) is not self._x:
            return self._x  # type: ignore[no-any-return]
        if self._read is None:  # a generator can be read once
            self._read = list(itertools.islice(self._x, _MOST_BATCHES))
            if len(self._read) == _MOST_BATCHES:
                complain("generator", f"TrackerEvaluation evaluates {_MOST_BATCHES} batches of its generator")
        return self._read


def outputs(nest: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The parts of a prediction or truth by output: under the names of a mapping, those of the model's outputs, or
    their numbers, joined by "/" where they are nested. A single one has the name "".
    """
    if nest is None:
        return {}
    if isinstance(nest, Mapping):
        parts = {str(name): value for name, value in nest.items()}
    elif isinstance(nest, (list, tuple)):
        known = names if names is not None and len(names) == len(nest) else range(len(nest))
        parts = {str(name): value for name, value in zip(known, nest, strict=True)}
    else:
        return {"": nest}
    found: dict[str, Any] = {}
    for name, part in parts.items():
        found |= {f"{name}/{below}" if below else name: value for below, value in outputs(part).items()}
    return found


def _split(nest: Any) -> list[Any]:
    """A nest of arrays as a list of nests, one a sample."""
    return [_at(nest, index) for index in range(_length(nest))]


def _length(nest: Any) -> int:
    if isinstance(nest, Mapping):
        return min(map(_length, nest.values()), default=0)
    return min(map(_length, nest), default=0) if _is_nest(nest) else len(nest)


def _at(nest: Any, index: int) -> Any:
    """Element `index` of each array in a nest of lists, tuples and mappings."""
    if isinstance(nest, Mapping):
        return {name: _at(value, index) for name, value in nest.items()}
    return [_at(value, index) for value in nest] if _is_nest(nest) else _element(nest, index)


def _element(values: Any, index: int) -> Any:
    return values.iloc[index] if hasattr(values, "iloc") else values[index]  # of pandas' the position, not the label


def _is_nest(value: Any) -> bool:
    """Whether it holds arrays, rather than the numbers of samples."""
    return isinstance(value, (list, tuple)) and any(
        isinstance(part, Mapping) or _is_nest(part) or bool(getattr(part, "ndim", 0)) for part in value
    )
