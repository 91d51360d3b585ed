"""Calls a function with what is written to `sys.stdout` or `sys.stderr`, whatever object that is at the time.

The streams stay the objects they are: their `write` is wrapped, so that a logger that holds a stream is seen too. A
script that assigns another stream (`redirect_stdout`, a tee, a test's capture) is followed by a subclass of the type of
the module `sys` that looks at assignments; it is there while something is hooked.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

Name: TypeAlias = Literal["stdout", "stderr"]


class StreamHook:
    """Gives `take` the text of each outermost `write` to the stream `sys.<name>`, until `close`.

    Outermost: a tee writes to the stream that it replaced, and the text is given once.
    """

    def __init__(self, name: Name, take: Callable[[str], object], nesting: Nesting) -> None:
        """Hooks of one run share `nesting`: text that a stream passes on to the other one counts once."""
        self._name = name
        self._take = take
        self._nesting = nesting
        self._first: _Wrapped | None = None
        """The stream at the start, which loggers may hold: hooked until the end."""
        self._current: _Wrapped | None = None
        self.active = True
        self.follow(getattr(sys, name))
        self._first = self._current
        _watch(self)

    @property
    def name(self) -> Name:
        return self._name

    def follow(self, stream: Any) -> None:
        """Hook `stream` instead of the one before."""
        if not self.active:
            return
        known = next(
            (each for each in (self._first, self._current) if each is not None and each.stream is stream), None
        )
        if self._current is not None and self._current not in (self._first, known):
            self._current.undo()
        self._current = known or self._wrap(stream)
        if known is not None:
            known.renew()

    def renew(self) -> None:
        """Hook the stream again where something else has put back its former `write`, as notebooks do."""
        self.follow(getattr(sys, self._name))

    def close(self) -> None:
        """Undo everything; a `write` that was wrapped by somebody else since only turns inert."""
        self.active = False
        _unwatch(self)
        for wrapped in {self._first, self._current} - {None}:
            assert wrapped is not None
            wrapped.undo()

    def _wrap(self, stream: Any) -> _Wrapped | None:
        with suppress(Exception):  # no terminal at all, or a stream that cannot be changed
            return _Wrapped(stream, self._seen)
        return None

    def _seen(self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self.active or not self._nesting.enter():
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        finally:
            self._nesting.leave()
        if args and isinstance(args[0], str):
            self._take(args[0])
        return result


class Nesting(threading.local):
    """Whether this thread is inside of a hooked `write`."""

    inside = False

    def enter(self) -> bool:
        """False when it was inside already."""
        if self.inside:
            return False
        self.inside = True
        return True

    def leave(self) -> None:
        self.inside = False


class _Wrapped:
    """A stream whose `write` is replaced on the object itself."""

    def __init__(self, stream: Any, seen: Callable[..., Any]) -> None:
        self.stream = stream
        self._seen = seen
        self._previous: Any = None
        self._replacement: Any = None
        self._put()

    def renew(self) -> None:
        with suppress(Exception):
            current = getattr(self.stream, "write", None)
            if getattr(current, "owner", None) is self:
                self._replacement = current  # an earlier one of ours, put back
            else:
                self._put()

    def undo(self) -> None:
        own = getattr(self.stream, "__dict__", {})
        if own.get("write") is not self._replacement:
            return
        with suppress(Exception):
            if self._previous is None:
                del self.stream.write
            else:
                self.stream.write = self._previous

    def _put(self) -> None:
        original, seen = self.stream.write, self._seen
        previous = getattr(self.stream, "__dict__", {}).get("write")

        def write(*args: Any, **kwargs: Any) -> Any:
            return seen(original, args, kwargs)

        write.owner = self  # type: ignore[attr-defined]
        self.stream.write = write
        self._previous, self._replacement = previous, write


_hooks: list[StreamHook] = []
_module_type: type[ModuleType] | None = None


def _watch(hook: StreamHook) -> None:
    global _module_type  # noqa: PLW0603 - there is one module `sys`
    _hooks.append(hook)
    if _module_type is not None:
        return
    base = type(sys)

    class Sys(base):  # type: ignore[misc, valid-type]
        """The module `sys`, whose `stdout` and `stderr` are followed when they are assigned."""

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name in ("stdout", "stderr"):
                for each in _hooks.copy():
                    if each.name == name:
                        each.follow(value)

    with suppress(TypeError):
        sys.__class__ = Sys
        _module_type = Sys


def _unwatch(hook: StreamHook) -> None:
    global _module_type  # noqa: PLW0603 - as above
    if hook in _hooks:
        _hooks.remove(hook)
    if not _hooks and _module_type is not None and type(sys) is _module_type:
        sys.__class__ = _module_type.__base__  # type: ignore[assignment]
        _module_type = None
