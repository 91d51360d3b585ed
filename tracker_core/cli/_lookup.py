"""Finding the run that somebody means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tracker_core
from tracker_core import NotFoundError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core import Api
    from tracker_core._api import ApiRun


def open_api(folder: str) -> Api:
    return tracker_core.Api(folder)


def registered() -> list[Path]:
    """Every folder that this user tracked runs in. Raises UsageError when there is none."""
    from tracker_core import _roots

    found = _roots.roots()
    if not found:
        raise UsageError("no folder of this user holds runs yet; a script that calls tracker.init() makes the first")
    return found


def find(api: Api, word: str | None) -> ApiRun:
    """The run of this id ("id", "project/id") or, where only one has it, of this name; None means the newest."""
    if word is None:
        runs = api.runs(order="-created_at")
        if not runs:
            raise NotFoundError("there are no runs here yet: start one with tracker_core.init(), or give --dir")
        return runs[0]
    try:
        return api.run(word)
    except NotFoundError:
        named = api.runs(filters={"display_name": word})
        if not named:
            raise
    if len(named) > 1:
        ids = ", ".join("/".join(run.path) for run in named)
        raise UsageError(f"{len(named)} runs are named {word!r}: ask for one of {ids}")
    return named[0]


def facts(run: ApiRun) -> dict[str, Any]:
    """What `--json` tells of a run."""
    return {
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "entity": run.entity,
        "state": run.state,
        "exit_code": run.exit_code,
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "duration": run.attempts[-1].end - run.start_time if run.attempts and run.attempts[-1].end else None,
        "attempts": len(run.attempts),
        "last_step": run.last_step,
        "group": run.group,
        "job_type": run.job_type,
        "tags": list(run.tags),
        "notes": run.notes,
        "config": run.config,
        "summary": {key: run.summary[key] for key in run.summary},
        "folder": str(run.folder),
    }
