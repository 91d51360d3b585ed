"""The module's own verbs: what `tracker.log(...)` and `tracker.config.lr` do is done by the current run."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from tracker_core import _session

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tracker_core import _records as records
    from tracker_core._artifacts.artifact import Artifact


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None) -> None:
    """`Run.log` of the current run. Raises UsageError when there is none."""
    _session.need().log(data, step, commit, sync)


def define_metric(
    name: str,
    step_metric: Any = None,
    step_sync: bool | None = None,
    hidden: bool | None = None,
    summary: str | None = None,
    goal: str | None = None,
    overwrite: bool | None = None,
) -> records.Metric:
    """`Run.define_metric` of the current run."""
    return _session.need().define_metric(name, step_metric, step_sync, hidden, summary, goal, overwrite)


def save(
    glob_str: str | os.PathLike[str] | None = None,
    base_path: str | os.PathLike[str] | None = None,
    policy: Literal["now", "live", "end"] = "live",
    glob: bool = True,
) -> list[str]:
    """`Run.save` of the current run."""
    return _session.need().save(glob_str, base_path, policy, glob)


def restore(
    name: str, run_path: str | None = None, replace: bool = False, root: str | os.PathLike[str] | None = None
) -> Any:
    """`Run.restore` of the current run."""
    return _session.need().restore(name, run_path, replace, root)


def log_code(
    root: str | os.PathLike[str] = ".",
    name: str | None = None,
    include_fn: Callable[..., bool] | None = None,
    exclude_fn: Callable[..., bool] | None = None,
) -> list[str]:
    """`Run.log_code` of the current run."""
    return _session.need().log_code(root, name, include_fn, exclude_fn)


def log_artifact(
    artifact_or_path: Artifact | str | os.PathLike[str],
    name: str | None = None,
    type: str | None = None,  # noqa: A002 - the name that users know
    aliases: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
) -> Artifact:
    """`Run.log_artifact` of the current run."""
    return _session.need().log_artifact(artifact_or_path, name, type, aliases, tags)


def use_artifact(
    artifact_or_name: Artifact | str,
    type: str | None = None,  # noqa: A002 - the name that users know
    aliases: Iterable[str] | None = None,
    use_as: str | None = None,
) -> Artifact:
    """`Run.use_artifact` of the current run."""
    return _session.need().use_artifact(artifact_or_name, type, aliases, use_as)


def link_artifact(artifact: Artifact, target_path: str, aliases: Iterable[str] | None = None) -> Artifact:
    """`Run.link_artifact` of the current run."""
    return _session.need().link_artifact(artifact, target_path, aliases)


def log_model(path: str | os.PathLike[str], name: str | None = None, aliases: Iterable[str] | None = None) -> Artifact:
    """`Run.log_model` of the current run."""
    return _session.need().log_model(path, name, aliases)


def use_model(name: str) -> str:
    """`Run.use_model` of the current run."""
    return _session.need().use_model(name)


def link_model(
    path: str | os.PathLike[str],
    registered_model_name: str,
    name: str | None = None,
    aliases: Iterable[str] | None = None,
) -> Artifact:
    """`Run.link_model` of the current run."""
    return _session.need().link_model(path, registered_model_name, name, aliases)


def alert(
    title: str, text: str = "", level: Literal["INFO", "WARN", "ERROR"] = "INFO", wait_duration: Any = None
) -> None:
    """`Run.alert` of the current run."""
    _session.need().alert(title, text, level, wait_duration)


def watch(
    models: Any,
    criterion: Any = None,
    log: Literal["gradients", "parameters", "all"] | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> None:
    """`Run.watch` of the current run."""
    _session.need().watch(models, criterion, log, log_freq, idx, log_graph)


def unwatch(models: Any = None) -> None:
    """`Run.unwatch` of the current run."""
    _session.need().unwatch(models)


def mark_preempting() -> None:
    """`Run.mark_preempting` of the current run."""
    _session.need().mark_preempting()


class Current:
    """Stands for the `config` or `summary` of whichever run is the current one.

    It can be imported before `init()`; using it before that raises UsageError.
    """

    __slots__ = ("_name",)

    def __init__(self, name: Literal["config", "summary"]) -> None:
        object.__setattr__(self, "_name", name)

    @property
    def _own(self) -> Any:
        return getattr(_session.need(), self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # what copy, pickle and inspect try on everything
        return getattr(self._own, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._own, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._own, name)

    def __getitem__(self, key: str) -> Any:
        return self._own[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._own[key] = value

    def __delitem__(self, key: str) -> None:
        del self._own[key]

    def __contains__(self, key: object) -> bool:
        return key in self._own

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    def __eq__(self, other: object) -> bool:
        return self is other or self._own == other

    __hash__ = object.__hash__

    def __reduce__(self) -> Any:
        return self._own.__reduce__()

    def __repr__(self) -> str:
        return repr(self._own) if _session.current() is not None else f"<the {self._name} of a run that is to come>"


class Package(ModuleType):
    """`tracker_core` itself: `tracker.config = {...}`, as many scripts have it, goes into the run's config."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("config", "summary") and isinstance(value, dict):
            setattr(_session.need(), name, value)
        else:
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        # cloudpickle, which joblib and Ray send functions with, knows modules by their exact type only.
        return import_module, (self.__name__,)

    @classmethod
    def take(cls, name: str) -> None:
        """Makes the module of this name one of these."""
        sys.modules[name].__class__ = cls


config = Current("config")
summary = Current("summary")
