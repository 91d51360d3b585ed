"""Keeps runs alive here whose processes live elsewhere.

Whether a run goes on is told by the lock that its writer holds on its journal (`_journal/liveness.py`). Of a copy, this
server holds that lock for as long as it hears that the writer lives: readers need not know that it is a copy.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SILENCE = 150.0
"""Seconds without a word after which a writer counts as gone; one that lives is heard of every 30."""


class Leases:
    """The locks of one server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._held: dict[Path, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def renew(self, journal: Path) -> None:
        """The writer of `journal`, which exists, lives."""
        with self._lock:
            known = self._held.get(journal)
            if known is None:
                fd = os.open(journal, os.O_RDONLY | os.O_CLOEXEC)
                fcntl.flock(fd, fcntl.LOCK_EX)
            else:
                fd = known[0]
            self._held[journal] = (fd, time.monotonic())

    def drop(self, journal: Path) -> None:
        """The writer is gone."""
        with self._lock:
            known = self._held.pop(journal, None)
        if known is not None:
            os.close(known[0])

    def expire(self) -> None:
        """Drops those that were not heard of for too long."""
        before = time.monotonic() - SILENCE
        for journal in [journal for journal, (_, heard) in self._held.copy().items() if heard < before]:
            self.drop(journal)

    def close(self) -> None:
        for journal in list(self._held):
            self.drop(journal)
