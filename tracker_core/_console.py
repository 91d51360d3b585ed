"""Captures what the training prints: `captured` hooks `sys.stdout` and `sys.stderr` (see `_stream_hook`).

Everything goes through to the terminal first. What is written past Python (C libraries, child processes) is not seen.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tracker_core import _records as records
from tracker_core._secret_hints import may_hold_secrets
from tracker_core._stream_hook import Nesting, StreamHook
from tracker_core._terminal import WINDOW, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker_core._stream_hook import Name

PROGRESS_INTERVAL = 1.0
"""Seconds between two records of a line that is still being written."""

_LAST_WAIT = 1.0


@contextmanager
def captured(write: Callable[[records.Record], None], now: Callable[[], float] = time.time) -> Iterator[None]:
    """For as long as this is open, the terminal output goes to `write` as `Console` records, which get their time of
    `now`.

    A finished line is written at once, a progress bar or prompt about once a second and at the end. Nothing that fails
    here, `write` included, is seen by the code that prints. Forked children are not captured.
    """
    nesting = Nesting()
    captures = [Capture("stdout", write, now, nesting)]
    if sys.stderr is not sys.stdout:
        captures.append(Capture("stderr", write, now, nesting))
    try:
        with _in_every_cell(captures):
            yield
    finally:
        for capture in reversed(captures):
            capture.close()


@contextmanager
def _in_every_cell(captures: list[Capture]) -> Iterator[None]:
    """In a notebook: hooks the streams again before each cell, since IPython puts back an earlier `write`."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        yield
        return

    def before_cell(*_: object) -> None:
        for capture in captures:
            capture.hook.renew()

    shell.events.register("pre_run_cell", before_cell)
    try:
        yield
    finally:
        shell.events.unregister("pre_run_cell", before_cell)


class Capture:
    """One stream whose text becomes records, until `close`."""

    def __init__(
        self,
        name: Name,
        write: Callable[[records.Record], None],
        now: Callable[[], float],
        nesting: Nesting,
    ) -> None:
        self._name = name
        self._write = write
        self._now = now
        self._terminal = Terminal()
        self._sent: dict[int, str] = {}
        self._texts: deque[str] = deque()
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._due = 0.0
        self._active = True
        self.hook = StreamHook(name, self._take, nesting)
        _captures.add(self)

    def close(self) -> None:
        """Write what is unfinished and unhook the stream."""
        self._take("", last=True)
        self._active = False
        self.hook.close()

    def abandon(self) -> None:
        """In a forked child: stop, whatever the other threads of the parent were doing."""
        self._active = False
        self.hook.active = False

    def _take(self, text: str, *, last: bool = False) -> None:
        """Keeps `text`. One thread at a time works on it, and takes along what the others bring meanwhile."""
        if not self._active or self._owner == threading.get_ident():
            return  # the latter: `write` prints, for example a warning
        self._texts.append(text)
        if "\n" not in text and not last and time.monotonic() < self._due:
            return  # `print` writes its arguments one by one; whoever ends the line takes them along
        # Never waits long: a signal handler may run in the midst of a thread that holds the lock.
        if not self._lock.acquire(timeout=_LAST_WAIT if last else 0):
            return
        try:
            self._owner = threading.get_ident()
            while self._texts:
                self._terminal.feed(self._texts.popleft())
            self._emit(last=last)
        except Exception:  # noqa: BLE001 - the code that prints must never see us fail
            self._active = False
        finally:
            self._owner = None
            self._lock.release()

    def _emit(self, *, last: bool) -> None:
        terminal = self._terminal
        if not terminal.dirty:
            return
        now = time.monotonic()
        if last or now >= self._due:
            ready = terminal.dirty
            self._due = now + PROGRESS_INTERVAL
        else:
            ready = terminal.dirty & terminal.finished
        for number in sorted(ready):
            text = _masked(terminal.lines[number].render())
            if self._sent.get(number) != text:
                self._sent[number] = text
                self._write(records.Console(time=self._now(), stream=self._name, line=number, text=text))
        terminal.dirty -= ready
        terminal.finished.clear()
        if len(terminal.lines) > 2 * WINDOW and not terminal.dirty:
            terminal.forget()
            self._sent = {number: text for number, text in self._sent.items() if number in terminal.lines}


def _masked(text: str) -> str:
    if not may_hold_secrets(text):
        return text
    from tracker_core._secret import mask_output  # its patterns take longer to compile than `init` takes

    return mask_output(text)


def _abandon_all() -> None:
    for capture in list(_captures):
        capture.abandon()


_captures: weakref.WeakSet[Capture] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
