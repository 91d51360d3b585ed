"""What every installed integration keeps to, whoever wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LEAVES = sorted(
    path.stem
    for path in (ROOT / "integrations/tracker_integrations").iterdir()
    if not path.name.startswith("_") and path.suffix in ("", ".py")
)


PARTS = 4
"""In how many processes the orders are tried: they take long, and share what they import."""

NO_SWITCHES = ("tracker.name", "tracker.past", "tracker.tail", "tracker.watch")
"""Groups that the core looks up by a name that it was given, whose entry points have contracts of their own."""


def entries():
    """(switch, module to wait for, module of the integration) of every installed entry point."""
    groups = metadata.entry_points()
    return sorted(
        {
            (group.removeprefix("tracker."), entry.name, entry.module)
            for group in groups.groups
            if group.startswith("tracker.") and group not in NO_SWITCHES
            for entry in groups.select(group=group)
        }
    )


def test_metadata_is_that_of_this_tree():
    declared = {
        (group, name, value) for group, entries in PROJECT["entry-points"].items() for name, value in entries.items()
    }
    installed = {
        (entry.group, entry.name, entry.value)
        for entry in metadata.distribution("tracker-core").entry_points
        if entry.group.startswith("tracker.")
    }
    assert installed == declared, "pyproject.toml changed since it was installed: pip install -e ."


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="orders of import are tried in forked processes")
@pytest.mark.parametrize("part", range(PARTS))
def test_every_order_of_import_attach_and_detach(part):
    found = entries()[part::PARTS]
    assert found
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("contract.py"), *map("=".join, found)],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_leaf_has_its_extra_page_example_and_test(leaf):
    if leaf not in sys.stdlib_module_names:
        extra = leaf.replace("_", "-")
        assert extra in PROJECT["optional-dependencies"]
        assert extra in PROJECT["optional-dependencies"]["all"][0]
        assert extra in " ".join(PROJECT["optional-dependencies"]["dev"])
    assert (ROOT / f"docs/integrations/{leaf}.md").is_file()
    assert list((ROOT / "examples").glob(f"{leaf}_*.py"))
    assert (ROOT / f"tests/integrations/test_{leaf}.py").is_file()


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_leaf_is_imported_by_nobody_who_does_not_ask(leaf):
    code = f"import sys, tracker_core; tracker_core.Run; assert 'tracker_integrations.{leaf}' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
