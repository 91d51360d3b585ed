"""Hydra: the composed config of the job, and the overrides by which it came about."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import hydra
from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobStatus, run_job
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import tracker_core as tracker
from tracker_core.integration import guard, patched, takes, without_secrets
from tracker_integrations.commandline.script import Parsed, frames, is_users

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells the config of the job that calls `init()` or is started later; `hydra` holds the job's overrides. A script
    that calls `hydra.compose` itself is told from its result.

    When one run sees several jobs of a multirun, the first gives the config, and `hydra.jobs` the overrides of each. A
    run that a job of a multirun starts ends with the job: Hydra catches what a job raises, and starts the next one.
    """
    del module
    jobs = _Jobs(sink)
    parsed = Parsed(sink)
    for frame in frames():
        if frame.f_code is run_job.__code__:
            jobs.begin(frame.f_locals["config"], inside=True)
            break
    else:
        if (composed := _composed_by_callers()) is not None:
            parsed.tell(hydra, _plain(composed))

    def start(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        with guard("the config of a Hydra job"):
            jobs.begin(kwargs.get("config", args[0] if args else None))
        call(*args, **kwargs)

    def end(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        jobs.end(kwargs.get("job_return", args[1] if len(args) > 1 else None))

    def compose(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        composed = call(*args, **kwargs)
        caller = next(frames(), None)
        if caller is None or caller.f_code is not hydra.compose.__code__ or caller.f_back is None:
            return  # that of a job is told when it starts
        if is_users(caller.f_back.f_code.co_filename):
            parsed.tell(hydra, _plain(_without_hydra(composed)))

    with ExitStack() as stack:
        stack.enter_context(patched(Callbacks, "on_job_start", start))
        stack.enter_context(patched(Callbacks, "on_job_end", end))
        stack.enter_context(patched(Hydra, "compose_config", compose))
        yield


class _Jobs:
    """The jobs of this process: what they tell, and the runs that they start."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._parsed = Parsed(sink)
        self._jobs: list[dict[str, Any]] = []
        self._before: tracker.Run | None = None
        self._multirun = False

    def begin(self, config: Any, *, inside: bool = False) -> None:
        """`inside`: the job calls `init()` now, so the current run is its own."""
        self._before = None if inside else tracker.run
        own = HydraConfig.get()
        self._multirun = own.mode == RunMode.MULTIRUN
        if not self._jobs or inside:
            self._parsed.tell(self, _plain(_without_hydra(config)))
        choices = {name: choice for name, choice in own.runtime.choices.items() if not name.startswith("hydra/")}
        self._jobs.append(
            {
                "name": own.job.name,
                "choices": choices,
                "overrides": list(own.overrides.task),
                "output_dir": own.runtime.output_dir,
            }
        )
        jobs = self._jobs
        told = without_secrets({**jobs[0], "jobs": [job["overrides"] for job in jobs]} if len(jobs) > 1 else jobs[0])
        self._sink.config.update({"hydra": told}, allow_val_change=True)

    def end(self, job: Any) -> None:
        """Ends the runs that a job of a multirun has begun."""
        if not self._multirun:
            return  # what it raises ends the process, and the run with it
        exit_code = 1 if getattr(job, "status", None) is JobStatus.FAILED else 0
        while (run := tracker.run) is not None and run is not self._before:
            run.finish(exit_code)
            if tracker.run is run:
                break


def _without_hydra(config: Any) -> Any:
    return OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])


def _composed_by_callers() -> DictConfig | None:
    """The last config among the variables of the nearest caller that has one, whole."""
    for frame in frames():
        if is_users(frame.f_code.co_filename):
            configs = [value for value in frame.f_locals.values() if isinstance(value, DictConfig)]
            if configs:
                root = configs[-1]._get_root()  # noqa: SLF001 - no public form
                return root if isinstance(root, DictConfig) else configs[-1]
    return None


def _plain(config: Any) -> dict[str, Any]:
    """Resolved where that is possible; a value that nobody has given is "???"."""
    try:
        found: Any = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException:
        found = OmegaConf.to_container(config)
    return {str(name): value for name, value in found.items()}
