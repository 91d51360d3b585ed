"""The notes by which `resume="auto"` finds the run to go on with: one a run that has not ended well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracker_core import _notice, _past

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = ".resume"


def remember(root: Path, run_id: str, project: str, program: str) -> None:
    """Notes a run that `resume="auto"` may go on with. One note a run: two that fail do not disturb each other."""
    note = root / _FOLDER / f"{run_id}.json"
    try:
        note.parent.mkdir(exist_ok=True)
        note.write_text(json.dumps({"id": run_id, "project": project, "program": program}), encoding="utf-8")
    except OSError as error:
        _notice.warn(f"resume='auto' will not find this run again: {error}")


def forget(root: Path, run_id: str) -> None:
    """Takes the note back: the run ended well."""
    (root / _FOLDER / f"{run_id}.json").unlink(missing_ok=True)


def unfinished(root: Path, project: str, program: str) -> str | None:
    """The id of the newest noted run of this project and program that nobody is writing any more."""
    notes = sorted((root / _FOLDER).glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in notes:
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if (note.get("project"), note.get("program")) != (project, program):
            continue
        folder = next((found for found, _ in _past.occupants(root, project, note["id"])), None)
        if folder is not None and not _past.busy(folder):
            return str(note["id"])
    return None
