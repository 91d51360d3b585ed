"""The training process, seen from outside: does it live, and how did it end?

On Linux the training process hands over a descriptor of itself (a pidfd), so no other process that gets its number
later can be mistaken for it. From Linux 6.15 that descriptor keeps the exit status after everybody else has forgotten
it; before, the status can be read only while the process waits for its own parent to collect it.
"""

from __future__ import annotations

import contextlib
import select
import signal
import struct
import time
from pathlib import Path
from typing import NamedTuple

# linux/pidfd.h: ioctl PIDFD_GET_INFO on struct pidfd_info in its first version: u64 mask first, i32 exit_code last.
_INFO = struct.Struct("<Q52xi")
_GET_INFO = (3 << 30) | (_INFO.size << 16) | (0xFF << 8) | 11
_INFO_EXIT = 1 << 3


class Exit(NamedTuple):
    """How a process ended: by `code`, or by `signal` (its name)."""

    code: int | None = None
    signal: str | None = None


class Parent:
    """The training process `pid`; `pidfd` is None where the system has no such thing."""

    def __init__(self, pid: int, pidfd: int | None) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self._seen: int | None = None
        self._looked = False

    def gone(self) -> bool:
        """Whether it has ended. Asked when the pipe has ended, which without a pidfd has to serve as the answer."""
        return self.pidfd is None or bool(_poll(self.pidfd, select.POLLIN, 0))

    def look(self) -> None:
        """To be called as soon as it is gone: before Linux 6.15 its status stays but for a moment."""
        if not self._looked and self.pidfd is not None:
            self._seen = _zombie_status(self.pid)
            self._looked = True

    def exit(self, patience: float) -> Exit | None:
        """How it ended, once it is gone; None where nobody can tell.

        Waits at most `patience` seconds for the process to be collected, which its own parent does.
        """
        if self.pidfd is None:
            return None
        self.look()
        deadline = time.monotonic() + patience
        while (status := _kept_status(self.pidfd)) is None:
            # Seen on a dead process that waits to be collected, a zero may also mean "not for you to know".
            if self._seen or time.monotonic() >= deadline or not Path(f"/proc/{self.pid}").exists():
                status = _kept_status(self.pidfd)
                status = self._seen if status is None else status
                break
            _poll(self.pidfd, 0, 0.05)  # ends early when the process has been collected (POLLHUP)
        return None if status is None else _decode(status)


def _kept_status(pidfd: int) -> int | None:
    import fcntl

    info = bytearray(_INFO.pack(_INFO_EXIT, 0))
    try:
        fcntl.ioctl(pidfd, _GET_INFO, info)
    except OSError:
        return None
    mask, status = _INFO.unpack(info)
    return status if mask & _INFO_EXIT else None


def _zombie_status(pid: int) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        # The name in parentheses may hold anything; state is the first field after it, exit_code the last one.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        if fields[0] == b"Z":
            return int(fields[49])
    return None


def _decode(status: int) -> Exit:
    number = status & 0x7F
    if not number:
        return Exit(code=status >> 8 & 0xFF)
    try:
        return Exit(signal=signal.Signals(number).name)
    except ValueError:  # a real-time signal has no name of its own
        return Exit(signal=f"SIG{number}")


def _poll(fd: int, events: int, timeout: float) -> list[tuple[int, int]]:
    poll = select.poll()
    poll.register(fd, events)
    return poll.poll(timeout * 1000)
