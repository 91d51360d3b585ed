"""What the background process hears and says: the pipes to the training process, its end, and SIGTERM."""

from __future__ import annotations

import contextlib
import os
import select
import signal

_IN, _OUT = 0, 1


class Channel:
    """One `poll` on everything that can happen. The flags only ever go up."""

    def __init__(self, pidfd: int | None) -> None:
        self.notified = False
        """The training process has written something to act on; whoever acts lowers the flag."""
        self.finish = False
        """The training process asked for completion."""
        self.guessed = False
        """It did so at its very end, when it could only guess its exit code."""
        self.gone = False
        """The training process is no more."""
        self.quick = False
        """Somebody wants us to end soon."""
        self._pidfd = pidfd
        self._rest = b""
        self._poll = select.poll()
        self._poll.register(_IN, select.POLLIN)
        if pidfd is not None:
            self._poll.register(pidfd, select.POLLIN)
        self._wake = self._catch_signals()
        os.set_blocking(_OUT, False)

    def listen(self, timeout: float | None) -> None:
        """Waits for an event, `timeout` seconds at most, and takes in what there is."""
        for fd, _ in self._poll.poll(None if timeout is None else timeout * 1000):
            if fd == _IN:
                self._hear()
            elif fd == self._pidfd:
                self.gone = True
                self._poll.unregister(fd)
            else:
                os.read(fd, 64)
                self.quick = True

    def say(self, line: str) -> None:
        """Sends a line to the training process, if it still listens."""
        with contextlib.suppress(OSError):
            os.write(_OUT, f"{line}\n".encode())

    def _hear(self) -> None:
        data = os.read(_IN, 4096)
        if not data:
            # With a pidfd that is not the end: the script may have closed every descriptor it found.
            self._poll.unregister(_IN)
            self.gone = self.gone or self._pidfd is None
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.notified = self.notified or line == b"notify"
            self.finish = self.finish or line in (b"finish", b"leave")
            self.guessed = self.guessed or line == b"leave"

    def _catch_signals(self) -> int:
        # A terminal's Ctrl-C and hang-up are the training's business, and so is what a scheduler sends to all
        # processes of a job as a warning. SIGTERM has to interrupt a `poll`, which Python restarts after a handler,
        # hence the pipe.
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        wake, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGTERM, lambda *_: None)
        self._poll.register(wake, select.POLLIN)
        return wake
