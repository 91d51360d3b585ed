"""A file that comes into being piece by piece, is whole when it has its name, and is gone on with after an
interruption."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from typing import IO, TYPE_CHECKING

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_holders: dict[Path, int] = {}
"""The paths that this process writes, and the thread of each."""


@contextlib.contextmanager
def part(path: Path) -> Iterator[IO[bytes]]:
    """The file `path`, opened at its end to be written on, by one process at a time; others wait.

    It stays when the block fails or the process is killed, so that the next one goes on with it; only what was written
    before the machine was started begins anew, since not all of it may have reached the disk. Whoever completes it
    renames it before the block ends.

    Raises UsageError in a signal handler that interrupts the block of the same path, which would wait for itself.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = threading.get_ident()
    if _holders.get(path) == holder:
        raise UsageError(f"{path} is being written by the code that this signal handler interrupts")
    while True:
        fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        with open(fd, "r+b") as file:  # noqa: PTH123 - of a descriptor
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _is(path, fd):
                if os.fstat(fd).st_mtime < time.time() - time.monotonic():
                    file.truncate()
                file.seek(0, os.SEEK_END)
                _holders[path] = holder
                try:
                    yield file
                finally:
                    _holders.pop(path, None)
                    with contextlib.suppress(OSError):
                        file.flush()
                    # A child that was forked meanwhile shares the open file: closing ours would leave it locked.
                    fcntl.flock(fd, fcntl.LOCK_UN)
                return


def _is(path: Path, fd: int) -> bool:
    """Whether `path` is still the open file: another process may have completed and renamed it while we waited."""
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False
