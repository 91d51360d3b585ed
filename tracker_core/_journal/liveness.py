"""Who writes this journal, and whether that process lives.

A writer holds `flock` on segment 0 for as long as its process lives; the kernel lets go of it however the process
dies. The lock belongs to the open file, so forked children, which inherit it, must close theirs.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
import weakref
from typing import TYPE_CHECKING, Protocol

from tracker_core._journal.file import File
from tracker_core._journal.format import decode_header

if TYPE_CHECKING:
    from pathlib import Path

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_SILENCE = 300.0
"""Where locks do not work, a journal of another machine counts as alive for this many seconds after a write."""


class _Forkable(Protocol):
    def abandon(self) -> None: ...


_writers: weakref.WeakSet[_Forkable] = weakref.WeakSet()


def abandon_in_children(writer: _Forkable) -> None:
    """From now on every forked child abandons `writer` before it runs any code of its own."""
    _writers.add(writer)


def _abandon_all() -> None:
    for writer in list(_writers):
        writer.abandon()


os.register_at_fork(after_in_child=_abandon_all)


def claim(folder: Path, attempt: int, label: str) -> tuple[Path, str, File]:
    """Makes segment 0 of a new journal and takes its lock; a taken label gets `~2`, `~3` ... behind it.

    Returns the path, the label, and the file whose closing gives the lock back. Raises OSError.
    """
    number, name = 1, label
    while True:
        path = folder / f"{attempt:03d}-{name}.0000.journal"
        try:
            file = File(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            number += 1
            name = f"{label}~{number}"
            continue
        try:
            # Not for long: only somebody who asks whether the writer lives can hold it.
            fcntl.flock(file.descriptor(), fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                file.close()
                raise
        return path, name, file


def alive(path: Path) -> bool:
    """Whether the process that writes the journal with segment 0 at `path` lives; False when there is no file."""
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            return _alive_by_header(descriptor)
        return False


def _alive_by_header(descriptor: int) -> bool:
    found = decode_header(os.pread(descriptor, 4096, 0))
    if found is None:
        return False
    header, _ = found
    if header.host != os.uname().nodename:
        return time.time() - os.fstat(descriptor).st_mtime < _SILENCE
    try:
        os.kill(header.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
