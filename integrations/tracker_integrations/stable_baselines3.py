"""Stable-Baselines3: `model.learn(..., callback=TrackerCallback())`."""

from __future__ import annotations

import inspect
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, ConvertCallback
from stable_baselines3.common.logger import Figure, HParam, Image, KVWriter, Video

import tracker_core as tracker
from tracker_core.integration import CallbackRun, guard, patched, takes, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


_SCHEDULES = ("learning_rate", "clip_range", "clip_range_vf")
"""Parameters that may be functions of what is left of the training, from 1 to 0."""


_TIMED = ("time/total_timesteps", "time/iterations", "episode/return")
"""Metrics that a training logs in any case: their last step is that of an earlier attempt."""

_last_steps: weakref.WeakKeyDictionary[tracker.Run, int] = weakref.WeakKeyDictionary()
_offsets: weakref.WeakKeyDictionary[Any, tuple[str, int]] = weakref.WeakKeyDictionary()
"""What the steps of a model are beyond its timesteps, and in which run."""


class TrackerCallback(BaseCallback):
    """Logs what Stable-Baselines3's own logger is told, at the number of timesteps: to `run`, else to the current
    run, else to one that `init`'s keywords start. TensorBoard is not needed for it.

    Where the timesteps begin at 0 again (a second `learn`, another model, a resumed run) the steps continue after the
    last one of the run.

    Each episode's return and length go under `episode/` where the environments are wrapped in `Monitor`, which
    Stable-Baselines3 does by itself: the logger only knows means of a hundred episodes. The algorithm's parameters go
    to the config. `log_model=True` logs the model as an artifact `model-<run id>` whenever a `learn` ends.
    """

    def __init__(self, run: tracker.Run | None = None, log_model: bool = False, verbose: int = 0, **init: Any) -> None:
        super().__init__(verbose)
        self._run = CallbackRun(self, run, init)
        self._log_model = log_model
        self._offset = 0

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none."""
        return self._run.get()

    @unseen
    def _on_training_start(self) -> None:
        self._leave()  # an earlier learn() may have ended without telling
        self._run.begin()
        self._offset = _offset(self.run, self.model, self.num_timesteps)
        self.logger.output_formats.append(_Writer(self))
        self.run.config.update(_parameters(self.model), allow_val_change=True)

    def _on_step(self) -> bool:
        self._log_episodes()
        return True

    @unseen
    def _log_episodes(self) -> None:
        infos = self.locals.get("infos", ())
        for index, info in enumerate(infos):
            episode = info.get("episode") if isinstance(info, dict) else None
            if isinstance(episode, dict) and "r" in episode and "l" in episode:
                # Environments step together; a step of its own keeps two that end at once apart.
                step = self.num_timesteps - len(infos) + 1 + index
                self.log_row({"episode/return": _number(episode["r"]), "episode/length": _number(episode["l"])}, step)

    def log_row(self, row: dict[str, Any], timestep: int) -> None:
        """Log a row at a timestep of this `learn`."""
        run, step = self.run, timestep + self._offset
        _last_steps[run] = max(step, _last_steps.get(run, step))
        run.row(row, step)

    @unseen
    def _on_training_end(self) -> None:
        self._leave()
        if self._log_model:
            self._keep_model()

    def _leave(self) -> None:
        formats = self.logger.output_formats
        formats[:] = [each for each in formats if not isinstance(each, _Writer) or each.callback is not self]

    def _keep_model(self) -> None:
        artifact = tracker.Artifact(
            f"model-{self.run.id}", type="model", metadata={"timesteps": self.num_timesteps, **_parameters(self.model)}
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.zip")
            self.model.save(path)
            artifact.add_file(str(path))
            self.run.log_artifact(artifact)


class _Writer(KVWriter):
    """The tap in the logger."""

    def __init__(self, callback: TrackerCallback) -> None:
        self.callback = callback

    @unseen
    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        row: dict[str, Any] = {}
        for key, value in key_values.items():
            if "tracker" in (key_excluded.get(key) or ()):
                continue
            with guard(f"{key} of Stable-Baselines3's logger"):
                if isinstance(value, HParam):
                    row |= value.metric_dict
                    self.callback.run.config.update(dict(value.hparam_dict), allow_val_change=True)
                else:
                    row[key] = _value(value)
        self.callback.log_row(row, step)

    def close(self) -> None:
        """The run ends by itself."""


@takes("log_model")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:  # noqa: ARG001 - the classes are imported above
    """Adds a `TrackerCallback` to every `learn` that has none, also of algorithms in other packages.

    Option: its `log_model`.
    """

    def init_callback(call: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ARG001
        given = args[0] if args else kwargs.pop("callback")
        if not _has_ours(given):
            given = _with(given, TrackerCallback(log_model=bool(sink.options.get("log_model", False))))
        call(given, *args[1:], **kwargs)

    with patched(BaseAlgorithm, "_init_callback", init_callback):
        yield


def _has_ours(callback: Any) -> bool:
    if isinstance(callback, CallbackList):
        callback = callback.callbacks
    if isinstance(callback, list):
        return any(map(_has_ours, callback))
    return isinstance(callback, TrackerCallback)


def _with(callback: Any, ours: TrackerCallback) -> list[BaseCallback]:
    if callback is None:
        return [ours]
    if isinstance(callback, list):
        return [*callback, ours]
    return [callback if isinstance(callback, BaseCallback) else ConvertCallback(callback), ours]


def _parameters(model: Any) -> dict[str, Any]:
    """What the algorithm was made with, as far as it is plain; a schedule by its value at the beginning."""
    found: dict[str, Any] = {"algorithm": type(model).__name__, "policy": type(model.policy).__name__}
    found["n_envs"] = model.n_envs
    for name in inspect.signature(type(model).__init__).parameters:
        with guard(f"the parameter {name} of Stable-Baselines3"):
            value = getattr(model, name, None)
            if name in _SCHEDULES and callable(value):
                value = float(value(1.0))
            if isinstance(value, (bool, int, float, str, dict)) and name not in found:
                found[name] = value
    return found


def _offset(run: tracker.Run, model: Any, timesteps: int) -> int:
    """The step of timestep 0: 0, or the last step of the trainings before this one."""
    if timesteps:  # a `learn` that continues with the timesteps of the one before
        owner, offset = _offsets.get(model, (None, 0))
        return offset if owner == run.id else 0
    steps = [_last_steps.get(run), *map(run.last_step, _TIMED)]
    offset = max((step for step in steps if step is not None), default=0)
    _offsets[model] = (run.id, offset)
    return offset


def _number(value: Any) -> Any:
    """A plain number where it is one; a reward of several objectives is kept as it is."""
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value


def _value(value: Any) -> Any:
    if isinstance(value, Video):
        return tracker.Video(value.frames, fps=value.fps)
    if isinstance(value, Figure):
        return tracker.Image(value.figure)
    if isinstance(value, Image):
        return tracker.Image(value.image)
    return value
