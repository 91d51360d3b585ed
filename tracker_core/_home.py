"""Where this user's own notes and caches lie; below the temporary folder for a user without a home."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Callable


def state() -> Path:
    """For what is worth keeping, but belongs to no folder of runs."""
    return _sure(lambda: platformdirs.user_state_path("tracker", appauthor=False), "state")


def cache() -> Path:
    """For what can be made anew at any time."""
    return _sure(lambda: platformdirs.user_cache_path("tracker", appauthor=False), "cache")


def _sure(find: Callable[[], Path], name: str) -> Path:
    # A container's user may be a number that nobody knows. Older platformdirs then answer with a relative path.
    try:
        path = find()
    except RuntimeError:
        path = Path()
    return path if path.is_absolute() else Path(tempfile.gettempdir(), f"tracker-{os.getuid()}", name)
