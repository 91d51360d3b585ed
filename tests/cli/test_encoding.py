"""Every command under encodings, names and streams that hold few characters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tracker_core
from tracker_core import cli

NAME = os.fsdecode(b"n\xe9")  # not UTF-8
ARGUMENTS = {
    "ui": ["missing", f"missing-{NAME}"],
    "runs": ["", "--json", "--columns name,config.ключ", f"--filter name={NAME}", f"--filter {NAME}=1", "--all"],
    "show": ["", "--json", "名前", NAME, "--key нет"],
    "export": [
        "名前",
        "名前 --format jsonl",
        f"名前 -o {NAME}.csv",
        f"名前 -o {NAME}.xlsx",
        NAME,
        f"名前 --key {NAME}",
    ],
    "rm": [f"{NAME} -y", "нет -y", "名前"],
    "artifact put": [f"{NAME}.txt", f"{NAME}.txt -n имя -a ä -d {NAME}", f"{NAME}.txt -n {NAME}"],
    "artifact get": ["имя", NAME, f"имя --root {NAME}"],
    "artifact ls": ["", "--json", NAME, "имя"],
    "artifact verify": ["имя", NAME],
    "artifact cache cleanup": ["", NAME],
    "run": ["нет.py", f"{NAME}.py", "-m нет", ""],
    "sync": ["", NAME, "--dry-run", f"--tensorboard {NAME}", "--tensorboard ."],
    "login": ["", f"{NAME} --host http://127.0.0.1:9", f"tk-x --host {NAME}"],
    "server start": ["--port ü"],
    "server user add": ["ü", NAME],
    "server user key": ["ü", NAME],
    "server user list": ["", f"--data {NAME}-data"],
    "server user remove": [NAME],
    "server team add": ["ü", NAME],
    "server team list": [""],
    "server team remove": [NAME, f"ü {NAME}"],
    "integrations": ["", "--json"],
    "status": ["", "--json"],
    "online": ["", f"--dir {NAME}-folder"],
    "offline": ["", f"--dir {NAME}-folder"],
    "disabled": [""],
    "enabled": [""],
}


def commands(group=cli._tracker, *above):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield " ".join((*above, name)), command


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder whose name is not UTF-8, with a run whose texts are not ASCII."""
    folder = Path(f"{tmp_path}/{NAME}")
    folder.mkdir()
    monkeypatch.chdir(folder)
    config = {"ключ": "знач"}
    with tracker_core.init(id="r", name="名前", notes="ö", tags=["ü"], config=config, settings={"silent": True}) as run:
        run.log({"потеря": 0.5})
    Path(f"{NAME}.txt").write_text("x")


@pytest.mark.parametrize("charset", ["ascii", "latin-1", "utf-8"])
def test_no_command_fails_at_a_character(project, charset, monkeypatch):
    monkeypatch.setattr("sys.argv", ["tracker"])
    for name, _ in commands():
        for words in ARGUMENTS.get(name, ["", NAME]):
            line = [*name.split(), *words.split()]
            done = CliRunner(charset=charset).invoke(cli._tracker, line, prog_name="tracker", input="")
            assert done.exception is None or isinstance(done.exception, SystemExit), (line, done.exception)
            assert done.exit_code in (0, 1, 2), line


def test_usage_lines_name_their_arguments():
    for name, command in commands():
        usage = command.get_usage(click.Context(command, info_name=name))
        assert "WORDS" not in usage
        for parameter in command.params:
            if isinstance(parameter, click.Argument):
                assert parameter.name.upper() in usage or parameter.metavar, usage


@pytest.mark.parametrize(
    ("redirect", "words"),
    [
        (">&-", "runs"),
        (">&-", "export r"),
        (">/dev/full", "--help"),
        (">/dev/full", "export r"),
        ("| head -c 1 >/dev/null", "show r --json"),
    ],
)
def test_streams_that_cannot_be_written(project, redirect, words):
    command = f'ulimit -n 64; "$0" -m tracker_core {words} {redirect}'
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "HOME": "/proc/none", "XDG_CACHE_HOME": "/proc/none"}
    done = subprocess.run(["bash", "-c", command, sys.executable], env=environment, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1)
