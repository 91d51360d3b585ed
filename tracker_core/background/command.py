"""How the training was started: command line, script, interpreter. Without its secrets."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from tracker_core._secret import mask_arguments

if TYPE_CHECKING:
    from tracker_core._background import Launch


def capture(launch: Launch) -> dict[str, Any]:
    command = mask_arguments(launch.arguments)
    return {
        "command": shlex.join(command),
        "args": mask_arguments(launch.own_arguments),
        "program": _program(launch),
        "program_path": launch.program,
        "cwd": launch.cwd,
        "executable": launch.executable,
        "python": launch.python,
    }


def _program(launch: Launch) -> str | None:
    """The script as one would type it in the working directory; `-m package.module` when it was started so."""
    for option, module in zip(launch.arguments[1:], launch.arguments[2:], strict=False):
        if option == "-m":
            return f"-m {module}"
        if option == "-c" or not option.startswith("-"):
            break
    if launch.program is None:
        return None
    relative = os.path.relpath(launch.program, launch.cwd)
    return launch.program if relative.startswith(os.pardir) else relative
