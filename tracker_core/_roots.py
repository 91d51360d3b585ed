"""Which folders hold this user's runs on this machine: one path a line in the user's state directory.

Every background process adds the folder that it works in, so that `tracker ui --all` finds them.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE_NAME = "roots"


def roots() -> list[Path]:
    """The folders that still exist, in the order in which they were first used."""
    return [path for line in dict.fromkeys(_read()) if (path := Path(line)).is_dir()]


def register(root: Path) -> None:
    """Adds `root`. Raises OSError when the state directory cannot be written."""
    line = str(root.absolute())
    if line in _read() or "\n" in line:
        return
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        # One write, so that two processes cannot mix their lines.
        os.write(fd, os.fsencode(f"{line}\n"))
    finally:
        os.close(fd)


def _read() -> list[str]:
    from tracker_core import _home

    lines: list[str] = []
    for folder in reversed(_home.states()):
        with contextlib.suppress(OSError):
            lines += os.fsdecode((folder / FILE_NAME).read_bytes()).splitlines()
    return lines


def _path() -> Path:
    from tracker_core import _home

    return _home.state() / FILE_NAME
