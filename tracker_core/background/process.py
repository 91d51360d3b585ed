"""The life of the background process: from the launch message to the last fsync.

One thread and one `poll`. Whatever fails in here is written to `logs/background.log` and to nobody's terminal.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._background import PIDFD, VARIABLE, Launch, read_launch
from tracker_core._folder import OpenRunFolder
from tracker_core._live_files import LiveFiles
from tracker_core.background import capture
from tracker_core.background.alert import Messenger
from tracker_core.background.channel import Channel
from tracker_core.background.clock import now
from tracker_core.background.encode import Encoding
from tracker_core.background.follow import Follow
from tracker_core.background.parent import Parent
from tracker_core.background.sync import Sync
from tracker_core.background.tail import JournalSink, Tails
from tracker_core.background.upload import INTERVAL as UPLOAD_INTERVAL
from tracker_core.background.upload import Uploading
from tracker_core.background.verdict import agrees, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core.background.system import System

SYNC_INTERVAL = 5.0
HEARTBEAT_INTERVAL = 30.0
READ_INTERVAL = 5.0
"""How often the journals are searched, when nobody notifies us; rows are skipped at a fraction of a microsecond."""
TAIL_INTERVAL = 1.0
ENCODE_INTERVAL = 1.0
SAVED_INTERVAL = 10.0
FIRST_SAMPLE = 1.0
"""Seconds after the start; what is over sooner has no system metrics worth their cost."""
FIRST_UPLOAD = 0.5

_QUICK = 2.0
"""Seconds for all that is left after SIGTERM."""
_PATIENCE = 10.0
"""Seconds that a dead training process is given to be collected by its parent, which may tell how it ended."""
_COMPLAINTS = 3
"""How often the same failure is written to the log."""


class Timer(msgspec.Struct):
    """Something done every `every` seconds, next at `due` on the monotonic clock."""

    name: str
    action: Callable[[], object]
    every: float
    due: float


class Process:
    """One background process: `run` is all of its life."""

    def __init__(self, launch: Launch, channel: Channel, parent: Parent) -> None:
        self._launch = launch
        self._channel = channel
        self._parent = parent
        self._folder = OpenRunFolder(launch.folder, lambda path: note(f"the run's folder is {path} now"))
        self._writer = journal.open_writer(
            self._folder, "background", run=launch.run, attempt=launch.attempt, buffered=launch.buffered
        )
        self._follow = Follow(self._folder, launch.attempt, launch.journal)
        self._sync = Sync(self._folder)
        self._tails = Tails(JournalSink(self._writer, self._folder), self._guard, launch.cwd)
        self._messenger = Messenger(launch)
        self._encoding = Encoding(self._folder, self._writer.write)
        self._live_files = LiveFiles(self._folder)
        self._uploading = Uploading(self._folder, launch.goal, note) if launch.goal is not None else None
        self._system: System | None = None
        self._failures: dict[str, int] = {}
        self._deadline: float | None = None
        self._judged = False
        self._steps = capture.steps(launch, self._folder, self._writer, self._live_files)
        clock = time.monotonic()
        self._timers = [
            Timer("heartbeat", self._beat, HEARTBEAT_INTERVAL, clock),
            Timer("sync", self._sync.sync, SYNC_INTERVAL, clock + SYNC_INTERVAL),
            Timer("journals", self._read, READ_INTERVAL, clock),
            Timer("tails", self._tails.poll, TAIL_INTERVAL, clock),
            Timer("media", self._encoding.poll, ENCODE_INTERVAL, clock + ENCODE_INTERVAL),
            Timer("saved files", partial(self._copy_files, last=False), SAVED_INTERVAL, clock + SAVED_INTERVAL),
        ]
        if self._uploading is not None:
            self._timers.append(Timer("upload", self._uploading.poll, UPLOAD_INTERVAL, clock + FIRST_UPLOAD))
        if launch.system_interval > 0:
            first = clock + min(FIRST_SAMPLE, launch.system_interval)
            self._timers.append(Timer("system metrics", self._sample, launch.system_interval, first))

    def run(self) -> None:
        """Works until the training process is over and all is done, SIGTERM, or the run folder is deleted."""
        self._channel.say(f"pid {os.getpid()}")
        while not self._over():
            self._listen(0 if self._steps else self._pause())
            if self._steps:
                self._guard(*self._steps.pop(0))
            self._tick()
        if self._exists():
            self._complete()
        self._channel.say("done")
        if self._channel.guessed:
            self._await_code()
        if self._exists():
            self._guard("journal", self._writer.close)
            self._guard("sync", self._sync.sync)
            self._guard("upload", self._upload_end)

    def _listen(self, timeout: float) -> None:
        """Takes in what happens; the end of the training process is judged at once, before anything that takes long."""
        self._channel.listen(timeout)
        if self._channel.gone and not self._judged:
            self._judged = True
            self._parent.look()
            if self._exists():
                self._guard("journals", self._read)
                self._guard("final state", self._judge)

    def _over(self) -> bool:
        """Whether the loop is over. What is captured is captured to its end, or the run would never tell its commit."""
        if self._channel.quick and self._deadline is None:
            self._deadline = time.monotonic() + _QUICK
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return True
        ended = self._channel.finish or self._channel.gone
        return (ended and not self._steps) or not self._exists()

    def _exists(self) -> bool:
        """Whether the run is still there: a deleted one leaves its folder, with a tombstone, but no journal."""
        return (self._folder.path / self._launch.journal).exists()

    def _pause(self) -> float:
        due = min(timer.due for timer in self._timers)
        return max(0.0, min(due, self._deadline or due) - time.monotonic())

    def _tick(self) -> None:
        clock = time.monotonic()
        for timer in self._timers:
            if timer.due <= clock:
                timer.due = clock + timer.every
                self._guard(timer.name, timer.action)
        if self._channel.notified:
            self._channel.notified = False
            self._guard("journals", self._read)

    def _guard(self, name: str, action: Callable[[], Any]) -> Any:
        """Runs `action`; when it fails, that goes to the log and the result is None."""
        try:
            return action()
        except Exception:  # noqa: BLE001 - nothing that fails here may end the rest
            self._failures[name] = self._failures.get(name, 0) + 1
            if self._failures[name] <= _COMPLAINTS:
                complain(name)
            return None

    def _beat(self) -> None:
        self._writer.write(records.Heartbeat(time=now()))

    def _sample(self) -> None:
        if self._system is None:
            from tracker_core.background.gpu import Gpus
            from tracker_core.background.system import System

            first_step = self._follow.system_rows()
            self._system = System(self._launch.pid, self._folder, Gpus(), first_step)
        self._system.sample(self._writer)

    def _read(self) -> None:
        for record in self._follow.read():
            if isinstance(record, records.Tail):
                self._tails.add(record)
            elif isinstance(record, records.File):
                self._live_files.add(record)
            elif isinstance(record, records.Alert):
                self._messenger.add(record)
            elif isinstance(record, records.Artifact) and self._uploading is not None:
                self._uploading.add(record)
            elif isinstance(record, records.Start):
                self._messenger.describe(record)

    def _copy_files(self, *, last: bool) -> None:
        for record, size in self._live_files.refresh(lambda path, error: note(f"{path}: {error}"), last=last):
            self._writer.write(msgspec.structs.replace(record, time=now(), size=size, sha256=None))

    def _complete(self) -> None:
        self._guard("journals", self._read)
        self._guard("media", self._encode)
        self._drain()
        self._guard("saved files", partial(self._copy_files, last=True))
        if self._system is not None:
            self._guard("system metrics", self._sample)
        self._guard("journals of dead writers", self._seal)
        self._messenger.finish(self._hurried)
        self._guard("sync", self._sync.sync)
        self._guard("upload", self._upload)

    def _upload(self) -> None:
        """While the training process waits: a server that is away keeps nobody."""
        if self._uploading is None or self._uploading.finish(self._hurried, self._progress, patience=0.0):
            return
        if self._uploading.problem is not None:
            self._channel.say("problem " + " ".join(str(self._uploading.problem).split()))

    def _upload_end(self) -> None:
        """What was written since, and what could not be sent before."""
        if self._uploading is not None and self._launch.goal is not None:
            self._uploading.finish(self._hurried, self._progress, self._launch.goal.patience)

    def _progress(self, text: str) -> None:
        self._channel.say(f"progress {text}")

    def _encode(self) -> None:
        self._encoding.finish(self._hurried)

    def _drain(self) -> None:
        reported = time.monotonic()
        while self._tails.poll() and not self._hurried():
            if time.monotonic() - reported >= 1:
                reported = time.monotonic()
                self._channel.say("progress mirroring files")
        self._tails.close()

    def _hurried(self) -> bool:
        self._listen(0)
        return self._channel.quick

    def _judge(self) -> None:
        """Writes the final state where the training process has not, or guessed it wrong."""
        end = self._follow.end
        if end is not None and end.certain:
            return
        ended = self._parent.exit(_PATIENCE)
        if end is not None and (ended is None or agrees(end, ended)):
            return
        self._writer.write(verdict(ended, preempting=self._follow.preempting, time=now()))

    def _await_code(self) -> None:
        """Stays for the last moments of the training process: its exit code is known when they are over."""
        while not self._channel.gone and not self._channel.quick and self._exists():
            self._listen(HEARTBEAT_INTERVAL)

    def _seal(self) -> None:
        for path in self._folder.journals():
            if not journal.alive(path):
                journal.seal(path)


def note(text: str) -> None:
    """Writes a line to the log, which is our stderr."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201 - nobody's terminal


def complain(name: str) -> None:
    """Writes the current exception to the log."""
    note(f"{name} failed")
    traceback.print_exc()
    sys.stderr.flush()


def main() -> None:
    launch = read_launch(os.environ.pop(VARIABLE))
    if not Path(launch.folder, launch.journal).exists():
        return  # deleted before we were up
    with contextlib.suppress(PermissionError):  # already the leader of a session or group, where no shell started us
        os.setsid()
    os.chdir("/")
    pidfd = PIDFD if launch.pidfd else None
    os.closerange(PIDFD + (pidfd is not None), min(os.sysconf("SC_OPEN_MAX"), 65536))
    Process(launch, Channel(pidfd), Parent(launch.pid, pidfd)).run()
