"""Which run an `init` is about: a new one, an earlier one that goes on, or a branch of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tracker_core import _names, _notice, _past
from tracker_core import _records as records
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tracker_core import _auto
    from tracker_core._folder import RunFolder
    from tracker_core._settings import Settings


class Plan(msgspec.Struct, kw_only=True):
    """What is to be started. `folder` and `past` are set when an earlier run goes on, `past` alone for a fork."""

    run_id: str
    project: str
    job: _auto.Job | None = None
    """Set for `resume="auto"`: what is noted until the run ends well."""
    claim: _auto.Claim | None = None
    folder: RunFolder | None = None
    past: _past.Past | None = None
    rewind: int | None = None
    fork: records.Fork | None = None
    replaces: RunFolder | None = None


def plan(
    settings: Settings, root: Path, *, resume_from: str | None, fork_from: str | None, config: Mapping[str, Any]
) -> Plan:
    """Settles id, project and past. Raises UsageError where arguments exclude each other."""
    project = _names.check_project(settings.project or "uncategorized")
    run_id = _names.check_id(settings.id) if settings.id is not None else None
    if sum(argument is not None for argument in (resume_from, fork_from)) + bool(wants(settings.resume)) > 1:
        raise UsageError("resume, resume_from and fork_from exclude each other: give one of them")
    if resume_from is not None:
        return _rewind(root, project, run_id, resume_from)
    if fork_from is not None:
        return _fork(root, project, run_id, fork_from)
    wanted = wants(settings.resume)
    if wanted == "id":
        if run_id not in (None, settings.resume):
            raise UsageError(f"resume={settings.resume!r} and id={run_id!r} name two runs: give one of them")
        return _resume("allow", root, project, _names.check_id(str(settings.resume)))
    if wanted == "auto":
        return _resume_auto(settings, root, project, run_id, config)
    return _resume(wanted, root, project, run_id)


def wants(resume: bool | str | None) -> Literal["auto", "allow", "must", "never", "id"] | None:
    """The kind of resume that the argument asks for; "id" when it is a run's id itself."""
    if isinstance(resume, str):
        word = resume.lower()
        if word in ("auto", "allow", "must", "never"):
            return word  # type: ignore[return-value]  # one of the four
        if word in ("true", "1", "yes"):
            return "auto"
        return "id" if word not in ("false", "0", "no", "none", "") else None
    return "auto" if resume else None


def _resume_auto(settings: Settings, root: Path, project: str, run_id: str | None, config: Mapping[str, Any]) -> Plan:
    from tracker_core import _auto

    job = _auto.describe(project, settings.name, config)
    claim = _auto.claim(root, job)
    if claim is not None and run_id not in (None, claim.run_id):
        claim.release()
        _notice.warn(f"resume='auto' would go on with run {claim.run_id}, but id={run_id!r} is given")
        claim = None
    try:
        result = _resume("allow", root, project, claim.run_id if claim is not None else run_id)
    except BaseException:
        if claim is not None:
            claim.release()
        raise
    result.job, result.claim = job, claim
    return result


def _resume(wanted: Literal["allow", "must", "never"] | None, root: Path, project: str, run_id: str | None) -> Plan:
    if run_id is None:
        if wanted == "must":
            raise UsageError("resume='must' needs to know which run: give id=")
        return Plan(run_id=_names.new_id(), project=project)
    folder = _find(root, project, run_id)
    if folder is None:
        if wanted == "must":
            raise UsageError(f"there is no run {run_id!r} of project {project!r} below {root} to resume")
        return Plan(run_id=run_id, project=project)
    if wanted == "never":
        raise UsageError(f"run {run_id!r} of project {project!r} exists, and resume='never' forbids going on with it")
    if wanted is None:
        _notice.warn(
            f"id={run_id!r} was used before: the earlier run is archived (`tracker runs --archived` lists it); "
            "pass resume='allow' to go on with it instead"
        )
        return Plan(run_id=run_id, project=project, replaces=folder)
    return Plan(run_id=run_id, project=project, folder=folder, past=_past.read(folder))


def _rewind(root: Path, project: str, run_id: str | None, moment: str) -> Plan:
    source, step = _moment("resume_from", moment)
    if run_id not in (None, source):
        raise UsageError(f"resume_from={moment!r} goes on with run {source!r}; id={run_id!r} names another")
    folder = _find(root, project, source)
    if folder is None:
        raise UsageError(f"there is no run {source!r} of project {project!r} below {root} to go back in")
    return Plan(run_id=source, project=project, folder=folder, past=_past.read(folder, until=step), rewind=step)


def _fork(root: Path, project: str, run_id: str | None, moment: str) -> Plan:
    source, step = _moment("fork_from", moment)
    if run_id == source:
        raise UsageError(f"fork_from={moment!r} makes a new run: give it another id than {source!r}")
    folder = _find(root, project, source)
    if folder is None:
        raise UsageError(f"there is no run {source!r} of project {project!r} below {root} to fork")
    if run_id is not None and _find(root, project, run_id) is not None:
        raise UsageError(f"run {run_id!r} of project {project!r} exists: give the fork an id of its own")
    return Plan(
        run_id=run_id or _names.new_id(),
        project=project,
        past=_past.read(folder, until=step),
        fork=records.Fork(run=source, step=step, folder=folder.path.name),
    )


def _find(root: Path, project: str, run_id: str) -> RunFolder | None:
    occupants = list(_past.occupants(root, project, run_id))
    living = next((folder for folder, snapshot in occupants if not snapshot.deleted), None)
    if living is None and occupants:
        raise UsageError(f"run {run_id!r} of project {project!r} was deleted, and its id stays taken: choose another")
    return living


def _moment(argument: str, text: str) -> tuple[str, int]:
    if not isinstance(text, str):
        raise UsageError(f"{argument}={text!r} must be a string like '<run id>?_step=<number>'")
    run_id, separator, step = text.partition("?_step=")
    if not separator or not step.isdigit() or not run_id:
        raise UsageError(f"{argument}={text!r} must look like '<run id>?_step=<number>'")
    return run_id, int(step)
