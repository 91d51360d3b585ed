"""A failed test of the browser is run once more and listed; no other is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
from pathlib import Path

def attempt(name):
    path = Path(__file__).with_name(name)
    path.write_text(path.read_text() + "x" if path.exists() else "x")
    return len(path.read_text())

def test_passes(): assert attempt("passes") == 1
def test_second(tmp_path): assert attempt("second") == 2 and not list(tmp_path.iterdir())
def test_never(): assert attempt("never") > 9
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
def test_second_try(tmp_path, workers):
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    for folder in ("e2e", "core"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test_it.py").write_text(TESTS)
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", *workers, "."]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert {path.name: len(path.read_text()) for path in (tmp_path / "e2e").glob("[pns]*[!y]")} == {
        "passes": 1,
        "second": 2,
        "never": 2,
    }
    assert {len((tmp_path / "core" / name).read_text()) for name in ("passes", "second", "never")} == {1}
    assert "3 failed, 3 passed" in done.stdout
    _, listed = done.stdout.split("passed on the second try", 1)
    assert "e2e/test_it.py::test_second: " in listed
    assert "e2e/test_it.py::test_never: " not in listed
