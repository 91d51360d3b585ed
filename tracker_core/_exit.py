"""How the process ends, told to whoever has to know it first.

Python has no hook that knows the exit code, so `sys.exit` and `sys.excepthook` are wrapped to note it, SIGTERM gets a
handler where nobody else wants it, and `atexit` calls. Installed once per process, at the first run.
"""

from __future__ import annotations

import atexit
import operator
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_CTRL_C = 255
_SYSTEM_INITS = ("systemd", "init", "launchd", "openrc-init", "runit")
"""First processes of a whole system, which outlive the processes that they adopt."""

_tell: Callable[[int, str | None, bool], None] | None = None
_raised: Callable[[BaseException], None] | None = None
_pid = 0
_code = 0
_signal: str | None = None
_interrupted = False


def watch(tell: Callable[[int, str | None, bool], None], raised: Callable[[BaseException], None]) -> None:
    """From now on `tell(exit_code, signal, certain)` is called once when this process ends, but for SIGKILL and
    `os._exit`; `raised(error)` before it when an exception is about to end the process.

    A forked child is another process: it calls nothing.
    """
    global _tell, _raised, _pid
    first = _tell is None
    _tell, _raised, _pid = tell, raised, os.getpid()
    if not first:
        return
    _wrap_exit()
    _wrap_excepthook()
    atexit.register(_end)
    _catch_sigterm()


def watching() -> bool:
    """Whether this process has had a run."""
    return _tell is not None


def exit_code(given: Any) -> int:
    """`given` as an exit code: any integer type, a bool, None for 0. TypeError and ValueError name what is wrong."""
    if given is None:
        return 0
    try:
        code = operator.index(given)
    except TypeError:
        if type(given).__name__ not in ("bool", "bool_"):  # numpy's bool has no __index__
            raise TypeError(f"exit_code must be an integer, not {given!r}") from None
        code = int(given)
    if not -(1 << 31) <= code < 1 << 32:
        raise ValueError(f"exit_code={code} does not fit 32 bits")
    return int(code)


def outcome(error: BaseException | None) -> tuple[int, str | None]:
    """The exit code and the signal of a process that `error` ends, were nothing to catch it."""
    if error is None:
        return 0, None
    if isinstance(error, SystemExit):
        return _exit_code(error.code), None
    return (_CTRL_C, "SIGINT") if isinstance(error, KeyboardInterrupt) else (1, None)


def forget() -> None:
    """A run goes on: what was noted of an exit that then did not happen (a caught SystemExit) no longer holds."""
    global _code, _signal, _interrupted
    _code, _signal, _interrupted = 0, None, False


def interrupted() -> None:
    """A framework has taken a Ctrl-C and ends the process by an exit code of its own."""
    global _interrupted  # noqa: PLW0603 - as above
    _interrupted = True


def ends_container() -> bool:
    """Whether the other processes of this PID namespace are killed when this one ends: it, or its parent that runs it
    and nothing else, is the first process of a container."""
    if os.getpid() == 1:
        return True
    if os.getppid() != 1:
        return False
    try:
        with open("/proc/1/comm", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - pathlib is not loaded here
            return file.read().strip() not in _SYSTEM_INITS
    except OSError:  # not Linux: PID 1 is the system's
        return False


def _end() -> None:
    if _tell is None or os.getpid() != _pid:
        return
    if _interrupted and _code:
        _tell(_code, "SIGINT", True)  # the exit code says less than we know
    else:
        _tell(_code, _signal, False)


def _wrap_exit() -> None:
    original = sys.exit

    def exit(status: Any = None, /) -> Any:  # noqa: A001 - it stands for sys.exit
        if threading.current_thread() is threading.main_thread():
            _note(_exit_code(status), error=sys.exc_info()[1])
        original(status)

    exit.__doc__, exit.__module__ = original.__doc__, original.__module__
    sys.exit = exit


def _wrap_excepthook() -> None:
    original = sys.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
        _note(*outcome(error), error=error)
        return original(kind, error, trace)

    sys.excepthook = excepthook


def _catch_sigterm() -> None:
    # Only the main thread may, and only where the default (to die at once) stands: a user's handler is the user's.
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a handler
    signal.signal(number, signal.SIG_DFL)
    if _tell is not None and os.getpid() == _pid:
        _tell(128 + number, signal.Signals(number).name, False)
    os.kill(os.getpid(), number)


def _note(code: int, name: str | None = None, *, error: BaseException | None = None) -> None:
    global _code, _signal
    _code, _signal = code, name
    if code and error is not None and _raised is not None and os.getpid() == _pid:
        _raised(error)


def _exit_code(status: Any) -> int:
    if status is None:
        return 0
    return status & 0xFF if isinstance(status, int) else 1
