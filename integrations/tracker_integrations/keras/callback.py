"""The callback for `fit`: what it reports, per epoch and per batch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

import keras

import tracker_core as tracker
from tracker_core.integration import CallbackRun, finite, guard, is_better, next_count, unseen
from tracker_integrations.keras.description import keep_config, keep_summary
from tracker_integrations.keras.rate import learning_rate, rates

if TYPE_CHECKING:
    from collections.abc import Callable

_LOWER = ("loss", "error", "mae", "mse", "rmse", "perplexity")
_HIGHER = ("acc", "accuracy", "auc", "precision", "recall", "f1_score", "iou")


class TrackerCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs what `fit` reports: to `run`, else to the current run, else to one that `init`'s keywords start.

    Per epoch: every metric of training and validation and the learning rate under `epoch/`, over `epoch/epoch`;
    the best finite value of each metric whose better direction is known, and its epoch, under `best/` in the summary.
    `log_freq="batch"`, or a number of batches, adds `batch/` over `batch/batch_step`, counted from
    `initial_global_step`, else from the last batch of the run; what Keras reports there is the mean over the epoch so
    far.

    Optimizer, fit parameters and the model's size go to the config, its layers to `model-summary.txt`. Epochs and
    batches continue over the fits of one run, with one callback or several. What cannot be recorded is reported once
    and never raised.
    """

    def __new__(cls, log_freq: Literal["epoch", "batch"] | int = "epoch", *_: Any, **__: Any) -> TrackerCallback:  # noqa: PYI034 - it is another class's
        # Keras waits for the device after every batch once a callback of its list has a batch hook, so only the
        # class for those who want one has it.
        return super().__new__(cls if log_freq == "epoch" else _BatchCallback)  # type: ignore[no-any-return]

    def __init__(
        self,
        log_freq: Literal["epoch", "batch"] | int = "epoch",
        initial_global_step: int = 0,
        run: tracker.Run | None = None,
        **init: Any,
    ) -> None:
        super().__init__()
        if log_freq not in ("epoch", "batch") and (not isinstance(log_freq, int) or log_freq < 1):
            raise tracker.UsageError(f'log_freq={log_freq!r} must be "epoch", "batch" or a number of batches')
        if not isinstance(initial_global_step, int):
            raise tracker.UsageError(f"initial_global_step={initial_global_step!r} must be a whole number")
        self.log_freq = 1 if log_freq == "batch" else log_freq
        self._run = CallbackRun(self, run, init)
        self._offset: int | None = None
        self._initial: int | None = initial_global_step or None

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none."""
        return self._run.get()

    @unseen
    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        self._begin(self._run.begin())

    def _begin(self, run: tracker.Run) -> None:
        run.define_metric("epoch/epoch", hidden=True)
        run.define_metric("epoch/*", step_metric="epoch/epoch")
        self._offset = None
        keep_config(self.model, self.params or {}, run)
        keep_summary(self.model, run)

    @unseen
    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        run, values = self.run, dict(logs or {})
        if self._offset is None:
            self._offset = max(0, next_count(run, "epoch/epoch") - epoch)
        epoch += self._offset
        row = {f"epoch/{name}": value for name, value in values.items()}
        if "learning_rate" not in values:
            with guard("the learning rate of Keras"):
                if (rate := learning_rate(self._model)) is not None:
                    row["epoch/learning_rate"] = rate
        run.log({**row, "epoch/epoch": epoch})
        if better := self._better(run, values, epoch):
            run.summary.update(better)

    def _better(self, run: tracker.Run, values: dict[str, Any], epoch: int) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, value in values.items():
            sign = _direction(name)
            if sign and (new := finite(value)) is not None and is_better(new, run.summary.get(f"best/{name}"), sign):
                found |= {f"best/{name}": new, f"best/{name}_epoch": epoch}
        return found


class _BatchCallback(TrackerCallback):
    """Also logs batches. Keras may call the hook from its threads, out of order, so a step is told by the batch."""

    async_safe = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()
        self._rates: Callable[[int], float | None] | None = None
        self._batches = self._seen = 0

    def _begin(self, run: tracker.Run) -> None:
        run.define_metric("batch/batch_step", hidden=True)
        run.define_metric("batch/*", step_metric="batch/batch_step")
        with self._lock:
            initial, self._initial = self._initial, None
            self._batches = next_count(run, "batch/batch_step") if initial is None else initial
            self._seen = 0
        super()._begin(run)

    @unseen
    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        # In an epoch JAX has the optimizer's state elsewhere, and asking for it would wait for the device.
        self._rates = None
        self._rates = rates(self._model) if keras.backend.backend() == "jax" else None

    @unseen
    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        assert isinstance(self.log_freq, int)
        with self._lock:
            step = self._batches + batch
            self._seen = max(self._seen, batch + 1)
        # With `steps_per_execution` only every so-many-th batch is told: it stands for those since the last one.
        if step % self.log_freq >= getattr(self._model, "steps_per_execution", 1):
            return
        row = {f"batch/{name}": value for name, value in (logs or {}).items()}
        with guard("the learning rate of Keras"):
            rate = self._rates(batch) if self._rates is not None else learning_rate(self._model)
            if rate is not None:
                row["batch/learning_rate"] = rate
        self.run.log({**row, "batch/batch_step": step})

    @unseen
    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        with self._lock:
            self._batches += self._seen
            self._seen = 0
        with guard("the number of batches"):
            self._keep_count()
        super().on_epoch_end(epoch, logs)

    def _keep_count(self) -> None:
        """Keeps the last batch in the summary where it was not logged: the next callback continues from it."""
        if self.log_freq != 1 and self._batches:
            self.run.summary.update({"batch/batch_step": self._batches - 1})

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_rates")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock(), _rates=None)


def _direction(name: str) -> int:
    """1 where more is better, -1 where less is, 0 where that is not known."""
    name = name.removeprefix("val_")
    if name.endswith(_LOWER):
        return -1
    return 1 if name.endswith(_HIGHER) else 0
