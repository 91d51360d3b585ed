"""Every `fit` with a callback of ours: what `magic` does for Keras."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras

from tracker_core.integration import patched, takes
from tracker_integrations.keras.callback import TrackerCallback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


@takes("log_freq")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Adds a `TrackerCallback` to every `fit` that has none. Options: its `log_freq`."""
    owner = next(base for base in module.Model.__mro__ if "fit" in vars(base))
    position = list(inspect.signature(owner.fit).parameters).index("callbacks") - 1

    def fit(call: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = args[position] if len(args) > position else kwargs.get("callbacks")
        ours = TrackerCallback(log_freq=sink.options.get("log_freq", "epoch"))
        if len(args) > position:
            args = (*args[:position], _with(given, ours, model), *args[position + 1 :])
        else:
            kwargs["callbacks"] = _with(given, ours, model)
        call(*args, **kwargs)

    with patched(owner, "fit", fit):
        yield


def _with(callbacks: Any, ours: TrackerCallback, model: Any) -> Any:
    """`callbacks`, in any form that `fit` takes, and ours; as they are when one of ours is among them."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        if not any(isinstance(callback, TrackerCallback) for callback in callbacks.callbacks):
            ours.set_model(model)
            ours.set_params(getattr(callbacks, "params", None))  # before Keras 3.7 it may have none
            callbacks.callbacks.append(ours)
        return callbacks
    if callbacks is None:
        return [ours]
    listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    return callbacks if any(isinstance(callback, TrackerCallback) for callback in listed) else [*listed, ours]
