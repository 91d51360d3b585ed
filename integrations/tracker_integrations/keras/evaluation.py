"""What a model makes of some samples, epoch by epoch."""

from __future__ import annotations

from typing import Any

import keras

import tracker_core as tracker


class TrackerEvaluation(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs what the model makes of the samples `x` at the end of every `every`-th epoch, as a growing table `key`.

    A sample has a row per evaluation: its epoch, its number, the truth from `y`, and the prediction; of a vector of
    scores the class and its score. Override `row` for other columns, such as `tracker.Image(self.x[index])`.
    """

    def __init__(
        self, x: Any, y: Any = None, every: int = 1, key: str = "evaluation", run: tracker.Run | None = None
    ) -> None:
        super().__init__()
        self.x = x
        self.y = y
        self.every = every
        self.key = key
        self._given = run
        self._table: tracker.Table | None = None

    def row(self, index: int, prediction: Any) -> dict[str, Any]:
        """The columns of sample `index`; `prediction` is what `model.predict` gave for it."""
        truth = {} if self.y is None else {"truth": _plain(self.y[index])}
        if getattr(prediction, "ndim", 0) == 1 and len(prediction) > 1:
            best = int(prediction.argmax())
            return {**truth, "prediction": best, "score": float(prediction[best])}
        return {**truth, "prediction": _plain(prediction)}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        if epoch % self.every:
            return
        for index, prediction in enumerate(self.model.predict(self.x, verbose=0)):
            cells = {"epoch": epoch, "sample": index, **self.row(index, prediction)}
            if self._table is None:
                self._table = tracker.Table(columns=list(cells))
            self._table.add_data(*cells.values())
        run = self._given or tracker.run or tracker.init()
        run.log({self.key: self._table}, commit=False)


def _plain(value: Any) -> Any:
    """A number where there is one, else a list."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return value[0] if isinstance(value, list) and len(value) == 1 else value
