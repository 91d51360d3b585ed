"""Hydra: the composed config of the job, and the overrides by which it came about."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from tracker_core.integration import patched, takes, without_secrets
from tracker_integrations.commandline.script import frames, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells the config of the job that calls `init()` or is started later; `hydra` holds the job's overrides.

    When one run sees several jobs of a multirun, the first gives the config, and `hydra.jobs` the overrides of each.
    """
    del module
    jobs: list[dict[str, Any]] = []
    for frame in frames():
        if frame.f_code is run_job.__code__:
            _tell(sink, frame.f_locals["config"], jobs)
            break

    def start(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        _tell(sink, kwargs.get("config", args[0] if args else None), jobs)
        call(*args, **kwargs)

    with patched(Callbacks, "on_job_start", start):
        yield


def _tell(sink: SwitchSink, config: Any, jobs: list[dict[str, Any]]) -> None:
    composed = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    tell(sink, _plain(composed))
    own = HydraConfig.get()
    jobs.append(
        {
            "name": own.job.name,
            "choices": {name: choice for name, choice in own.runtime.choices.items() if not name.startswith("hydra/")},
            "overrides": list(own.overrides.task),
            "output_dir": own.runtime.output_dir,
        }
    )
    told = without_secrets({**jobs[0], "jobs": [job["overrides"] for job in jobs]} if len(jobs) > 1 else jobs[0])
    sink.config.update({"hydra": told}, allow_val_change=True)


def _plain(config: Any) -> dict[str, Any]:
    """Resolved where that is possible; a value that nobody has given is "???"."""
    try:
        found: Any = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException:
        found = OmegaConf.to_container(config)
    return dict(found)
