"""Finding the run that somebody means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import tracker_core
from tracker_core import NotFoundError, UsageError, _folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core import Api
    from tracker_core._api import ApiRun


_DEPTH = 4
"""How many folders down runs are looked for."""

ACCOUNTS = "accounts.sqlite"
"""What tells the folder of a team's server."""

ARCHIVED = {"state": "archived"}
"""The filter for runs whose id a later run took."""

_SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}


def open_api(folder: str) -> Api:
    return tracker_core.Api(folder)


def registered() -> list[Path]:
    """Every folder that this user tracked runs in. Raises UsageError when there is none."""
    from tracker_core import _roots

    found = _roots.roots()
    if not found:
        raise UsageError("no folder of this user holds runs yet; a script that calls tracker.init() makes the first")
    return found


def roots_below(path: Path) -> list[tuple[Path, str | None]]:
    """The folders of runs at and below `path`, each with the name of the only run that is meant, if one is; where there
    are no runs yet, the folder that a script would make. Raises UsageError."""
    if not path.is_dir():
        raise UsageError(f"there is no folder {path}")
    path = path.resolve()
    if _folder.id_of(path.name):
        return [(path.parent, path.name)]
    try:
        os.scandir(path).close()
    except PermissionError as error:
        raise UsageError(f"{path} cannot be read by this user") from error
    found = list(_search(path, _DEPTH)) or [path if path.name == _folder.ROOT_NAME else path / _folder.ROOT_NAME]
    if path == Path.cwd():
        found += _folder.roots_of(path)[1:]
    return [(root, None) for root in found]


def _search(path: Path, depth: int) -> Iterator[Path]:
    """A team's server keeps what others sent it: that is looked at where it is asked for by its own name."""
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError:
        return  # one folder among many that is not ours to read
    if depth < _DEPTH and any(entry.name == ACCOUNTS for entry in entries):
        return
    names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    if any(_folder.id_of(name) for name in names):
        yield path
    if depth:
        for name in names:
            if not name.startswith(".") and name not in _SKIPPED and not _folder.id_of(name):
                yield from _search(path / name, depth - 1)


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
        named = api.runs(filters={"display_name": word}) or api.runs(filters={"display_name": word, **ARCHIVED})
        if not named:
            raise
    if len(named) > 1:
        ids = ", ".join("/".join(run.path) for run in named)
        raise UsageError(f"{len(named)} runs are named {word!r}: ask for one of {ids}")
    return named[0]


def _damage(run: ApiRun) -> dict[str, Any] | None:
    found = run.damage
    return {"message": str(found), **msgspec.structs.asdict(found)} if found else None


def facts(run: ApiRun) -> dict[str, Any]:
    """What `--json` tells of a run."""
    return {
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "entity": run.entity,
        "state": run.state,
        "exit_code": run.exit_code,
        "damage": _damage(run),
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "duration": None if run.end_time is None else run.end_time - run.start_time,
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
