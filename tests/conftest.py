"""What every test stands on: a folder of its own, nobody's settings, no variable from outside."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

from tracker_core import _guard

if TYPE_CHECKING:
    from collections.abc import Callable

# A busy machine is slow to draw examples, which says nothing about them; the same examples every time, so that a
# change is judged by what it changes.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("busy")


_BROWSER_TESTS = Path(__file__).parent / "e2e"


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TRACKER_") or name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "SLURM_PROCID"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))
    monkeypatch.setattr(_guard, "_reported", set())  # what is reported once per process


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test of the browser that fails once more: busy cores starve a browser. No other test is run again."""
    if not item.path.is_relative_to(_BROWSER_TESTS):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = next((report for report in reports if report.failed), None)
    if failed is not None:
        item.user_properties.append(("first_failure", failed.longreprtext.strip().rpartition("\n")[2]))
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests that passed on the second try, with what failed on the first."""
    failures = [
        f"{report.nodeid}: {failure}"
        for report in terminalreporter.getreports("passed")
        for name, failure in report.user_properties
        if name == "first_failure"
    ]
    if failures:
        terminalreporter.section("passed on the second try", yellow=True)
        for line in failures:
            terminalreporter.write_line(line)


@pytest.fixture
def at_rest() -> Callable[[Path], None]:
    """Waits until no background process works for a run in a folder: it has its last word after the script, and on a
    busy machine its first one too, so that its journal tells nothing.
    """

    def wait(folder: Path) -> None:
        mark = str(Path(folder).absolute())
        deadline = time.monotonic() + 120
        while any(_works_for(process.info["cmdline"], mark) for process in psutil.process_iter(["cmdline"])):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    return wait


def _works_for(words: list[str] | None, mark: str) -> bool:
    """Its command line holds the code that it runs and the run's folder."""
    words = words or []
    return any("tracker_core.background" in word for word in words) and any(word.startswith(mark) for word in words)
