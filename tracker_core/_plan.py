"""Which run an `init` is about: a new one, an earlier one that goes on, or a branch of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import msgspec

from tracker_core import _names, _notice, _past
from tracker_core import _records as records
from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._folder import RunFolder
    from tracker_core._settings import Settings


class Plan(msgspec.Struct, kw_only=True):
    """What is to be started. `folder` and `past` are set when an earlier run goes on, `past` alone for a fork."""

    run_id: str
    project: str
    auto: bool = False
    folder: RunFolder | None = None
    past: _past.Past | None = None
    rewind: int | None = None
    fork: records.Fork | None = None
    replaces: RunFolder | None = None


def plan(settings: Settings, root: Path, *, resume_from: str | None, fork_from: str | None) -> Plan:
    """Settles id, project and past. Raises UsageError where arguments exclude each other."""
    project = _names.check_project(settings.project or "uncategorized")
    run_id = _names.check_id(settings.id) if settings.id is not None else None
    if sum(argument is not None for argument in (resume_from, fork_from)) + bool(wants(settings.resume)) > 1:
        raise UsageError("resume, resume_from and fork_from exclude each other: give one of them")
    if resume_from is not None:
        return _rewind(root, project, run_id, resume_from)
    if fork_from is not None:
        return _fork(root, project, run_id, fork_from)
    return _resume(settings.resume, root, project, run_id)


def program() -> str:
    """What tells the scripts of one folder apart for `resume="auto"`."""
    return sys.argv[0] if sys.argv else ""


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


def _resume(  # noqa: C901 - one line a rule
    resume: bool | str | None, root: Path, project: str, run_id: str | None
) -> Plan:
    wanted = wants(resume)
    if wanted == "id":
        if run_id is not None and run_id != resume:
            raise UsageError(f"resume={resume!r} and id={run_id!r} name two runs: give one of them")
        run_id, wanted = _names.check_id(str(resume)), "allow"
    if wanted == "auto":
        from tracker_core import _auto

        noted = _auto.unfinished(root, project, program())
        if run_id is None:
            run_id = noted
        elif noted is not None and noted != run_id:
            _notice.warn(f"resume='auto' would go on with run {noted}, but id={run_id!r} is given")
    if run_id is None:
        if wanted == "must":
            raise UsageError("resume='must' needs to know which run: give id=")
        return Plan(run_id=_names.new_id(), project=project, auto=wanted == "auto")
    folder = _find(root, project, run_id)
    if folder is None:
        if wanted == "must":
            raise UsageError(f"there is no run {run_id!r} of project {project!r} below {root} to resume")
        return Plan(run_id=run_id, project=project, auto=wanted == "auto")
    if wanted == "never":
        raise UsageError(f"run {run_id!r} of project {project!r} exists, and resume='never' forbids going on with it")
    if wanted is None:
        _notice.warn(
            f"id={run_id!r} was used before: the earlier run is archived (pass resume='allow' to go on with it)"
        )
        return Plan(run_id=run_id, project=project, replaces=folder)
    return Plan(run_id=run_id, project=project, auto=wanted == "auto", folder=folder, past=_past.read(folder))


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
    for folder, snapshot in _past.occupants(root, project, run_id):
        if snapshot.deleted:
            raise UsageError(
                f"run {run_id!r} of project {project!r} was deleted, and its id stays taken: choose another"
            )
        return folder
    return None


def _moment(argument: str, text: str) -> tuple[str, int]:
    run_id, separator, step = text.partition("?_step=")
    if not separator or not step.isdigit() or not run_id:
        raise UsageError(f"{argument}={text!r} must look like '<run id>?_step=<number>'")
    return run_id, int(step)
