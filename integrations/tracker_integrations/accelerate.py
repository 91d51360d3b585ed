"""Accelerate: `Accelerator(log_with=TrackerTracker())`, or `log_with="tracker"` when this is imported."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, TypeVar

import accelerate.tracking

import tracker_core as tracker
from tracker_core.integration import CallbackRun, unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracker_core import Run

    F = TypeVar("F", bound=Callable[..., Any])

    def on_main_process(function: F) -> F: ...  # Accelerate has no types

else:
    from accelerate.tracking import on_main_process


_last: weakref.WeakKeyDictionary[tracker.Run, int] = weakref.WeakKeyDictionary()
"""The last step that a training of this process gave to a run."""


class TrackerTracker(accelerate.tracking.GeneralTracker):  # type: ignore[misc]
    """Logs what the accelerator is told: to `run`, else to the current run, else to one that it starts in `project`
    with `init`'s keywords. Only the main process logs.

    Steps that start again, as those of a second training in the same run do, continue after the run's last step.
    `end_training()` ends the run if it was started here. By name, `project` is that of `init_trackers`, the keywords
    are those in its `init_kwargs["tracker"]`. What cannot be recorded is reported once and never raised.
    """

    name = "tracker"
    requires_logging_directory = False
    main_process_only = True

    def __init__(self, project: str | None = None, *, run: tracker.Run | None = None, **init: Any) -> None:
        super().__init__()
        self._run = CallbackRun(self, run, {"project": project, **init})
        self._offset: int | None = None

    @property
    def tracker(self) -> tracker.Run:
        """The run that is logged to; started when there is none. Off the main process it joins that of the main one."""
        return self._run.get()

    @on_main_process
    @unseen
    def start(self) -> None:
        _ = self.tracker

    @on_main_process
    @unseen
    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        self.tracker.config.update(values, allow_val_change=True)

    @on_main_process
    @unseen
    def log(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """As `run.log`; `kwargs` are what `log_kwargs["tracker"]` says."""
        run = self.tracker
        run.log(values, step=self._continued(run, step), **kwargs)

    @on_main_process
    @unseen
    def log_images(self, values: Mapping[str, Sequence[Any]], step: int | None = None, **kwargs: Any) -> None:
        """Logs lists of images by their names; `kwargs` are those of `tracker.Image`."""
        self.log({key: [tracker.Image(image, **kwargs) for image in each] for key, each in values.items()}, step)

    @on_main_process
    @unseen
    def log_table(
        self,
        table_name: str,
        columns: list[str] | None = None,
        data: list[list[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Logs a `tracker.Table` of rows or of a dataframe."""
        self.log({table_name: tracker.Table(columns=columns, data=data, dataframe=dataframe)}, step, **kwargs)

    @on_main_process
    @unseen
    def finish(self) -> None:
        if self._run.started and self._run.chosen is not None:
            self._run.chosen.finish()

    def _continued(self, run: Run, step: int | None) -> int | None:
        """The step in the run: the script's own where it continues a training from a checkpoint."""
        if step is None or not isinstance(step, int):
            return step
        if self._offset is None:
            last = _last.get(run, run.step if run.resumed and step <= 1 else -1)
            self._offset = last + 1 - min(step, 1) if step <= last else 0
        _last[run] = max(_last.get(run, -1), step + self._offset)
        return step + self._offset


if hasattr(accelerate.tracking, "register_tracker_class"):  # before that, trackers go by object only
    accelerate.tracking.register_tracker_class(TrackerTracker)
