"""Uploads the run to the team's server while it goes on, and what is left when it ends."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tracker_core._errors import AuthenticationError, CommError, Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core import _records as records
    from tracker_core._background import Goal
    from tracker_core._folder import RunFolder
    from tracker_core._http import Client
    from tracker_core._upload.run import RunUpload
    from tracker_core._upload.server import Server

INTERVAL = 3.0
"""Seconds between two looks at what is new."""
_LONGEST_PAUSE = 60.0
"""Between two attempts to reach a server that is away."""
_PATIENCE = 0.1
"""Seconds between two looks at whether somebody wants us to hurry."""
_TELL = 2.0
"""Seconds between two words about how far it is."""


class Uploading:
    """Works in a thread of its own: a slow network must not hold up a heartbeat. `complain` is told once of each thing
    that goes wrong. Nothing that it needs is imported before it begins."""

    def __init__(self, folder: RunFolder, goal: Goal, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._goal = goal
        self._complain = complain
        self._thread: threading.Thread | None = None
        self._opened: tuple[Client, Server, RunUpload] | None = None
        self._versions: dict[tuple[str, str], set[int]] = defaultdict(set)
        """What the run made or used, by project and name of the artifact."""
        self._news: set[tuple[str, str]] = set()
        self._sent_journals = 0.0
        self._pause = INTERVAL
        self._due = 0.0
        self._told: set[str] = set()
        self.problem: Error | OSError | None = None
        """What ended the last round before its end."""

    def add(self, record: records.Artifact) -> None:
        """The run made or used a version."""
        self._versions[record.project, record.name].add(record.version)
        self._news.add((record.project, record.name))

    def poll(self) -> None:
        """Begins a round if none is under way and one is due."""
        if time.monotonic() >= self._due and not self._busy():
            self._begin(last=False)

    def finish(self, hurried: Callable[[], bool], say: Callable[[str], None], patience: float) -> bool:
        """Uploads all there is; whether that was done. Where the server is away it is tried for `patience` seconds; a
        key or an entity that it refuses is refused for good."""
        deadline = time.monotonic() + patience
        while self._wait(hurried, say):
            self._begin(last=True)
            if not self._wait(hurried, say):
                return False
            if self.problem is None:
                return True
            if not _may_pass(self.problem) or time.monotonic() + self._pause > deadline:
                return False
            self._rest(hurried)
        return False

    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _begin(self, *, last: bool) -> None:
        self._thread = threading.Thread(target=self._round, args=(last,), name="upload", daemon=True)
        self._thread.start()

    def _wait(self, hurried: Callable[[], bool], say: Callable[[str], None]) -> bool:
        """Waits for the end of a round; False when somebody wants us to hurry."""
        told = time.monotonic()
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(_PATIENCE)
            if hurried():
                return False
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                say(f"uploading, {(self._opened[0].sent if self._opened else 0) / 1e6:.0f} MB so far")
        return not hurried()

    def _rest(self, hurried: Callable[[], bool]) -> None:
        until = time.monotonic() + min(self._pause, INTERVAL)
        while time.monotonic() < until and not hurried():
            time.sleep(_PATIENCE)

    def _round(self, last: bool) -> None:
        try:
            self._send(last=last)
        except (Error, OSError) as problem:
            self.problem = problem
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            if str(problem) not in self._told:
                self._told.add(str(problem))
                self._complain(f"upload: {problem}")
        else:
            self.problem = None
            self._pause = INTERVAL
        self._due = time.monotonic() + self._pause

    def _send(self, *, last: bool) -> None:
        from tracker_core._artifacts.collection import Collection
        from tracker_core._upload.artifact import CollectionUpload

        _, server, run = self._opened or self._open()
        run.send()
        self._sent_journals = time.monotonic()
        for project, name in sorted(self._versions if last else self._news):
            self._news.discard((project, name))
            collection = Collection(self._folder.root, project, name)
            try:
                CollectionUpload(collection, server).send(self._versions[project, name] & set(collection.numbers()))
            except CommError:
                self._news.add((project, name))
                raise

    def _open(self) -> tuple[Client, Server, RunUpload]:
        from tracker_core._http import Client
        from tracker_core._upload.run import RunUpload
        from tracker_core._upload.server import Server

        client = Client(self._goal.address, self._goal.key, patience=0)  # a round that fails is the next one's
        server = Server(client, self._goal.entity)
        run = RunUpload(self._folder, server)

        def between() -> None:
            if time.monotonic() - self._sent_journals > INTERVAL:
                self._sent_journals = time.monotonic()
                run.send_journals()

        server.between = between
        self._opened = (client, server, run)
        return self._opened


def _may_pass(problem: Any) -> bool:
    from tracker_core._http import RefusedError

    return not isinstance(problem, AuthenticationError | RefusedError)
