"""PyTorch Lightning: `Trainer(logger=TrackerLogger())`, from `pytorch_lightning` and `lightning.pytorch` alike."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from lightning_utilities.core.rank_zero import rank_zero_only

import tracker_core as tracker
from tracker_core.integration import patched, run_for, takes, unseen


def _namespace() -> str:
    """The namespace in use. Their base classes are unrelated and their trainers take either's loggers, but importing
    the other one than the user did would cost seconds.
    """
    for name in ("pytorch_lightning", "lightning.pytorch"):
        if name in sys.modules:
            return name
    return "pytorch_lightning" if find_spec("pytorch_lightning") else "lightning.pytorch"


if TYPE_CHECKING:
    import os
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from lightning_fabric.loggers.logger import rank_zero_experiment
    from pytorch_lightning.callbacks import ModelCheckpoint
    from pytorch_lightning.loggers.logger import Logger

    from tracker_core.integration import SwitchSink
else:
    _module = import_module(f"{_namespace()}.loggers.logger")
    Logger, rank_zero_experiment = _module.Logger, _module.rank_zero_experiment

STEP = "trainer/global_step"


class TrackerLogger(Logger):
    """Logs a training to a run: to `experiment`, else to the current run, else to one of its own.

    A run of its own is started by the first thing logged, on rank 0 only, and kept over several `fit` and `test`
    calls; it ends with the process or `tracker.finish()`. The arguments that describe a run mean what they mean for
    `tracker.init`; `version` is another word for `id`, and further keywords go to `tracker.init` too.

    Metrics have `trainer/global_step` as their x-axis, since Lightning's steps repeat and go back. `prefix` goes
    before their names, joined by "/" unless it ends in a separator of its own.

    `log_model=True` logs the checkpoints that exist when a `fit` ends as versions of one artifact of type "model",
    `"all"` every one when it is saved; it is called `checkpoint_name` or `model-<run id>`, and the aliases `best` and
    `last` move along. Where checkpoints lie, and their scores, are in the summary in any case.
    """

    def __init__(
        self,
        name: str | None = None,
        save_dir: str | os.PathLike[str] = ".",
        version: str | None = None,
        offline: bool = False,
        dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name that users know
        id: str | None = None,  # noqa: A002 - as above
        project: str | None = None,
        entity: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Sequence[str] | None = None,
        notes: str | None = None,
        config: Any = None,
        log_model: Literal["all"] | bool = False,
        prefix: str = "",
        experiment: tracker.Run | None = None,
        checkpoint_name: str | None = None,
        **init: Any,
    ) -> None:
        super().__init__()
        self._save_dir = str(dir if dir is not None else save_dir)
        self._project = project
        self._version = version if version is not None else id
        self._arguments = {
            "name": name,
            "dir": self._save_dir,
            "id": self._version,
            "mode": "offline" if offline else None,
            "project": project,
            "entity": entity,
            "group": group,
            "job_type": job_type,
            "tags": tags,
            "notes": notes,
            "config": config,
            **init,
        }
        self._log_model = log_model
        self._checkpoint_name = checkpoint_name
        self._prefix = prefix if not prefix or prefix[-1] in "/-_." else f"{prefix}/"
        self._run: tracker.Run | None = experiment
        self._defined = False
        self._checkpoint_callbacks: list[ModelCheckpoint] = []
        self._kept: dict[str, float] = {}

    @property
    @rank_zero_experiment
    def experiment(self) -> tracker.Run:
        """The run, started when there is none yet; on other ranks something that swallows every call."""
        if self._run is None:
            self._run = run_for(None, self._arguments)
        if not self._defined:
            self._defined = True
            self._run.define_metric(STEP, hidden=True)
            self._run.define_metric("*", step_metric=STEP, step_sync=True)
        return self._run

    @property
    def name(self) -> str | None:
        """The project: the first folder of the checkpoints below `save_dir`."""
        return self._run.project if self._run is not None else self._project

    @property
    def version(self) -> str | None:
        """The run's id: the second folder of the checkpoints. None before there is one."""
        return self._run.id if self._run is not None else self._version

    @property
    def save_dir(self) -> str:
        return self._save_dir

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        row = {f"{self._prefix}{key}": value for key, value in metrics.items()}
        if step is not None:
            row.setdefault(STEP, step)
        self.experiment.log(row)

    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        values = params if isinstance(params, Mapping) else vars(params)
        self.experiment.config.update(_described(values), allow_val_change=True)

    @rank_zero_only
    def watch(
        self,
        model: torch.nn.Module,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 100,
        log_graph: bool = False,
    ) -> None:
        """`run.watch`: histograms and norms of the model, every `log_freq` optimizer steps."""
        self.experiment.watch(model, log=log, log_freq=log_freq, log_graph=log_graph)

    @rank_zero_only
    def unwatch(self, model: torch.nn.Module) -> None:
        self.experiment.unwatch(model)

    def log_image(self, key: str, images: Sequence[Any], step: int | None = None, **each: Sequence[Any]) -> None:
        """Logs `tracker.Image` of every element; `each` has a list per keyword, such as `caption=["a", "b"]`."""
        self._log_each(tracker.Image, key, images, step, each)

    def log_audio(self, key: str, audios: Sequence[Any], step: int | None = None, **each: Sequence[Any]) -> None:
        """As `log_image`, with `tracker.Audio`."""
        self._log_each(tracker.Audio, key, audios, step, each)

    def log_video(self, key: str, videos: Sequence[Any], step: int | None = None, **each: Sequence[Any]) -> None:
        """As `log_image`, with `tracker.Video`."""
        self._log_each(tracker.Video, key, videos, step, each)

    @rank_zero_only
    def log_table(
        self,
        key: str,
        columns: list[str] | None = None,
        data: list[list[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Logs a `tracker.Table` of rows or of a dataframe."""
        self.log_metrics({key: tracker.Table(columns=columns, data=data, dataframe=dataframe)}, step)

    def log_text(
        self,
        key: str,
        columns: list[str] | None = None,
        data: list[list[str]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Logs texts as a table, as Lightning's other loggers do."""
        self.log_table(key, columns, data, dataframe, step)

    @rank_zero_only
    def _log_each(
        self, kind: Any, key: str, values: Sequence[Any], step: int | None, each: Mapping[str, Sequence[Any]]
    ) -> None:
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"{key!r}: a list is wanted, not {type(values).__name__}")
        for name, given in each.items():
            if len(given) != len(values):
                raise tracker.UsageError(f"{key!r}: {len(values)} values, but {len(given)} for {name}")
        made = [kind(value, **{name: given[i] for name, given in each.items()}) for i, value in enumerate(values)]
        self.log_metrics({key: made}, step)

    @rank_zero_only
    def after_save_checkpoint(self, checkpoint_callback: ModelCheckpoint) -> None:
        if checkpoint_callback not in self._checkpoint_callbacks:
            self._checkpoint_callbacks.append(checkpoint_callback)
        self.experiment.summary.update({"checkpoint": self._checkpoints()})
        if self._log_model == "all" or (self._log_model and checkpoint_callback.save_top_k == -1):
            self._keep(checkpoint_callback)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Logs the checkpoints if asked to. The run goes on: Lightning calls this after every fit and every test."""
        if self._run is not None and isinstance(sys.exc_info()[1], KeyboardInterrupt):
            self._run.mark_interrupted()  # Lightning is about to exit with 1
        if self._log_model and status == "success":
            for callback in self._checkpoint_callbacks:
                self._keep(callback)

    def _checkpoints(self) -> dict[str, Any]:
        """Per monitored metric the best checkpoint and its score, and the last one."""
        found: dict[str, Any] = {}
        for callback in self._checkpoint_callbacks:
            entry: dict[str, Any] = {"path": callback.best_model_path}
            if callback.best_model_score is not None:
                entry["score"] = float(callback.best_model_score)
            found[callback.monitor or "latest"] = entry
            if callback.last_model_path:
                found["last"] = {"path": callback.last_model_path}
        return found

    def _keep(self, callback: ModelCheckpoint) -> None:
        """Logs the callback's checkpoints that are new or were written again since, oldest first."""
        paths = {Path(path) for path in (callback.best_model_path, callback.last_model_path, *callback.best_k_models)}
        written = {path: path.stat().st_mtime for path in paths if path.name and path.exists()}
        for path in sorted(written, key=lambda path: written[path]):
            if self._kept.get(str(path)) == written[path]:
                continue
            self._kept[str(path)] = written[path]
            name = self._checkpoint_name or f"model-{self.experiment.id}"
            artifact = tracker.Artifact(name, type="model", metadata=_metadata(callback, path))
            if path.is_dir():  # a sharded checkpoint
                artifact.add_dir(str(path), name="model.ckpt")
            else:
                artifact.add_file(str(path), name="model.ckpt")
            marks = {"best": callback.best_model_path, "last": callback.last_model_path}
            aliases = [mark for mark, marked in marks.items() if marked and Path(marked) == path]
            self.experiment.log_artifact(artifact, aliases=aliases)

    def __getstate__(self) -> dict[str, Any]:
        """Starts the run first, on rank 0: a spawned worker must join this run, not begin another."""
        if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
            _ = self.experiment
        return {**self.__dict__, "_checkpoint_callbacks": []}


def _metadata(callback: ModelCheckpoint, path: Path) -> dict[str, Any]:
    scores = {Path(kept): score for kept, score in callback.best_k_models.items()}
    score = scores.get(path)
    return {
        "original_filename": path.name,
        "monitor": callback.monitor,
        "score": None if score is None else float(score),
        **{name: getattr(callback, name) for name in ("mode", "save_last", "save_top_k", "save_weights_only")},
    }


class _MagicLogger(TrackerLogger):
    """What `magic` adds: a trainer that nobody gave a logger must not fail by ours."""

    log_metrics = unseen(TrackerLogger.log_metrics)
    log_hyperparams = unseen(TrackerLogger.log_hyperparams)
    after_save_checkpoint = unseen(TrackerLogger.after_save_checkpoint)
    finalize = unseen(TrackerLogger.finalize)


class _MirroredLogger(_MagicLogger):
    """Beside a TensorBoardLogger whose files are mirrored: every metric would be there twice, at other steps."""

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        pass


@takes("log_model")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Adds a `TrackerLogger` of the current run to every trainer that has loggers but none of ours.

    `module` is `pytorch_lightning` or `lightning`. Option: its `log_model`.
    """

    def made(call: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        # logger=False is the user's word, and fast_dev_run has put dummies in place of all loggers.
        if kwargs.get("logger") is False or trainer.fast_dev_run or tracker.run is None:
            return
        if not any(isinstance(logger, TrackerLogger) for logger in trainer.loggers):
            kind = _MirroredLogger if _is_mirrored(trainer.loggers, tracker.run) else _MagicLogger
            ours = kind(experiment=tracker.run, log_model=sink.options.get("log_model", False))
            # Last, because the folder of the checkpoints is the first logger's.
            trainer.loggers = [*trainer.loggers, ours]

    with patched(getattr(module, "pytorch", module).Trainer, "__init__", made):
        yield


def _is_mirrored(loggers: Sequence[Any], run: tracker.Run) -> bool:
    names = {base.__name__ for logger in loggers for base in type(logger).__mro__}
    return "TensorBoardLogger" in names and any(
        part.switch == "sync_tensorboard" and part.state != "failed" for part in run.magic
    )


def _described(value: Any) -> Any:
    """Hyperparameters with live modules, devices and types as the text that users know them by."""
    if isinstance(value, Mapping):
        return {str(key): _described(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_described(item) for item in value]
    if isinstance(value, (torch.nn.Module, torch.dtype, torch.device)):
        return str(value)
    return value
