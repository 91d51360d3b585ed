"""The logger for a trainer, from `pytorch_lightning` and `lightning.pytorch` alike."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import torch
from lightning_utilities.core.rank_zero import rank_zero_only

import tracker_core as tracker
from tracker_core.integration import blame_author, check_arguments, guard, items, next_count, report, run_for, unseen
from tracker_integrations.lightning.checkpoint import Checkpoints
from tracker_integrations.lightning.namespace import NAMESPACE

if TYPE_CHECKING:
    import os
    from argparse import Namespace
    from collections.abc import Sequence

    from lightning_fabric.loggers.logger import rank_zero_experiment
    from pytorch_lightning.callbacks import ModelCheckpoint
    from pytorch_lightning.loggers.logger import Logger
else:
    _module = import_module(f"{NAMESPACE}.loggers.logger")
    Logger, rank_zero_experiment = _module.Logger, _module.rank_zero_experiment

STEP = "trainer/global_step"


class TrackerLogger(Logger):
    """Logs a training to a run: to `experiment`, else to the current run, else to one of its own.

    A run of its own is started by the first thing logged, on rank 0 only, and kept over several `fit` and `test`
    calls; it ends with the process or `tracker.finish()`. The arguments that describe a run mean what they mean for
    `tracker.init`; `version` is another word for `id`, and further keywords go to `tracker.init` too.

    Metrics have `trainer/global_step` as their x-axis, since Lightning's steps repeat and go back; the steps of another
    trainer continue after those that the run has. `prefix` goes before their names, joined by "/" unless it ends in a
    separator of its own.

    `log_model=True` logs the checkpoints that exist when a `fit` ends as versions of one artifact of type "model",
    `"all"` every one when it is saved; it is called `checkpoint_name` or `model-<run id>`, and the aliases `best` and
    `last` move along. The paths of checkpoints, and their scores, are in the summary in any case.

    What cannot be recorded is reported once and never raised into the training.
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
        check_arguments(self, experiment, init, argument="experiment")
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
        self._prefix = prefix if not prefix or prefix[-1] in "/-_." else f"{prefix}/"
        self._run: tracker.Run | None = experiment
        self._defined = False
        self._failed = False
        self._offset = 0
        self._trainer: weakref.ref[Any] | None = None
        self._checkpoints = Checkpoints(checkpoint_name)

    @property
    @rank_zero_experiment
    def experiment(self) -> tracker.Run:
        """The run, started when there is none yet; on other ranks something that swallows every call."""
        if self._failed:
            return _Nothing()  # type: ignore[return-value]
        if self._run is None:
            try:
                self._run = run_for(None, self._arguments)
            except Exception as error:  # noqa: BLE001 - the training goes on without a run
                if isinstance(error, (tracker.LaunchError, tracker.UsageError)) and error.__cause__ is None:
                    raise blame_author(error) from None
                self._failed = True
                report("the run of Lightning's TrackerLogger", error)
                return _Nothing()  # type: ignore[return-value]
        if not self._defined:
            self._defined = True
            with guard("the axis of Lightning's metrics"):
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
        """The folder above those of the checkpoints."""
        # `Trainer.log_dir` is the `log_dir` of Lightning's own file loggers and the `save_dir` of all others. There
        # SaveConfigCallback refuses to start where an earlier run has left its file.
        caller = sys._getframe(1)  # noqa: SLF001 - the way to tell the two questions apart
        if caller.f_code.co_name == "log_dir" and caller.f_globals.get("__name__", "").endswith(".trainer.trainer"):
            return self.log_dir
        return self._save_dir

    @property
    def log_dir(self) -> str:
        """The folder of the run's files, `trainer.log_dir`; `save_dir` before there is a run."""
        return self._run.dir if self._run is not None else self._save_dir

    @rank_zero_only
    @unseen
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        row = {f"{self._prefix}{key}": value for key, value in metrics.items()}
        if step is not None:
            row.setdefault(STEP, step + self._offset)
        self.experiment.log(row)

    @rank_zero_only
    @unseen
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        found: dict[str, Any] = {}
        for key, value in items(params if isinstance(params, Mapping) else vars(params)):
            with guard("a hyperparameter of Lightning"):
                found[str(key)] = _described(value)
        self.experiment.config.update(found, allow_val_change=True)

    @rank_zero_only
    @unseen
    def log_graph(self, model: Any, input_array: Any = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Lightning calls this when a fit or test begins: the steps of another trainer continue after the run's."""
        trainer = model.trainer
        if self._trainer is not None and self._trainer() is trainer:
            return
        self._trainer = weakref.ref(trainer)
        self._offset = 0
        fits = getattr(trainer.state.fn, "value", "") == "fit"
        if fits:
            self._checkpoints.clear()
        if trainer.global_step == 0 and not trainer.ckpt_path:
            self._offset = max(0, next_count(self.experiment, STEP) - (0 if fits else 1))

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
        with guard("a table of Lightning"):
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
        made: list[Any] = []
        for index, value in enumerate(values):
            with guard(f"{kind.__name__} {key!r} of Lightning"):
                made.append(kind(value, **{name: given[index] for name, given in each.items()}))
        if made or not values:
            self.log_metrics({key: made}, step)

    @rank_zero_only
    @unseen
    def after_save_checkpoint(self, checkpoint_callback: ModelCheckpoint) -> None:
        self._checkpoints.add(checkpoint_callback)
        self.experiment.summary.update({"checkpoint": self._checkpoints.described()})
        if self._log_model == "all" or (self._log_model and checkpoint_callback.save_top_k == -1):
            self._checkpoints.keep(self.experiment)

    @rank_zero_only
    @unseen
    def finalize(self, status: str) -> None:
        """Logs the checkpoints if asked to. The run goes on: Lightning calls this after every fit and every test."""
        if self._run is not None and isinstance(sys.exc_info()[1], KeyboardInterrupt):
            self._run.mark_interrupted()  # Lightning is about to exit with 1
        if self._log_model and status == "success":
            self._checkpoints.keep(self.experiment)

    def __getstate__(self) -> dict[str, Any]:
        """Starts the run first, on rank 0: a spawned worker must join this run, not begin another."""
        if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
            _ = self.experiment
        return {**self.__dict__, "_trainer": None}


class _Nothing:
    """Stands for a run that could not be started: it takes every call."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __getitem__(self, key: Any) -> Any:
        return self


def _described(value: Any) -> Any:
    """Hyperparameters with live modules, devices and types as the text that users know them by."""
    if isinstance(value, Mapping):
        return {str(key): _described(item) for key, item in items(value)}
    if isinstance(value, (list, tuple)):
        return [_described(item) for item in value]
    if isinstance(value, (torch.nn.Module, torch.dtype, torch.device)):
        return str(value)
    return value
