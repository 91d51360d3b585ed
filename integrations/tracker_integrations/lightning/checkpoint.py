"""Checkpoints of a training: paths and scores for the summary, files as versions of an artifact."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tracker_core as tracker
from tracker_core.integration import finite, guard

if TYPE_CHECKING:
    from pytorch_lightning.callbacks import ModelCheckpoint


class Checkpoints:
    """The `ModelCheckpoint` callbacks that have saved something, in their order, and what of them is logged."""

    def __init__(self, artifact: str | None) -> None:
        self._artifact = artifact
        self._callbacks: list[ModelCheckpoint] = []
        self._logged: dict[str, float] = {}

    def add(self, callback: ModelCheckpoint) -> None:
        """Adds a callback. Lightning hands out weak proxies: those of an earlier trainer may be dead."""
        self._callbacks = [each for each in self._callbacks if _is_alive(each)]
        if callback not in self._callbacks:
            self._callbacks.append(callback)

    def clear(self) -> None:
        """Forgets the callbacks of an earlier trainer; what was logged of them stays."""
        self._callbacks = []

    def described(self) -> dict[str, Any]:
        """Per callback, under the metric that it monitors, the best checkpoint and its score, and the last one."""
        found: dict[str, Any] = {}
        for callback in filter(_is_alive, self._callbacks):
            entry: dict[str, Any] = {"path": callback.best_model_path}
            if callback.best_model_score is not None:
                entry["score"] = float(callback.best_model_score)
            found[_free(found, callback.monitor or "latest", callback)] = entry
            if callback.last_model_path:
                found[_free(found, "last", callback)] = {"path": callback.last_model_path}
        return found

    def keep(self, run: tracker.Run) -> None:
        """Logs the checkpoints that are new or were written again since, oldest first.

        The alias `best` is that of the first callback that monitors a metric, `best-<metric>` that of another one.
        """
        monitors: list[str] = []
        for callback in filter(_is_alive, self._callbacks):
            with guard("the checkpoints of Lightning"):
                best = ""
                if callback.monitor and callback.monitor not in monitors:
                    best = f"best-{re.sub('[^0-9A-Za-z_.-]', '-', callback.monitor)}" if monitors else "best"
                    monitors.append(callback.monitor)
                self._keep(callback, best, run)

    def _keep(self, callback: ModelCheckpoint, best: str, run: tracker.Run) -> None:
        paths = {Path(path) for path in (callback.best_model_path, callback.last_model_path, *callback.best_k_models)}
        written = {path: path.stat().st_mtime for path in paths if path.name and path.exists()}
        for path in sorted(written, key=lambda path: written[path]):
            if self._logged.get(str(path)) == written[path]:
                continue
            self._logged[str(path)] = written[path]
            name = self._artifact or f"model-{run.id}"
            artifact = tracker.Artifact(name, type="model", metadata=_metadata(callback, path))
            if path.is_dir():  # a sharded checkpoint
                artifact.add_dir(str(path), name="model.ckpt")
            else:
                artifact.add_file(str(path), name="model.ckpt")
            marks = {"last": callback.last_model_path}
            if best and finite(callback.best_model_score) is not None:
                marks[best] = callback.best_model_path
            aliases = [mark for mark, marked in marks.items() if marked and Path(marked) == path]
            run.log_artifact(artifact, aliases=aliases)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_callbacks": []}


def _is_alive(callback: ModelCheckpoint) -> bool:
    try:
        return bool(callback.__class__)
    except ReferenceError:
        return False


def _free(taken: dict[str, Any], name: str, callback: ModelCheckpoint) -> str:
    """A name of this callback's own beside those of others."""
    if name in taken and callback.filename:
        name = f"{name}:{callback.filename}"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}:{number}"
    return free


def _metadata(callback: ModelCheckpoint, path: Path) -> dict[str, Any]:
    scores = {Path(kept): score for kept, score in callback.best_k_models.items()}
    score = scores.get(path)
    return {
        "original_filename": path.name,
        "monitor": callback.monitor,
        "score": None if score is None else float(score),
        **{name: getattr(callback, name) for name in ("mode", "save_last", "save_top_k", "save_weights_only")},
    }
