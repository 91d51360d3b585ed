"""The learning rate of a model, without waiting for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from collections.abc import Callable


def learning_rate(model: Any) -> float | None:
    """The rate of this moment. Read from the optimizer of the bare model: `self.model` would sync JAX's state."""
    rate = getattr(_optimizer(model), "learning_rate", None)
    return None if rate is None else float(keras.ops.convert_to_numpy(rate))


def rates(model: Any) -> Callable[[int], float | None]:
    """The rate after each batch of the epoch that begins now, in which the optimizer cannot be read."""
    optimizer = _optimizer(model)
    schedule = getattr(optimizer, "_learning_rate", None)
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        rate = learning_rate(model)
        return lambda _: rate
    steps = int(keras.ops.convert_to_numpy(optimizer.iterations)) + 1
    return lambda batch: float(keras.ops.convert_to_numpy(schedule(steps + batch)))


def _optimizer(model: Any) -> Any:
    optimizer = getattr(getattr(model, "module", model), "optimizer", None)  # `module`: torch's parallel model
    return getattr(optimizer, "inner_optimizer", optimizer)
