"""The code's state in git: commit, branch, remote, and what differs from the commit as `files/diff.patch`.

Reads only, takes no lock and runs none of the repository's own programs. No git, no repository, a broken or a slow one:
then less is known, and nobody is told.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core._secret import mask_code, mask_remote

if TYPE_CHECKING:
    from tracker_core._background import Launch

NAME = "diff.patch"
DIFF_LIMIT = 10 * 1024 * 1024
UNTRACKED_LIMIT = 200

_TIMEOUT = 10.0
_ANSWER_LIMIT = 1024 * 1024
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
# A checkout of another owner (a folder that is mounted into a container) is read too: safe.directory protects from the
# programs that a repository can name in its configuration, and `_options` switches these off.
_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "safe.directory=*")


def capture(launch: Launch, files: Path) -> dict[str, Any]:
    """Facts about the repository of the script, or else of the working directory; the patch is written to `files`."""
    places = [str(Path(launch.program).parent)] if launch.program else []
    for place in dict.fromkeys([*places, launch.cwd]):
        root = _line(place, "rev-parse", "--show-toplevel")
        if root:
            shown = root.encode("utf-8", "replace").decode()
            return {"git": {"root": shown, **_state(root, launch), **_diff(root, files)}}
    return {}


def _state(root: str, launch: Launch) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    untracked: list[str] = []
    changed = False
    own = os.path.relpath(Path(launch.folder).resolve().parent, Path(root).resolve())
    for entry in _run(root, "status", "--porcelain=v2", "--branch", "-z")[0].decode("utf-8", "replace").split("\0"):
        if entry.startswith("# branch.oid ") and not entry.endswith("(initial)"):
            facts["commit"] = entry.split(" ", 2)[2]
        elif entry.startswith("# branch.head ") and not entry.endswith("(detached)"):
            facts["branch"] = entry.split(" ", 2)[2]
        elif entry.startswith("? "):
            if entry[2:].rstrip("/") != own:
                untracked.append(entry[2:])
        elif entry[:2] in ("1 ", "2 ", "u "):
            changed = True
    facts.setdefault("commit", _line(root, "rev-parse", "--verify", "--quiet", "HEAD"))
    facts["remote"] = _remote(root, facts.get("branch"))
    facts["dirty"] = changed
    if untracked:
        facts["untracked"] = untracked[:UNTRACKED_LIMIT]
        facts["untracked_count"] = len(untracked)
    return {name: value for name, value in facts.items() if value is not None}


def _remote(root: str, branch: str | None) -> str | None:
    """Where the branch is pushed to, or `origin`, or the first remote there is."""
    lines = _run(root, "config", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$")[0].decode(
        "utf-8", "replace"
    )
    settings = dict(line.split(" ", 1) for line in lines.splitlines() if " " in line)
    urls = {name[len("remote.") : -len(".url")]: url for name, url in settings.items() if name.startswith("remote.")}
    for name in (settings.get(f"branch.{branch}.remote"), "origin", *urls):
        if name in urls:
            return mask_remote(urls[name])
    return None


def _diff(root: str, files: Path) -> dict[str, Any]:
    """Writes what `git apply` would need to get from the commit to the files as they are, submodules included."""
    patch, whole = _run(
        root, "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=diff", limit=DIFF_LIMIT
    )
    if not patch:
        return {}
    (files / NAME).write_bytes(mask_code(patch.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"))
    return {"diff": NAME} if whole else {"diff": NAME, "diff_cut": True}


def _line(place: str, *arguments: str) -> str | None:
    lines = os.fsdecode(_run(place, *arguments)[0]).splitlines()
    return lines[0] if lines else None


def _run(place: str, *arguments: str, limit: int = _ANSWER_LIMIT) -> tuple[bytes, bool]:
    """What git prints, and whether that is all of it: at most `limit` bytes and for ten seconds; nothing on failure."""
    command = ["git", *_OPTIONS, *_filters_off(place, arguments), "-C", place, *arguments]
    try:
        process = subprocess.Popen(  # noqa: S603 - git itself, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_QUIET},
        )
    except OSError:
        return b"", False
    with process:
        output, whole = _read(process, limit)
        if not whole:
            process.kill()
    return (output, whole) if process.returncode == 0 or not whole else (b"", False)


def _filters_off(place: str, arguments: tuple[str, ...]) -> list[str]:
    """Options that switch off the content filters of a repository that belongs to somebody else.

    `status` and `diff` run them. They are programs, named in the repository's configuration.
    """
    if arguments[0] not in ("status", "diff") or _is_own(place):
        return []
    pattern = r"^filter\..*\.(clean|smudge|process|required)$"
    names = _run(place, "config", "--local", "--includes", "--name-only", "-z", "--get-regexp", pattern)[0]
    options = []
    for name in names.decode("utf-8", "replace").split("\0"):
        if name:
            options += ["-c", f"{name}={'false' if name.endswith('.required') else ''}"]
    return options


def _is_own(place: str) -> bool:
    """Whether the checkout belongs to this user, as git asks before it trusts a repository."""
    try:
        return Path(place, ".git").stat().st_uid == os.geteuid()
    except OSError:
        return False


def _read(process: subprocess.Popen[bytes], limit: int) -> tuple[bytes, bool]:
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    deadline = time.monotonic() + _TIMEOUT
    output = bytearray()
    while (left := deadline - time.monotonic()) > 0 and len(output) < limit:
        if not select.select([pipe], [], [], left)[0]:
            break
        data = os.read(pipe, 65536)
        if not data:
            return bytes(output), True
        output += data
    return bytes(output[:limit]), False
