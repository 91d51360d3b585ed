"""Checkpoints of Keras as versions of an artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

import tracker_core as tracker


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
        self._given = run

    def _save_model(self, epoch: int, batch: int | None, logs: dict[str, Any] | None) -> None:
        path = Path(self._get_file_path(epoch, batch, logs))
        before = _written(path)
        super()._save_model(epoch, batch, logs)
        if _written(path) == before:
            return
        run = self._given or tracker.run or tracker.init()
        name = self._artifact or f"model-{run.id}"
        metadata = {"epoch": epoch, "original_filename": path.name, **(logs or {})}
        artifact = tracker.Artifact(name, type="model", metadata=metadata)
        artifact.add_file(str(path), name=f"model{'.weights.h5' if self.save_weights_only else path.suffix}")
        run.log_artifact(artifact, aliases=["best"] if self.save_best_only else [])
        entry: dict[str, Any] = {"path": str(path), "epoch": epoch}
        if logs and self.monitor in logs:
            entry[self.monitor] = logs[self.monitor]
        run.summary.update({"checkpoint": entry})


def _written(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size
