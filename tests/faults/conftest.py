"""Trainings in processes of their own, so that they can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("TRACKER_SILENT", "true")


@pytest.fixture
def train():
    """Starts Python code; every process is gone when the test ends."""
    started = []

    def start(code, *arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", "import tracker_core as tracker\n" + textwrap.dedent(code), *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
