"""What the tests of integrations share: a run as somebody reads it afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import tracker_core as tracker

os.environ.setdefault("KERAS_BACKEND", "torch")  # before any test of this folder imports Keras

BY_ITSELF = ("media/", "code/", "requirements", "diff")
"""What a run keeps besides what an integration asks it to, some of it only when there is time."""


class Recorded:
    """A run of `tracker.Api`, its rows as they are compared most easily."""

    def __init__(self, run):
        self.run = run
        self.rows = list(run.scan_history())
        self.config, self.summary, self.state, self.exit_code = run.config, run.summary, run.state, run.exit_code
        self.name, self.tags, self.keys = run.name, run.tags, run.keys()
        self.files = [file.name for file in run.files() if not file.name.startswith(BY_ITSELF)]

    def series(self, key):
        """(step, value) of every point, by step."""
        steps, _, values = self.run.series(key)
        return list(zip(steps.tolist(), values.tolist(), strict=True))

    def over(self, axis, key):
        """(value of `axis`, value) of the rows that have `key`."""
        return [(row.get(axis), row[key]) for row in self.rows if key in row]


@pytest.fixture(scope="session")
def missing():
    """Says that something cannot be had on this machine: skips the test, but never in CI."""

    def missing(what):
        if os.environ.get("CI") == "true":
            pytest.fail(what)
        pytest.skip(what)

    return missing


@pytest.fixture
def read():
    """Reads a run; without one, the only run below the current folder that is in no group."""

    def read(run=None):
        if run is not None:
            return Recorded(tracker.Api(run.folder.root).run(run.id))
        (found,) = [each for each in tracker.Api(Path("tracker")).runs() if not each.group]
        return Recorded(found)

    return read


ABORTED = "terminate called without an active exception"
"""What a worker of torch says when it ends while a thread of gloo still runs; torch alone does so now and then."""


@pytest.fixture
def distributed():
    """Runs a training of several processes in the current folder, again where torch's own worker aborted at its end."""

    def launch(*command, **environment):
        for _ in range(5):
            shutil.rmtree("tracker", ignore_errors=True)
            done = subprocess.run(
                command,
                env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
                capture_output=True,
                text=True,
                timeout=500,
                check=False,
            )
            if ABORTED not in done.stderr:
                break
        return done

    return launch


VERBS = ("log", "row", "define_metric", "save", "log_artifact", "watch")
HAZARDS = ("finished", "full disk", "journal")


class Unwritable:
    """A journal's writer whose every write fails."""

    def __init__(self, writer, fail):
        self._writer = writer
        self.append = self.write = self.key_set = fail

    def __getattr__(self, name):
        return getattr(self._writer, name)


@pytest.fixture(params=HAZARDS)
def hazard(request, monkeypatch):
    """Breaks a run: the user finishes it, every verb meets a full disk, or its journal can no longer be written."""

    def fail(*_, **__):
        raise OSError("no space left on this device")

    def strike(run):
        if request.param == "finished":
            run.finish()
        elif request.param == "full disk":
            for verb in VERBS:
                monkeypatch.setattr(type(run), verb, fail)
            for part in (run.config, run.summary):
                monkeypatch.setattr(type(part), "update", fail)
        else:
            monkeypatch.setattr(run._logbook, "_append", fail)
            monkeypatch.setattr(run._logbook, "_writer", Unwritable(run._logbook._writer, fail))

    yield strike
    monkeypatch.undo()
    tracker.finish()
