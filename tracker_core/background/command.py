"""How the training was started: command line, script, interpreter. Without its secrets."""

from __future__ import annotations

import itertools
import os
import shlex
from typing import TYPE_CHECKING, Any

from tracker_core._secret import mask_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    arguments = _without_tracker_run(launch.arguments)
    for option, module in itertools.pairwise(arguments[1:]):
        if option == "-m":
            return f"-m {module}"
        if option == "-c" or not option.startswith("-"):
            break
    if launch.program is None:
        return None
    relative = os.path.relpath(launch.program, launch.cwd)
    return launch.program if relative.startswith(os.pardir) else relative


_OPTIONS = ("-p", "--project", "-n", "--name")


def _without_tracker_run(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments as if the interpreter itself ran what `tracker run` runs."""
    words = list(arguments)
    start = next((i for i in range(1, len(words)) if words[i : i + 3] == ["-m", "tracker_core", "run"]), None)
    if start is not None and all(word.startswith("-") for word in words[1:start]):
        rest = words[start + 3 :]
    elif len(words) > 2 and words[2] == "run" and os.path.basename(words[1]) == "tracker":  # noqa: PTH119 - of text
        rest = words[3:]
    else:
        return arguments
    while rest and rest[0].startswith("-") and rest[0] != "-m":
        rest = rest[2 if rest[0] in _OPTIONS else 1 :]
    return [*words[:1], *rest]
