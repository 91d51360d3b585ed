"""Transformers: `Trainer(callbacks=[TrackerCallback()])`.

When this is imported, or `magic` is on, `TrainingArguments(report_to="tracker")` means the same.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from transformers import TrainerCallback
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

import tracker_core as tracker
from tracker_core.integration import (
    Unsupported,
    blame_author,
    check_arguments,
    end_run,
    fits,
    guard,
    is_finished,
    next_count,
    patched,
    takes,
    unseen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from transformers import TrainerControl, TrainerState, TrainingArguments

    from tracker_core.integration import SwitchSink

STEP = "train/global_step"

_AT_THE_END = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "total_flos")
"""What a training reports once, of all of it."""

_started: weakref.WeakSet[tracker.Run] = weakref.WeakSet()
"""Runs of trainers. The next trainer has one of its own."""


class TrackerCallback(TrainerCallback):
    """Logs what a `Trainer` logs: to `run`, else to the user's current run, else to one of this trainer's own.

    `train/<name>`, `eval/<name>` and `test/<name>` over `train/global_step`; figures of the whole training in the
    summary; arguments and the model's configuration in the config. Only the first process of all logs.

    A run of its own is called `run_name`, started with `init`'s keywords and kept over several `train` and `evaluate`;
    it ends when another trainer starts one, or with the process. In a hyperparameter search each trial is a run,
    grouped under `run_name` or the output folder. Where the run mirrors TensorBoard and the trainer reports to it, the
    metrics are those that are mirrored, at the steps that they have there.

    Steps of a second training in one run continue after the last one; those of a training that continues from a
    checkpoint are its own. What cannot be recorded is reported once and never raised.

    `log_model` logs the model as versions of an artifact `model-<run id>`: "end" or True when a training ends,
    "checkpoint" whenever one is saved, too. `TRACKER_LOG_MODEL` says so for `report_to="tracker"`. `watch` is what
    `run.watch` takes for `log`.
    """

    def __init__(
        self,
        run: tracker.Run | None = None,
        *,
        log_model: Literal["end", "checkpoint"] | bool | None = None,
        watch: Literal["gradients", "parameters", "all"] | None = None,
        **init: Any,
    ) -> None:
        check_arguments(self, run, init)
        self._given = run
        self._init = init
        self._log_model = _choice(os.environ.get("TRACKER_LOG_MODEL", "") if log_model is None else log_model)
        self._watch = watch
        self._arguments: dict[str, Any] = dict(init)
        self._own: tracker.Run | None = None
        self._trial: tracker.Run | None = None
        self._trials = 0
        _watch_searches()
        self._described: tracker.Run | None = None
        self._mirrored = False
        self._training: tracker.Run | None = None
        self._counted: str | None = None
        self._offset = 0

    @property
    def run(self) -> tracker.Run:
        """The run that is logged to; started when there is none, gone on with when it was finished meanwhile."""
        if fixed := self._trial or self._given:
            return fixed
        if self._own is not None and not is_finished(self._own):
            return self._own
        current, ended = tracker.run, self._training
        if current is None and ended is not None and ended is not self._own and is_finished(ended):
            return ended  # the user finished it: no other one is started for what is left of this training
        if current is not None and current not in _started and fits(current, self._init):
            return current
        again = {"id": self._own.id, "resume": "allow"} if self._own is not None else {}
        beside = "create_new" if current is not None and current not in _started else "finish_previous"
        self._own = tracker.init(**{**self._arguments, **again, "reinit": beside})
        _started.add(self._own)
        return self._own

    @unseen
    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - Transformers' signature
        model: Any = None,
        **_: Any,
    ) -> None:
        if not state.is_world_process_zero:
            return
        self._training = self._counted = None
        self.end_trial("finished")
        if state.is_hyper_param_search:
            self._trial = self._start_trial(args, state)
        self._arguments = {**_naming(args), **self._init}
        self._training = self._begin()
        self._describe(args, state, model)
        self._step(state)  # before the first log: the trainer says now where it begins
        with guard("the gradients of Transformers' model"):
            if self._watch is not None:
                self.run.watch(model, log=self._watch, log_freq=max(100, int(state.logging_steps)))

    def end_trial(self, outcome: Literal["finished", "failed", "pruned"], reason: str = "") -> None:
        """End the run of the trial of a search, if there is one: the trainer's callbacks are not told of it."""
        trial, self._trial = self._trial, None
        if trial is not None:
            with guard("the end of a trial of Transformers"):
                end_run(trial, outcome, reason)

    @unseen
    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - as above
        logs: Mapping[str, Any] | None = None,
        model: Any = None,
        **_: Any,
    ) -> None:
        if not state.is_world_process_zero:
            return
        self._describe(args, state, model)
        logs = logs or {}
        once = {name: logs[name] for name in _AT_THE_END if name in logs}
        row = {_renamed(name): value for name, value in logs.items() if name not in once}
        if row and not self._mirrored:
            self.run.log({**row, STEP: self._step(state)})
        if once:
            self.run.summary.update(once)

    @unseen
    def on_predict(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        self.on_log(args, state, control, metrics, kwargs.get("model"))

    @unseen
    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - as above
        **_: Any,
    ) -> None:
        if self._log_model != "checkpoint" or not state.is_world_process_zero:
            return
        folder = f"checkpoint-{state.global_step}"
        output = Path(args.output_dir or ".")
        found = [*output.glob(folder), *output.glob(f"*/{folder}")]  # a trial has a folder of its own in between
        if not found:
            return
        newest = max(found, key=lambda path: path.stat().st_mtime)
        best = state.best_model_checkpoint is not None and Path(state.best_model_checkpoint) == newest
        self._keep(newest, state, [folder, *(["best"] if best else [])])

    @unseen
    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - as above
        model: Any = None,
        processing_class: Any = None,
        **_: Any,
    ) -> None:
        if not state.is_world_process_zero:
            return
        with guard("the gradients of Transformers' model"):
            if self._watch is not None:
                self.run.unwatch(model)
        if self._log_model is not None:
            self._keep_model(args, state, model, processing_class)
        self._training = None

    @unseen
    def _keep_model(self, args: TrainingArguments, state: TrainerState, model: Any, processing_class: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            if hasattr(model, "save_pretrained"):
                model.save_pretrained(folder)
            else:
                torch.save(model.state_dict(), Path(folder, "pytorch_model.bin"))
            if processing_class is not None:
                processing_class.save_pretrained(folder)
            self._keep(Path(folder), state, ["final", *(["best"] if args.load_best_model_at_end else [])])

    def _begin(self) -> tracker.Run:
        """The run for the training that begins now. An argument that `init` refuses is the author's to correct."""
        try:
            return self.run
        except (tracker.LaunchError, tracker.UsageError) as error:
            if isinstance(error.__cause__, OSError):
                raise
            raise blame_author(error) from None

    @unseen
    def _describe(self, args: TrainingArguments, state: TrainerState, model: Any) -> None:
        """Once for each run, and each training in it."""
        if self._described is not None and self._described is self.run and state.global_step:
            return
        self._arguments = {**_naming(args), **self._init}
        run = self._described = self.run
        self._mirrored = _is_mirrored(args, run)
        if not self._mirrored:
            run.define_metric(STEP, hidden=True)
            for part in ("train", "eval", "test"):
                run.define_metric(f"{part}/*", step_metric=STEP)
        for subject, values in _config(args, model).items():
            with guard(f"{subject} of Transformers"):
                run.config.update(values(), allow_val_change=True)
        with guard("the trial of Transformers"):
            if state.trial_params:
                run.config.update({"trial": dict(state.trial_params)}, allow_val_change=True)

    def _step(self, state: TrainerState) -> int:
        """The trainer's step, after the run's last one where the trainer counts from 0 in a run that has steps."""
        run = self.run
        if self._counted != run.id:
            self._counted = run.id
            # A training that continues from a checkpoint begins at the step of that.
            self._offset = 0 if state.global_step else max(0, next_count(run, STEP) - 1)
        return int(state.global_step) + self._offset

    def _start_trial(self, args: TrainingArguments, state: TrainerState) -> tracker.Run:
        group = _naming(args).get("name") or Path(args.output_dir or "search").name
        self._trials += 1
        parent = self._given or tracker.run
        place = {"project": parent.project, "dir": parent.folder.root.parent} if parent is not None else {}
        return tracker.init(
            **{
                "group": group,
                "job_type": "trial",
                **place,
                **self._init,
                "name": state.trial_name or f"{group}-{self._trials}",
                "reinit": "create_new",
                "magic": False,
            }
        )

    def _keep(self, folder: Path, state: TrainerState, aliases: list[str]) -> None:
        metadata = {"global_step": state.global_step, "epoch": state.epoch, "best_metric": state.best_metric}
        artifact = tracker.Artifact(f"model-{self.run.id}", type="model", metadata=metadata)
        artifact.add_dir(str(folder))
        self.run.log_artifact(artifact, aliases=aliases)


# Transformers resolves the names of `report_to` here.
INTEGRATION_TO_CALLBACK["tracker"] = TrackerCallback


@takes("log_model", "watch")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Adds a `TrackerCallback` to every `Trainer` that has none, also of subclasses in other packages.

    Options: its `log_model` and `watch`.
    """

    def made(call: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        if not any(isinstance(callback, TrackerCallback) for callback in trainer.callback_handler.callbacks):
            options = {name: sink.options[name] for name in ("log_model", "watch") if name in sink.options}
            trainer.add_callback(TrackerCallback(**options))

    with patched(module.Trainer, "__init__", made):
        yield


_searches = ExitStack()
"""What ends the runs of trials. It holds for the whole process: a callback passed by hand has no end of its own."""


def _watch_searches() -> None:
    global _searching  # noqa: PLW0603 - once a process
    if _searching:
        return
    _searching = True
    from transformers import Trainer

    def train(call: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            call(*args, **kwargs)
        except Exception as error:
            pruned = any(kind.__name__ == "TrialPruned" for kind in type(error).__mro__)  # Optuna's
            _end_trials(trainer, "pruned" if pruned else "failed", "" if pruned else f"{type(error).__name__}: {error}")
            raise

    def search(call: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            call(*args, **kwargs)
        except Exception as error:
            _end_trials(trainer, "failed", f"{type(error).__name__}: {error}")
            raise
        _end_trials(trainer, "finished")

    for name, wrapper in (("train", train), ("hyperparameter_search", search)):
        with suppress(Unsupported):
            _searches.enter_context(patched(Trainer, name, wrapper))


_searching = False


def _end_trials(trainer: Any, outcome: Literal["finished", "failed", "pruned"], reason: str = "") -> None:
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TrackerCallback):
            callback.end_trial(outcome, reason)


def _is_mirrored(args: TrainingArguments, run: tracker.Run) -> bool:
    """Transformers' own callback for TensorBoard gives every metric the name that we give it."""
    return "tensorboard" in (args.report_to or ()) and any(
        part.switch == "sync_tensorboard" and part.state != "failed" for part in run.magic
    )


def _choice(value: str | bool) -> Literal["end", "checkpoint"] | None:
    match value.lower() if isinstance(value, str) else value:
        case True | "end" | "true" | "1":
            return "end"
        case "checkpoint":
            return "checkpoint"
        case False | "" | "false" | "0":
            return None
    raise tracker.UsageError(f'log_model={value!r} must be "end", "checkpoint" or False')


def _naming(args: TrainingArguments) -> dict[str, Any]:
    """Name and project as far as the user gave them; each has had a default."""
    named: dict[str, Any] = {}
    if args.run_name and args.run_name != args.output_dir:
        named["name"] = args.run_name
    if getattr(args, "project", None) not in (None, "huggingface"):
        named["project"] = args.project
    return named


def _config(args: TrainingArguments, model: Any) -> dict[str, Callable[[], dict[str, Any]]]:
    """The parts of the config, each read by itself, since the user's classes may fail."""
    config = getattr(model, "config", None)
    adapters = getattr(model, "peft_config", None) or {}
    parts: dict[str, Callable[[], dict[str, Any]]] = {}
    if config is not None:
        parts["the model's configuration"] = lambda: config if isinstance(config, dict) else config.to_dict()
    parts["the arguments"] = args.to_dict
    if adapters:
        parts["the adapters"] = lambda: {"peft_config": {name: adapter.to_dict() for name, adapter in adapters.items()}}
    if hasattr(model, "num_parameters"):
        parts["the size of the model"] = lambda: {"model/num_parameters": model.num_parameters()}
    return parts


def _renamed(name: str) -> str:
    """As users know it from other trackers: `eval_loss` is `eval/loss`, `loss` is `train/loss`."""
    for part in ("eval", "test"):
        if name.startswith(f"{part}_"):
            return f"{part}/{name[len(part) + 1 :]}"
    return f"train/{name}"
