"""Encodes the media that the training process left raw in the run's spool."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core import _records as records
    from tracker_core._folder import RunFolder

_PATIENCE = 0.1
"""Seconds between two looks at whether somebody wants us to hurry."""


class Encoding:
    """Works in a thread of its own while there is something to do: a long video must not hold up a heartbeat.

    `write` gets a record for each file, in the thread that polls. Nothing that encoding needs is imported before
    there is something to encode.
    """

    def __init__(self, folder: RunFolder, write: Callable[[records.Record], None]) -> None:
        self._folder = folder
        self._write = write
        self._thread: threading.Thread | None = None
        self._done: deque[records.File] = deque()
        self._taken = 0

    def poll(self) -> bool:
        """Writes down what was encoded and starts on what waits; whether something is being encoded."""
        busy = self._thread is not None and self._thread.is_alive()
        while self._done:
            self._write(self._done.popleft())
        if not busy and self._waits():
            self._thread = threading.Thread(target=self._work, name="encoding", daemon=True)
            self._thread.start()
            return True
        return busy

    def finish(self, hurried: Callable[[], bool]) -> None:
        """Encodes all that waits, unless `hurried()`; what is left over then, the next one to look will find."""
        while self.poll() and not hurried():
            assert self._thread is not None
            self._thread.join(_PATIENCE)
            if not self._thread.is_alive() and not self._taken:
                break  # what is left is in somebody else's hands
        self.poll()

    def _waits(self) -> bool:
        return next(self._folder.spool.glob("*.job"), None) is not None

    def _work(self) -> None:
        from tracker_core._media import spool

        self._taken = 0
        self._taken = spool.drain(self._folder.path, self._done.append)
