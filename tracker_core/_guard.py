"""The guard of all integrations: a failure in their hooks is reported once and never reaches the framework's loop.

A hook, callback or logger runs inside somebody else's loop, on objects that may fail in any way. `unseen` guards a
whole hook, `guard` a part of one, so that what else the hook records is kept. Neither stops KeyboardInterrupt and
SystemExit, the exceptions of `passes`, by which frameworks control their loops, nor a mistake in the arguments of the
script's author (`blame_author`).
"""

from __future__ import annotations

import functools
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_log = logging.getLogger("tracker")

_passed: list[type[BaseException]] = []
_reported: set[object] = set()
_MARK = "__tracker_author__"


def unseen(function: Callable[..., Any]) -> Any:
    """Guard a hook: what it raises is reported once, and it returns None then.

    For every hook of a callback or logger, whether a switch inserts it or a user passes it by hand.
    """

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if _is_passed(error):
                raise
            report(name_of(function), error)

    return guarded


@contextmanager
def guard(subject: str) -> Iterator[None]:
    """Guard a part of a hook: what it raises is reported once as a failure to record `subject`."""
    try:
        yield
    except Exception as error:
        if _is_passed(error):
            raise
        report(subject, error)


def passes(*kinds: type[BaseException]) -> None:
    """Declare exceptions by which a framework controls its loop, as pruning a trial: no guard stops them."""
    _passed.extend(kind for kind in kinds if kind not in _passed)


def blame_author(error: Exception) -> Exception:
    """Mark `error` as a mistake in the arguments of a callback, which every guard lets through."""
    error.__dict__[_MARK] = True
    return error


def report(subject: str, error: BaseException) -> None:
    """Warn that `subject` is not recorded: once for each type of error, and once for each message."""
    said = message_of(error)
    kind, text = (subject, type(error)), (type(error), said)
    if kind in _reported or text in _reported:
        return
    _reported.update((kind, text))
    complain(subject, f"{subject} is not recorded: {said}", error, once=False)


def complain(subject: str, message: str, error: BaseException | None = None, *, once: bool = True) -> None:
    """Warn once per process and subject: a training that calls us a million times must not log a million lines."""
    if once:
        if subject in _reported:
            return
        _reported.add(subject)
    try:
        _log.warning("tracker: %s", message)
        if error is not None:
            _log.debug("tracker: where %s failed", subject, exc_info=error)
    except Exception:  # noqa: BLE001, S110 - a handler or filter of the user's own may fail, too
        pass


def message_of(error: BaseException) -> str:
    """The type and text of an exception, whose own `__str__` may fail."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - it comes from a foreign object
        return type(error).__name__


def name_of(function: Any) -> str:
    """Where a function is defined, as a reader finds it."""
    inner = function.func if isinstance(function, functools.partial) else function
    return f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', inner)}"


def _is_passed(error: Exception) -> bool:
    debugger = sys.modules.get("bdb")
    if debugger is not None and isinstance(error, debugger.BdbQuit):
        return True
    return isinstance(error, tuple(_passed)) or error.__dict__.get(_MARK, False) is True
