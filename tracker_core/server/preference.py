"""This user's settings, as the settings page shows and changes them: the file that every `init` reads."""

from __future__ import annotations

import msgspec

from tracker_core import _names
from tracker_core import _settings as settings
from tracker_core._errors import UsageError
from tracker_core.server import wire


def read() -> wire.Preferences:
    """Raises UsageError for a file that cannot be read."""
    path = settings.user_file()
    given = settings.read_file(path)
    save_code = given.get("save_code")
    return wire.Preferences(
        file=str(path),
        project=given.get("project"),
        save_code=None if save_code is None else msgspec.convert(save_code, bool, strict=False),
    )


def change(wanted: wire.PreferencesEdit) -> wire.Preferences:
    """Raises UsageError for a name that no project can have, and for a file that cannot be written."""
    changes: dict[str, str | None] = {}
    if wanted.project is not msgspec.UNSET:
        changes["project"] = _project(wanted.project) if wanted.project else None
    if wanted.save_code is not msgspec.UNSET:
        changes["save_code"] = None if wanted.save_code is None else str(wanted.save_code).lower()
    if changes:
        settings.write_user_file(changes)
    return read()


def _project(name: str) -> str:
    """A name that stands in one line of the file."""
    if not name.isprintable():
        raise UsageError(f"project={name!r} must be one line of letters that can be seen")
    return _names.check_project(name)
