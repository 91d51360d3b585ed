"""Every trainer with a logger of ours: what `magic` does for Lightning."""

from __future__ import annotations

import weakref
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import tracker_core as tracker
from tracker_core.integration import patched, takes, unseen
from tracker_integrations.lightning.logger import TrackerLogger
from tracker_integrations.lightning.namespace import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from pytorch_lightning import Callback

    from tracker_core.integration import SwitchSink
else:
    Callback = import_module(f"{NAMESPACE}.callbacks").Callback

_VERBS = ("log_metrics", "log_hyperparams", "log_graph", "after_save_checkpoint")

_open: weakref.WeakSet[MagicCallback] = weakref.WeakSet()
"""Those that listen to a logger now."""


class MagicCallback(Callback):
    """Gives a `TrackerLogger` what the trainer's first logger gets, while the trainer runs.

    The logger is not among `trainer.loggers`, since scripts go through those and call the methods of their own class.
    """

    def __init__(self, logger: TrackerLogger) -> None:
        super().__init__()
        self.logger = logger
        self._patches = ExitStack()

    @unseen
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - Lightning's signature
        self.close()
        loggers = trainer.loggers
        if not loggers or any(isinstance(each, TrackerLogger) for each in loggers) or _is_dummy(loggers[0]):
            return
        _open.add(self)
        for verb in _VERBS:
            owner = next((base for base in type(loggers[0]).__mro__ if verb in vars(base)), None)
            if owner is not None:
                self._patches.enter_context(patched(owner, verb, self._forwarded(verb, loggers[0])))

    @unseen
    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - as above
        listened = self in _open
        self.close()
        if listened:
            self.logger.finalize("success")

    @unseen
    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002 - as above
        self.close()
        self.logger.finalize("failed")

    def close(self) -> None:
        """Ends the listening."""
        _open.discard(self)
        self._patches.close()

    def _forwarded(self, verb: str, first: Any) -> Any:
        busy = False

        def forwarded(call: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            nonlocal busy
            outermost = instance is first and not busy
            busy = busy or outermost
            try:
                call(*args, **kwargs)
            finally:
                busy = busy and not outermost
            if outermost:
                getattr(self.logger, verb)(*args, **kwargs)

        return forwarded

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_patches": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _patches=ExitStack())


class _MirroredLogger(TrackerLogger):
    """Beside a TensorBoardLogger whose files are mirrored: every metric would be there twice, at other steps."""

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        pass


@takes("log_model")
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Logs every trainer that has loggers but none of ours to the current run.

    `module` is `pytorch_lightning` or `lightning`. Option: `log_model`, as for `TrackerLogger`.
    """

    def made(call: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        # logger=False is the user's word, and fast_dev_run has put dummies in place of all loggers.
        if not trainer.loggers or trainer.fast_dev_run or tracker.run is None:
            return
        if any(isinstance(logger, TrackerLogger) for logger in trainer.loggers):
            return
        kind = _MirroredLogger if _is_mirrored(trainer.loggers, tracker.run) else TrackerLogger
        ours = kind(experiment=tracker.run, log_model=sink.options.get("log_model", False))
        # Before the checkpoints, which Lightning keeps at the end.
        place = next((i for i, each in enumerate(trainer.callbacks) if _is_checkpoint(each)), len(trainer.callbacks))
        trainer.callbacks.insert(place, MagicCallback(ours))

    try:
        with patched(getattr(module, "pytorch", module).Trainer, "__init__", made):
            yield
    finally:
        for callback in list(_open):
            callback.close()


def _is_checkpoint(callback: object) -> bool:
    return "Checkpoint" in _names(callback)


def _is_dummy(logger: object) -> bool:
    return "DummyLogger" in _names(logger)


def _is_mirrored(loggers: Sequence[Any], run: tracker.Run) -> bool:
    return any("TensorBoardLogger" in _names(logger) for logger in loggers) and any(
        part.switch == "sync_tensorboard" and part.state != "failed" for part in run.magic
    )


def _names(value: object) -> set[str]:
    """Of its classes: those of the two namespaces are unrelated."""
    return {base.__name__ for base in type(value).__mro__}
