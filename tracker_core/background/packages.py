"""The installed packages, as `files/requirements.txt`.

Names and versions are those of the folders `name-version.dist-info`: opening every package's metadata takes ten times
as long (hundreds of milliseconds beside a deep-learning framework), for a spelling that installers do not care about.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME = "requirements.txt"

_INSTALLED = re.compile(r"(?P<name>[A-Za-z0-9._]+)-(?P<version>[^-]+)(?:-py[0-9.]+)?\.(?:dist-info|egg-info)")


def installed(search_path: Iterable[str]) -> list[str]:
    """`name==version` of every package on `search_path`, sorted by name; the first on the path counts."""
    found: dict[str, str] = {}
    for folder in search_path:
        try:
            names = os.listdir(folder)  # noqa: PTH208 - thousands of names, of which no Path is wanted
        except OSError:
            continue
        for name in names:
            match = _INSTALLED.fullmatch(name)
            if match:
                found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def save(search_path: Iterable[str], files: Path) -> str | None:
    """Writes the list below `files` and returns its name; None when there is nothing to write."""
    lines = installed(search_path)
    if not lines:
        return None
    (files / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return NAME
