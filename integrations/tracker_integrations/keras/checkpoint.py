"""Checkpoints of Keras as versions of an artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

import tracker_core as tracker
from tracker_core.integration import CallbackRun, finite, guard, unseen


class TrackerModelCheckpoint(keras.callbacks.ModelCheckpoint):  # type: ignore[misc]
    """Keras' `ModelCheckpoint` that also logs every file it writes as a version of an artifact of type "model".

    The artifact is called `artifact` or `model-<run id>`; the epoch and the logged values are in the metadata, the
    alias `best` moves along with `save_best_only`. The summary's `checkpoint` names the newest file, its epoch and
    the value of `monitor`. `run` as in `TrackerCallback`; the other arguments are those of `ModelCheckpoint`.
    """

    def __init__(
        self,
        filepath: str | Path,
        *args: Any,
        artifact: str | None = None,
        run: tracker.Run | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filepath, *args, **kwargs)
        self._artifact = artifact
        self._run = CallbackRun(self, run)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        with guard("the checkpoints of Keras"):
            self._run.begin()
        super().on_train_begin(logs)

    def _save_model(self, epoch: int, batch: int | None, logs: dict[str, Any] | None) -> None:
        before = self._file(epoch, batch, logs)
        super()._save_model(epoch, batch, logs)
        if before is not None and (after := self._file(epoch, batch, logs)) not in (None, before):
            self._keep(after[0], epoch, logs or {})

    @unseen
    def _file(self, epoch: int, batch: int | None, logs: dict[str, Any] | None) -> Any:
        """The file of the checkpoint, and when it was written."""
        path = Path(self._get_file_path(epoch, batch, logs))
        return path, _written(path)

    @unseen
    def _keep(self, path: Path, epoch: int, logs: dict[str, Any]) -> None:
        run = self._run.get()
        name = self._artifact or f"model-{run.id}"
        metadata = {"epoch": epoch, "original_filename": path.name, **logs}
        artifact = tracker.Artifact(name, type="model", metadata=metadata)
        artifact.add_file(str(path), name=f"model{'.weights.h5' if self.save_weights_only else path.suffix}")
        # Keras takes the first value for the best, also one that is NaN.
        best = self.save_best_only and (self.monitor not in logs or finite(logs[self.monitor]) is not None)
        run.log_artifact(artifact, aliases=["best"] if best else [])
        entry: dict[str, Any] = {"path": str(path), "epoch": epoch}
        if self.monitor in logs:
            entry[self.monitor] = logs[self.monitor]
        run.summary.update({"checkpoint": entry})


def _written(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size
