"""The documentation is complete, and true: what it must name it names, and its Python runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

import tracker_core as tracker
from tracker_core import _settings
from tracker_core.cli import COMMANDS

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "guide.md"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "integrations").glob("*.md")),
]
_SNIPPET = re.compile(r"(?:<!-- setup.*?\n(?P<setup>.*?)-->|```python\n(?P<code>.*?)```)", re.DOTALL)


@pytest.mark.parametrize("variable", _settings.VARIABLES.values())
def test_every_setting_has_its_entry(variable):
    assert f"`{variable}`" in GUIDE.read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_entry(command):
    assert f"`tracker {command}" in GUIDE.read_text()


def test_extras_are_named_as_pip_finds_them():
    """Metadata has extras in lower case with hyphens, and the pip of Python 3.11 knows no other spelling."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", extra) for extra in project)
    written = [
        path for folder in ("docs", "examples", "tracker_core", "integrations") for path in (ROOT / folder).rglob("*")
    ]
    for path in [ROOT / "README.md", *(path for path in written if path.suffix in (".md", ".py"))]:
        if "node_modules" not in path.parts:
            for extras in re.findall(r"tracker-core\[([\w.,-]+)\]", path.read_text()):
                assert set(extras.split(",")) <= set(project), path


@pytest.mark.parametrize("name", sorted(set(tracker.__all__) - {"__version__"}))
def test_every_public_name_has_its_entry(name):
    assert re.search(rf"`(?:tracker\.)?{name}\b", GUIDE.read_text())


def test_every_integration_has_its_page():
    package = ROOT / "integrations" / "tracker_integrations"
    names = {path.stem for path in package.glob("[!_]*.py")} | {path.parent.name for path in package.glob("*/*.py")}
    assert {name for name in names if not (ROOT / "docs" / "integrations" / f"{name}.md").exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_snippets_run(page, tmp_path):
    """A page reads as one session: its snippets run in order, in one process, in an empty folder.

    What a snippet takes for granted, beyond the tracker, stands before it in a comment that begins with `<!-- setup`.
    """
    code = ["import tracker_core as tracker"]
    code += [match["setup"] or match["code"] for match in _SNIPPET.finditer(page.read_text())]
    script = tmp_path / "snippets.py"
    script.write_text("\n".join(code))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"KERAS_BACKEND": "torch"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
