"""Ray Tune: `RunConfig(callbacks=[TrackerLoggerCallback()])`, or `setup_tracker(config)` where a trial trains."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psutil
from ray import train, tune
from ray.tune.logger import LoggerCallback
from ray.tune.utils import flatten_dict

import tracker_core as tracker
from tracker_core.integration import check_arguments, end_run, unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ray.tune.experiment import Trial

_BOOKKEEPING = frozenset(
    "checkpoint_dir_name config date done experiment_tag hostname iterations_since_restore node_ip pid "
    "should_checkpoint time_since_restore timesteps_since_restore timestamp trial_id warmup_time".split()
)
"""What Ray adds to each result and says nothing of the training."""


class TrackerLoggerCallback(LoggerCallback):
    """Makes a run of each trial, from the driver: what the trial reports, at its iteration, and its config.

    Runs are called like their trials, by name and id, and grouped by experiment, or as `init`'s keywords say; a trial
    that failed is a failed run. They stand beside the current run, if there is one, which is left alone. A trial that
    is paused, tried again or restored goes on with its run.

    `log_model=True` logs each checkpoint of a trial as a version of the artifact `model-<trial id>`.
    """

    def __init__(self, project: str | None = None, *, log_model: bool = False, **init: Any) -> None:
        check_arguments(self, None, init)
        self._init = {"project": project, **init}
        self._log_model = log_model
        self._runs: dict[str, tracker.Run] = {}

    @unseen
    def log_trial_start(self, trial: Trial) -> None:
        if trial.trial_id in self._runs:
            return
        parent = tracker.run
        place = {"project": parent.project, "dir": parent.folder.root.parent} if parent is not None else {}
        ours = {name: value for name, value in self._init.items() if value is not None}
        self._runs[trial.trial_id] = tracker.init(
            **{
                "id": trial.trial_id,
                "name": str(trial),
                "group": trial.experiment_dir_name,
                "job_type": "trial",
                "config": trial.config,
                "magic": False,
                **place,
                **ours,
                "resume": "allow",
                "reinit": "create_new",
            }
        )

    @unseen
    def log_trial_restore(self, trial: Trial) -> None:
        self.log_trial_start(trial)

    @unseen
    def log_trial_result(self, iteration: int, trial: Trial, result: Mapping[str, Any]) -> None:  # noqa: ARG002 - Ray's
        self.log_trial_start(trial)  # of a driver that was restored there is none
        told = {name: value for name, value in result.items() if name not in _BOOKKEEPING and value is not None}
        self._runs[trial.trial_id].log(flatten_dict(told), step=result["training_iteration"])

    @unseen
    def log_trial_save(self, trial: Trial) -> None:
        if not self._log_model or trial.checkpoint is None or trial.trial_id not in self._runs:
            return
        iteration = trial.last_result["training_iteration"]
        artifact = tracker.Artifact(
            f"model-{trial.trial_id}", type="model", metadata={"iteration": iteration, "config": trial.config}
        )
        with trial.checkpoint.as_directory() as folder:
            artifact.add_dir(folder)
        self._runs[trial.trial_id].log_artifact(artifact, aliases=[f"iteration-{iteration}"])

    @unseen
    def log_trial_end(self, trial: Trial, failed: bool = False) -> None:
        run = self._runs.pop(trial.trial_id, None)
        if run is not None:
            end_run(run, "failed" if failed else "finished", _error(trial) if failed else "")

    @unseen
    def on_experiment_end(self, trials: list[Trial], **info: Any) -> None:
        """End the runs of trials that were interrupted."""
        del info
        for trial in trials:
            self.log_trial_end(trial, failed=trial.status != "TERMINATED")

    def __getstate__(self) -> dict[str, Any]:
        """Without the runs: a restored experiment finds them by their ids."""
        return {**self.__dict__, "_runs": {}}


def _error(trial: Trial) -> str:
    """What a trial raised, as one line; empty for one that was interrupted."""
    error = getattr(trial, "get_error", lambda: None)()
    return f"{type(error).__name__}: {error}".splitlines()[0][:1000] if error is not None else ""


def setup_tracker(config: Mapping[str, Any] | None = None, *, rank_zero_only: bool = True, **init: Any) -> tracker.Run:
    """The run of the trial, or of the Ray Train worker, that this is called in. Use it in a `with` statement.

    It is called like the trial, by name and id, and grouped by experiment, or as `init`'s keywords say. Without
    `dir` it lies below the folder in which Ray was started: the trial's own is swept away with Ray's session. On the
    other workers of a distributed training the run swallows every call, unless `rank_zero_only=False`.
    """
    ours = _trial()
    if rank_zero_only and ours.pop("rank", 0):
        return tracker.init(mode="disabled")
    ours.pop("rank", None)
    if "TRACKER_DIR" not in os.environ:
        ours["dir"] = _home()
    run = tracker.init(**{**ours, "config": dict(config or {}), "resume": "allow", **init})
    assert isinstance(run, tracker.Run)
    return run


def _trial() -> dict[str, Any]:
    """What Ray knows of where we are."""
    if tune.trainable.trainable_fn_utils._in_tune_session():  # noqa: SLF001 - asking the context would warn or raise
        context = tune.get_context()
        return {
            "id": context.get_trial_id(),
            "name": context.get_trial_name(),
            "group": context.get_experiment_name(),
            "job_type": "trial",
        }
    worker = train.get_context()
    return {"name": worker.get_experiment_name(), "rank": worker.get_world_rank() or 0}


def _home() -> str | None:
    parent = psutil.Process().parent()  # Ray's own process on this machine
    try:
        return parent.cwd() if parent is not None else None
    except psutil.Error:
        return None
