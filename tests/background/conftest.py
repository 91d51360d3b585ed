"""Real training processes with real background processes, and the promise that none outlives its test."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tracker_core import _folder
from tracker_core._journal import Reader
from tracker_core._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker_core import _records as records
    from tracker_core._folder import RunFolder

PREAMBLE = """
import os, signal, sys, time
from pathlib import Path
from tracker_core import _background, _folder, _journal, _settings
from tracker_core import _records as records

def start(**settings):
    folder = _folder.create(Path("tracker"), "r1", offline=True)
    writer = _journal.open_writer(folder, "main", run="r1", attempt=1)
    writer.write(records.Start(time=time.time(), run="r1", project="p"))
    settings = _settings.Settings(**settings)
    return writer, _background.launch(folder, run="r1", attempt=1, journal=writer.path, settings=settings)

def end(writer, **fields):
    writer.write(records.End(time=time.time(), **fields))
    writer.close()
"""


class Training:
    """A script that ran in the current folder, and what it left behind."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    @property
    def folder(self) -> RunFolder:
        (folder,) = _folder.scan(Path("tracker").absolute())
        return folder

    def wait(self) -> str:
        """Waits for the script and then for its background process; what the script printed."""
        output, _ = self.process.communicate(timeout=240)
        if Path("tracker").is_dir():
            gone(backgrounds())
        return output

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(120)
        gone(backgrounds())

    def records(self, label: str) -> list[records.Record]:
        (path,) = self.folder.path.glob(f"*-{label}.0000.journal")
        return list(Reader(path).entries())

    def snapshot(self) -> Snapshot:
        snapshot = Snapshot()
        for path in self.folder.journals():
            reader = Reader(path)
            for item in reader.entries():
                snapshot.apply(item, attempt=reader.header.attempt)
        return snapshot

    def log(self) -> str:
        """What the background process complained of."""
        return (self.folder.logs / "background.log").read_text()


def backgrounds() -> list[psutil.Process]:
    """The background processes of runs in the current folder, and shells about to become one: their command line
    holds the run's folder.
    """
    mark = str(Path("tracker").absolute())
    return [
        process
        for process in psutil.process_iter()
        if "-I" in (words := command(process)) and any(word.startswith(mark) for word in words)
    ]


def command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return []


def parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def gone(processes: list[psutil.Process]) -> None:
    """Waits until they have ended; a slow init process may still have to collect them."""
    deadline = time.monotonic() + 120
    while (left := [process for process in processes if lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    for process in left:
        process.kill()
    assert not left


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], object]) -> None:
    """Waits for something another process does."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(name="until")
def _until() -> Callable[[Callable[[], object]], None]:
    return until


@pytest.fixture(name="gone")
def _gone() -> Callable[[list[psutil.Process]], None]:
    return gone


@pytest.fixture(name="backgrounds")
def _backgrounds() -> Callable[[], list[psutil.Process]]:
    def found() -> list[psutil.Process]:
        """Those that have become one, without their children that are about to become something else."""
        ready = {process.pid: process for process in backgrounds() if command(process)[1:2] == ["-I"]}
        return [process for process in ready.values() if parent(process) not in ready]

    return found


@pytest.fixture
def train() -> Iterator[Callable[[str], Training]]:
    """Starts a script that has `start()` and `end()`; see `PREAMBLE`."""
    trainings: list[Training] = []

    def train(script: str, *, preamble: str = PREAMBLE, arguments: tuple[str, ...] = ()) -> Training:
        Path("train.py").write_text(preamble + script)
        command = [sys.executable, "train.py", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        trainings.append(Training(process))
        return trainings[-1]

    yield train
    for training in trainings:
        if training.process.poll() is None:
            training.process.kill()
        training.process.communicate()
    gone(backgrounds())
