"""Runs for the tests of the core."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

import tracker_core as tracker
from tracker_core import _past


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("TRACKER_SILENT", "true")
    yield
    while tracker.run is not None:
        tracker.finish()


@pytest.fixture
def past():
    """What the journals of a run say, read as a resumed run would."""
    return lambda run: _past.read(run.folder)


@pytest.fixture
def script(tmp_path):
    """Runs Python code in a process of its own, in the current folder; returns it when it has ended."""

    def start(code, *arguments, check=True, **environment):
        path = tmp_path / "script.py"
        path.write_text("import tracker_core as tracker\n" + textwrap.dedent(code))
        done = subprocess.run(
            [sys.executable, str(path), *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    return start
