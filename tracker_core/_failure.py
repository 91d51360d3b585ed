"""Finds the exception that ended the training of a run which nobody finished.

A loop, Hydra or a search catches what a training raises and calls `init(reinit=True)` for the next one. The run that
`init` then ends has failed, although no exception is in flight. Python has no hook for caught exceptions, so three
sources are used: the exception that is handled while `init` or `sys.exit` is called, one that was handled while
something was printed, and those that are still referenced, as Hydra and futures do.

An exception belongs to a run when the frame that caught it is on the path of calls that led to the run's `init()`,
and it left that path after `init()`. What a training catches inside its own functions is not on the path.
"""

from __future__ import annotations

import gc
import itertools
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

_clock = itertools.count(1)
_MARK = "__tracker_known__"
_OWN = frozenset(("contextlib", "tracker_core", "tracker_integrations", "wrapt"))


class Failure(NamedTuple):
    """How a training ended: the exit code and signal its exception stands for, and the exception as text.

    A search that gives a trial up early raises for it, too: that one is `pruned`, which is no failure.
    """

    exit_code: int
    signal: str | None
    reason: str
    pruned: bool = False


class _Exit(NamedTuple):
    """The instruction at which an exception left the path: after the call that led to `init()` or before it, and
    whether the frame there caught it."""

    code: CodeType
    instruction: int
    later: bool
    caught: bool


class Origin:
    """The path of calls that led to one `init()`. `mark` returns another object once something else was logged."""

    __slots__ = ("_began", "_handled", "_known", "_mark", "_path")

    def __init__(self, mark: Callable[[], object]) -> None:
        self._mark = mark
        self._began = next(_clock)
        self._path = _path()
        self._handled = {id(error) for error in _chain(sys.exc_info()[1])}
        self._known: tuple[object, Failure] | None = None

    def notice(self) -> None:
        """Remember the exception that is being handled now, if it belongs to this run."""
        error = sys.exc_info()[1]
        if error is not None and self._new(error) and self._exit_of(error) is not None:
            self._keep(error)

    def find(self, held: list[BaseException], handled: BaseException | None = None) -> Failure | None:
        """Return the failure of the run, None for a run that went well.

        `handled` is being handled while the next run begins, which is reason enough. `held` are the exceptions that
        are still referenced. One that was noticed counts when nothing was logged after it.
        """
        if handled is not None and self._new(handled):
            return self._keep(handled)
        if self._known is not None and self._known[0] is self._mark():
            return self._known[1]
        here = _path()
        return next((self._keep(error) for error in held if self._new(error) and self._ended_by(error, here)), None)

    def outlives(self, error: BaseException) -> bool:
        """Whether `error` was known before this run began, and the run went well: the process may end by it."""
        return not self._new(error) and self.find(held()) is None

    def _keep(self, error: BaseException) -> Failure:
        self._known = (self._mark(), failure_of(error))
        return self._known[1]

    def _new(self, error: BaseException) -> bool:
        """Whether `error` was raised since this run began, as far as is known."""
        return id(error) not in self._handled and error.__dict__.get(_MARK, self._began) >= self._began

    def _ended_by(self, error: BaseException, here: tuple[tuple[CodeType, int], ...]) -> bool:
        """Whether `error` came out of the call that led to `init()`, or was caught in a loop around that call.

        An exception that was caught after that call, with the code going on below, is one that the script recovered
        from.
        """
        left = self._exit_of(error)
        if left is None or not left.later:
            return False
        return not left.caught or any(left.code is code and reached < left.instruction for code, reached in here)

    def _exit_of(self, error: BaseException) -> _Exit | None:
        """Where `error` left the path; None when it came from elsewhere, as from another cell or job."""
        trace = error.__traceback__
        place = next((n for n, (code, _) in enumerate(self._path) if trace and code is trace.tb_frame.f_code), -1)
        caught = True
        while trace is not None and place >= 0 and trace.tb_frame.f_code is self._path[place][0]:
            code, instruction = self._path[place]
            if trace.tb_lasti != instruction:
                return _Exit(code, trace.tb_lasti, later=trace.tb_lasti > instruction, caught=caught)
            trace, place, caught = trace.tb_next, place - 1, False
        return None


def held() -> list[BaseException]:
    """Every exception with a traceback that is still referenced. Takes 30 ms beside a deep-learning framework."""
    # `isinstance` would ask lazy proxies for their class, which runs code of theirs.
    return [each for each in gc.get_objects() if issubclass(type(each), BaseException) and each.__traceback__]


def failure_of(error: BaseException) -> Failure:
    """Return what `error` says of the training that raised it."""
    # Optuna's, by its name: no framework is imported here.
    if any(kind.__name__ == "TrialPruned" for kind in type(error).__mro__):
        return Failure(0, None, "", pruned=True)
    exit_code, signal = _exit.outcome(error)
    return Failure(exit_code, signal, text(error))


def mark_known(errors: list[BaseException]) -> None:
    """Note that these were raised before now, so that they end no run that begins later."""
    now = next(_clock)
    for error in errors:
        for each in _chain(error):
            each.__dict__.setdefault(_MARK, now)


def _path() -> tuple[tuple[CodeType, int], ...]:
    """The calling frames outside of the tracker, innermost first, each with the instruction that it has reached."""
    frame: Any = sys._getframe(1)  # noqa: SLF001 - the stack is what this is about
    path: list[tuple[CodeType, int]] = []
    while frame is not None:
        if path or frame.f_globals.get("__name__", "").partition(".")[0] not in _OWN:
            path.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return tuple(path)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and all(error is not each for each in chain):
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def text(error: BaseException) -> str:
    """`error` as one line."""
    try:
        return f"{type(error).__name__}: {error}"[:1000].removesuffix(": ")
    except Exception:  # noqa: BLE001 - an exception whose text cannot be had
        return type(error).__name__
