"""The final state of a run whose training process did not tell it, or could not know it.

What the process says for certain stands. A verdict fills the silence of a process that died, and corrects a guess:
`raise SystemExit(3)` sets an exit code that nothing inside the interpreter can see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core import _records as records

if TYPE_CHECKING:
    from tracker_core.background.parent import Exit

_FAULTS = frozenset(("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP"))
"""Signals that a process brings upon itself by a fault. Any other is sent by somebody who wants it to end."""


def verdict(ended: Exit | None, *, preempting: bool, time: float) -> records.End:
    """The `End` of a process that is gone. Unknown and a fault: crashed; another signal: killed; else by exit code.

    A process that announced its pre-emption was pre-empted, unless it ended well.
    """
    if ended is None:
        return records.End(time=time, state="preempted" if preempting else "crashed")
    return records.End(time=time, exit_code=ended.code, signal=ended.signal, state=_state(ended, preempting))


def agrees(guess: records.End, ended: Exit) -> bool:
    """Whether the process guessed right how it would end."""
    if ended.signal is not None:
        return guess.signal == ended.signal
    return guess.signal is None and guess.exit_code == ended.code


def _state(ended: Exit, preempting: bool) -> records.State:
    if ended.code == 0:
        return "finished"
    if preempting:
        return "preempted"
    if ended.signal is None:
        return "failed"
    return "crashed" if ended.signal in _FAULTS else "killed"
