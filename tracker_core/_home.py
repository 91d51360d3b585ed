"""Directories of this user's own: notes, caches and settings.

Each is below the user's home or where the XDG variables say. A home may be missing, belong to somebody else, be mounted
read-only or be no directory: then files are written below the temporary folder, and the home is still read.
"""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def state() -> Path:
    """For what is worth keeping, but belongs to no folder of runs. Can be written, if any directory can."""
    return states()[0]


def states() -> list[Path]:
    """Where notes are read: `state()` first, then a home that can only be read."""
    import platformdirs

    return _places(lambda: platformdirs.user_state_path("tracker", appauthor=False), "state")


def cache() -> Path:
    """For what can be made anew at any time. Can be written, if any directory can."""
    import platformdirs

    return _places(lambda: platformdirs.user_cache_path("tracker", appauthor=False), "cache")[0]


def is_writable(directory: Path) -> bool:
    """Whether this user can write in `directory`, or make it."""
    for path in (directory, *directory.parents):
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 - on the way of every init()
        except FileNotFoundError:
            continue
        except OSError:
            return False
        return stat.S_ISDIR(mode) and os.access(path, os.W_OK | os.X_OK)
    return False


def temporary(name: str) -> Path:
    """A directory of this user's below the temporary folder, the same one for all processes.

    Anyone may make directories there: one that another user owns or can write is not used.
    """
    base = temporary_folder() / f"tracker-{user()}"
    try:
        base.mkdir(exist_ok=True)
        facts = base.lstat()
    except OSError:
        return base / name
    is_own = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
    if stat.S_ISDIR(facts.st_mode) and is_own and not facts.st_mode & stat.S_IWOTH:
        return base / name
    return _private() / name


def temporary_folder() -> Path:
    import tempfile  # 3 ms that a user with a home does not need

    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # none that can be written: whoever writes learns of it
        return Path("/tmp")  # noqa: S108 - see `temporary`


@functools.cache
def _private() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp(prefix="tracker-"))


def user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _places(find: Callable[[], Path], name: str) -> list[Path]:
    # A container's user may be a number that nobody knows. Older platformdirs then answer with a relative path.
    try:
        path = find()
    except RuntimeError:
        path = Path()
    if not path.is_absolute():
        return [temporary(name)]
    return [path] if is_writable(path) else [temporary(name), path]
