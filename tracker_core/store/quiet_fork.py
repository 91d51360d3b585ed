"""Lets a process fork only while no other thread of it uses a database.

SQLite keeps locks between the connections of a process in memory, and its data structures behind mutexes. A child that
is forked while a thread holds one of them has a copy that is held for ever, and waits for it even with connections of
its own. So the fork waits, and threads that come to a database meanwhile wait for the fork.
"""

from __future__ import annotations

import os
import threading
import time

_LIMIT = 10.0
"""Seconds after which a fork is not held up any longer: a long query must not stop a training."""
_INTERVAL = 0.001

_using: dict[int, int] = {}
"""How many databases a thread is using."""
_forking: int | None = None
"""The thread that is about to fork."""


def enter() -> None:
    """To be called by a thread before it uses a database; `leave` after it."""
    me = threading.get_ident()
    depth = _using.get(me, 0)
    while True:
        _using[me] = depth + 1
        # Counted before it is asked: a fork that begins in between sees this thread.
        if depth or _forking in (None, me):
            return
        del _using[me]
        time.sleep(_INTERVAL)


def leave() -> None:
    me = threading.get_ident()
    if _using[me] == 1:
        del _using[me]
    else:
        _using[me] -= 1


def _before() -> None:
    global _forking  # noqa: PLW0603 - the process forks
    me = threading.get_ident()
    _forking = me
    deadline = time.monotonic() + _LIMIT
    while _using.keys() - {me} and time.monotonic() < deadline:
        time.sleep(_INTERVAL)


def _in_parent() -> None:
    global _forking  # noqa: PLW0603 - as above
    _forking = None


def _in_child() -> None:
    _in_parent()
    for thread in _using.keys() - {threading.get_ident()}:
        del _using[thread]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
