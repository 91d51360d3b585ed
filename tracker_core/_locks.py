"""Locks that a signal handler, a finalizer and a forked child can take. `docs/design/locks.md` lists every lock.

A signal handler runs on the main thread between two instructions of whatever that thread does, possibly while it holds
a lock: so locks are re-entrant. A forked child has one thread and a copy of every lock, possibly held by a thread that
it does not have: so locks are renewed in children.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import weakref
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


class Lock:
    """A re-entrant lock that a forked child finds free. A copy or a pickle of it is a lock of its own."""

    __slots__ = ("__weakref__", "_depth", "_lock", "_owner")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner: int | None = None
        self._depth = 0
        _locks.add(self)

    @property
    def owned(self) -> bool:
        """Whether this thread holds the lock: then this call comes from a signal handler or a finalizer."""
        return self._owner == threading.get_ident()

    def acquire(self, timeout: float = -1) -> bool:
        """Wait at most `timeout` seconds (-1: without limit); return whether this thread holds the lock now."""
        taken = self._lock.acquire(timeout=timeout)
        if taken:
            self._owner = threading.get_ident()
            self._depth += 1
        return taken

    def release(self) -> None:
        if not self.owned:  # a thread that forked leaves its block in the child too, whose lock is a new one
            return
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __reduce__(self) -> tuple[type[Lock], tuple[()]]:
        return Lock, ()

    def renew(self) -> None:
        """In a forked child: forget who held the lock."""
        self._lock = threading.RLock()
        self._owner = None
        self._depth = 0


class _FileLock:
    """A path that this process locks: `depth` counts the blocks of the thread that holds it."""

    __slots__ = ("depth", "descriptor", "lock")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.descriptor = -1
        self.depth = 0


@contextlib.contextmanager
def file_lock(path: Path, flags: int = os.O_CREAT | os.O_RDWR) -> Iterator[None]:
    """Hold `flock` on the file at `path` against other processes and the other threads of this one.

    The kernel knows open files, not threads: a second `flock` on one thread would wait for the first one for ever.
    Raises OSError.
    """
    import fcntl

    held = _files.setdefault(os.fspath(path), _FileLock())
    with held.lock:
        if held.depth == 0:
            descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except BaseException:
                os.close(descriptor)
                raise
            held.descriptor = descriptor
        held.depth += 1
        try:
            yield
        finally:
            held.depth -= 1
            if held.depth == 0 and _files.get(os.fspath(path)) is held:
                # A child that was forked meanwhile shares the open file: closing ours would leave it locked.
                fcntl.flock(held.descriptor, fcntl.LOCK_UN)
                os.close(held.descriptor)


def undisturbed(function: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
    """Make `function` run where no signal handler can interrupt it, for what must not be entered twice.

    Signal handlers run on the main thread only, so the call is made on another one. A handler that makes such a call
    itself waits for the first one to end, which goes on meanwhile.
    """

    @functools.wraps(function)
    def call(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        if threading.current_thread() is not threading.main_thread():
            return function(*args, **kwargs)
        results: list[_Result] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                results.append(function(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised below, on the thread that called
                errors.append(error)

        thread = threading.Thread(target=work, name="tracker-undisturbed", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down, or the process may have no more threads
            return function(*args, **kwargs)
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    return call


_locks: weakref.WeakSet[Lock] = weakref.WeakSet()
_files: dict[str, _FileLock] = {}


def _renew_all() -> None:
    for lock in list(_locks):
        lock.renew()
    # Without LOCK_UN: the open file is shared with the parent, whose lock it is.
    for held in _files.values():
        if held.depth:
            with contextlib.suppress(OSError):
                os.close(held.descriptor)
    _files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
