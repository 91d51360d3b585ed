"""Which folders `tracker ui` shows at this moment, and where: one note a server in the user's state directory.

A server holds the lock of its note for as long as it lives, so that a note left by a killed one counts for nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FOLDER = "served"


class Note(msgspec.Struct, frozen=True):
    """`link` opens the pages, with the token where one is wanted; `roots` are folders of runs."""

    link: str
    roots: tuple[str, ...]


@contextlib.contextmanager
def announced(roots: Sequence[Path], link: str) -> Iterator[None]:
    """Leaves a note for as long as the block lasts. Where none can be left, nobody learns of the server."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            path = _folders()[0] / f"{os.getpid()}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)  # the link may hold a token
            file = stack.enter_context(os.fdopen(fd, "wb"))
            stack.callback(path.unlink, missing_ok=True)
            fcntl.flock(fd, fcntl.LOCK_EX)
            file.truncate()
            file.write(msgspec.json.encode(Note(link, tuple(map(_name, roots)))))
            file.flush()
        yield


def link_to(root: Path) -> str | None:
    """The link of a server that shows the runs of `root`, if one does."""
    wanted = _name(root)
    for path in sorted(path for folder in _folders() for path in folder.glob("*.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError), path.open("rb") as file:
            if not _held(file.fileno()):
                continue
            note = msgspec.json.decode(file.read(), type=Note)
            if wanted in note.roots:
                return note.link
    return None


def frame_of(link: str, folder: str) -> str:
    """The address that shows the run of `folder` in a frame, on the server that `link` opens."""
    parts = urlsplit(link)
    token = parse_qs(parts.query).get("token", [""])[0]
    query = urlencode({"token": ticket(token, folder)}) if token else ""
    return parts._replace(path=f"/embed/run/{quote(folder)}", query=query).geturl()


def ticket(token: str, folder: str) -> str:
    """What opens the run of `folder` to read, and nothing else, where `token` opens everything: pages that hold a
    frame are read by others. It tells the folder, and nobody without the token could have made it."""
    return f"{folder}.{hmac.new(token.encode(), f'frame {folder}'.encode(), hashlib.sha256).hexdigest()[:40]}"


def folder_of(token: str, shown: str) -> str | None:
    """The folder that a ticket is for; None for what is no ticket of this token."""
    folder = shown.rpartition(".")[0]
    return folder if folder and hmac.compare_digest(ticket(token, folder).encode(), shown.encode()) else None


def _held(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _name(root: Path) -> str:
    """A folder as notes name it: JSON has no letters for paths that are not UTF-8."""
    return os.fsencode(root.resolve()).decode("utf-8", "backslashreplace")


def _folders() -> list[Path]:
    from tracker_core import _home

    return [folder / FOLDER for folder in _home.states()]
