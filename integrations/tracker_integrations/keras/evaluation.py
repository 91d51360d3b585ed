"""Predictions of a model for fixed samples, epoch by epoch."""

from __future__ import annotations

from typing import Any

import keras

import tracker_core as tracker
from tracker_core.integration import CallbackRun, guard, unseen
from tracker_integrations.keras.samples import Samples, outputs


class TrackerEvaluation(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs what the model makes of the samples `x` at the end of every `every`-th epoch, as a growing table `key`.

    A sample has a row per evaluation: its epoch, its number, the truth from `y`, and the prediction; of a vector of
    scores the class and its score. A model with several outputs has these columns for each, `prediction/<output>` ...
    `x` is anything that `predict` takes: arrays, several as a list or dict, or batches of a dataset, `DataLoader` or
    finite generator, which may hold the truth, too: `(x, y)` or `(x, y, sample_weight)`. `y` is of the same structure
    as the outputs.

    Override `row` for other columns, such as `tracker.Image(self.x[index])`.
    """

    def __init__(
        self, x: Any, y: Any = None, every: int = 1, key: str = "evaluation", run: tracker.Run | None = None
    ) -> None:
        super().__init__()
        if every < 1:
            raise tracker.UsageError(f"every={every!r} must be a number of epochs, at least 1")
        self.x = x
        self.y = y
        self.every = every
        self.key = key
        self._run = CallbackRun(self, run)
        self._samples = Samples(x, y)
        self._table: tracker.Table | None = None
        self._offset: int | None = None
        self._next = 0

    def row(self, index: int, prediction: Any) -> dict[str, Any]:
        """The columns of sample `index`; `prediction` is what `model.predict` gave for it, of several outputs a list
        or dict.
        """
        names = getattr(self.model, "output_names", None)
        truths = outputs(self._samples.truth(index, prediction), names)
        row: dict[str, Any] = {}
        for name, value in outputs(prediction, names).items():
            suffix = f"/{name}" if name else ""
            if name in truths:
                row[f"truth{suffix}"] = _plain(truths[name])
            row |= {f"{column}{suffix}": cell for column, cell in _predicted(value).items()}
        return row

    @unseen
    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        self._run.begin()
        self._offset = None

    @unseen
    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        if epoch % self.every:
            return
        if self._offset is None:  # the epochs of one callback continue over several fits
            self._offset = max(0, self._next - epoch)
        epoch += self._offset
        self._next = epoch + 1
        for index, prediction in enumerate(self._samples.predictions(self.model)):
            with guard("a sample of TrackerEvaluation"):
                self._add({"epoch": epoch, "sample": index, **self.row(index, prediction)})
        if self._table is not None:
            self._run.get().log({self.key: self._table}, commit=False)

    def _add(self, cells: dict[str, Any]) -> None:
        if self._table is None:
            self._table = tracker.Table(columns=list(cells))
        if set(cells) != set(self._table.columns):
            raise tracker.UsageError(f"row() gave the columns {list(cells)}, before {self._table.columns}")
        self._table.add_data(*(cells[column] for column in self._table.columns))


def _predicted(value: Any) -> dict[str, Any]:
    """A vector of scores as the class and its score, anything else as it is."""
    if getattr(value, "ndim", 0) == 1 and len(value) > 1:
        best = int(value.argmax())
        return {"prediction": best, "score": float(value[best])}
    return {"prediction": _plain(value)}


def _plain(value: Any) -> Any:
    """A number where there is one, else a list."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return value[0] if isinstance(value, list) and len(value) == 1 else value
