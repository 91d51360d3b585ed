"""Accelerate: `Accelerator(log_with=TrackerTracker())`, or `log_with="tracker"` when this is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import accelerate.tracking

import tracker_core as tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    F = TypeVar("F", bound=Callable[..., Any])

    def on_main_process(function: F) -> F: ...  # Accelerate has no types

else:
    from accelerate.tracking import on_main_process


class TrackerTracker(accelerate.tracking.GeneralTracker):  # type: ignore[misc]
    """Logs what the accelerator is told: to `run`, else to the current run, else to one that it starts in `project`
    with `init`'s keywords. Only the main process logs.

    `end_training()` ends the run if it was started here. By name, `project` is that of `init_trackers`, the keywords
    are those in its `init_kwargs["tracker"]`.
    """

    name = "tracker"
    requires_logging_directory = False
    main_process_only = True

    def __init__(self, project: str | None = None, *, run: tracker.Run | None = None, **init: Any) -> None:
        super().__init__()
        self._run = run
        self._init = {"project": project, **init}
        self._started = False

    @property
    def tracker(self) -> tracker.Run:
        """The run that is logged to; started when there is none. Off the main process it joins that of the main one."""
        if self._run is None:
            self._run = tracker.run
        if self._run is None:
            self._started = True
            self._run = tracker.init(**self._init)
        return self._run

    @on_main_process
    def start(self) -> None:
        _ = self.tracker

    @on_main_process
    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        self.tracker.config.update(values, allow_val_change=True)

    @on_main_process
    def log(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """As `run.log`; `kwargs` are what `log_kwargs["tracker"]` says."""
        self.tracker.log(values, step=step, **kwargs)

    @on_main_process
    def log_images(self, values: Mapping[str, Sequence[Any]], step: int | None = None, **kwargs: Any) -> None:
        """Logs lists of images by their names; `kwargs` are those of `tracker.Image`."""
        self.tracker.log(
            {key: [tracker.Image(image, **kwargs) for image in each] for key, each in values.items()}, step
        )

    @on_main_process
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
    def finish(self) -> None:
        if self._started:
            self.tracker.finish()


if hasattr(accelerate.tracking, "register_tracker_class"):  # before that, trackers go by object only
    accelerate.tracking.register_tracker_class(TrackerTracker)
