"""A second `init()` while a run is active: what it asks of that run, and what has no effect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core import _folder, _names, _notice, _plan
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker_core._run import Run
    from tracker_core._settings import Settings

_OF_THE_CALL = frozenset(("reinit", "resume", "allow_val_change", "force", "anonymous", "silent"))
"""Arguments that say nothing about the run itself."""

_SECRET = frozenset(("api_key", "alert_webhook", "smtp_url"))
"""Arguments whose value is not for the terminal."""


def reuse(run: Run, asked: Mapping[str, Any], settings: Settings, config: Mapping[str, Any]) -> None:
    """Merge `config` into the active run and warn about each argument that has no effect.

    `asked` are the arguments as given, `settings` the values they lead to. Raises UsageError where `resume` rules the
    active run out.
    """
    _check_resume(run, settings)
    ignored = [
        name if name in _SECRET else f"{name}={value!r}"
        for name, value in asked.items()
        if value is not None and name not in _OF_THE_CALL and not _holds(run, name, value, settings)
    ]
    if _plan.wants(settings.resume) == "id" and settings.resume != run.id:
        ignored.append(f"resume={settings.resume!r}")
    kept = run.config.merge(config, asked.get("allow_val_change"))
    ignored += [f"config[{key!r}], which stays {_short(run.config.get(key))}" for key in kept]
    if ignored:
        _notice.warn(
            f"init() returned run {run.name} ({run.path}), which is active, and ignored {', '.join(ignored)}: "
            "call finish() first, or init(reinit=True), for another run"
        )


def _check_resume(run: Run, settings: Settings) -> None:
    wanted = _plan.wants(settings.resume)
    same = settings.id == run.id and settings.project in (None, run.project)
    if wanted == "must" and settings.id is None:
        raise UsageError("resume='must' needs to know which run: give id=")
    if wanted == "must" and not same:
        raise UsageError(
            f"resume='must' asks for run {settings.id!r}, but run {run.id!r} of project {run.project!r} is active: "
            "call finish() first, or init(reinit=True)"
        )
    if wanted == "never" and same:
        raise UsageError(f"run {run.id!r} of project {run.project!r} is active, and resume='never' forbids using it")


def _holds(run: Run, name: str, value: Any, settings: Settings) -> bool:
    """Whether the active run is as the argument asks."""
    value = getattr(settings, name, value)
    if name in ("project", "entity", "name", "id", "group", "job_type"):
        return bool(value == getattr(run, name))
    if name == "notes":
        return bool(value == run.notes)
    if name == "tags":
        return _names.check_tags(value) == run.tags
    if name == "dir":
        return Path(value, _folder.ROOT_NAME).absolute() == run.folder.root
    return bool(value == getattr(run.settings, name, None))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
