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


def lock(path: Path) -> int:
    """Takes the lock of the journal whose segment 0 is `path`; closing the descriptor returned gives it back."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            os.close(descriptor)
            raise
    return descriptor


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
