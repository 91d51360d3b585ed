from __future__ import annotations

import subprocess
import sys

import click
import pytest

import tracker_core
from tracker_core import cli


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(tracker, command):
    result = tracker(command, "--help")
    assert result.exit_code == 0
    assert f"tracker {command}" in result.stdout


def test_help_names_every_command(tracker):
    words = tracker("--help").stdout.split()
    assert set(cli.COMMANDS) <= set(words)


def test_version(tracker):
    assert tracker("--version").stdout == f"tracker-core {tracker_core.__version__}\n"


def test_unknown_command_is_answered_with_the_nearest(tracker):
    result = tracker("statsu")
    assert result.exit_code == 2
    assert "Did you mean 'status'?" in result.stderr


def test_own_error_is_one_line_and_status_1(tracker, tmp_path):
    (tmp_path / "tracker").mkdir()
    (tmp_path / "tracker" / "settings").write_text("mode offline, no section\n")
    result = tracker("offline", "--dir", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stdout == ""


def test_folder_that_cannot_be_written_is_one_line(tracker, tmp_path):
    (tmp_path / "tracker").write_text("a file where the folder would be")
    result = tracker("offline", "--dir", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_module_runs_as_command():
    done = subprocess.run(
        [sys.executable, "-m", "tracker_core", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"tracker-core {tracker_core.__version__}\n"


def test_help_loads_nothing_heavy():
    code = (
        "import sys, tracker_core.cli as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('numpy', 'rich', 'requests', 'sqlite3', 'starlette') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_commands_stand_where_the_table_says():
    for name in cli.COMMANDS:
        assert isinstance(cli._tracker.get_command(click.Context(cli._tracker), name), click.Command)
