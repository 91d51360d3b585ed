"""`tracker ui` as a process, and what it says when it cannot start."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys

import pytest
import requests

import tracker_core as tracker


@contextlib.contextmanager
def _running(*words: str):
    """The process and the link that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tracker_core", "ui", "--no-browser", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        yield process, re.search(r"http://\S+", line)[0]
    finally:
        process.terminate()
        process.communicate(timeout=120)


def _run(folder, project: str) -> None:
    run = tracker.init(project=project, dir=folder, reinit="create_new", settings={"silent": True})
    run.log({"loss": 1.0})
    run.finish()


def _projects(link: str) -> list[str]:
    found = requests.get(f"{link}api/projects", timeout=120).json()["projects"]
    return [it["name"] for it in found]


def test_it_serves_every_folder_below_and_stops_when_asked(tmp_path):
    _run(tmp_path / "one", "first")
    _run(tmp_path / "two" / "deep", "second")
    with _running(str(tmp_path)) as (process, link):
        assert _projects(link) == ["first", "second"]
        process.send_signal(2)
        assert process.wait(timeout=120) in (0, 1, 130, -2)


def test_without_a_path_it_serves_the_current_folder():
    _run(".", "here")
    with _running() as (_, link):
        assert _projects(link) == ["here"]


def test_all_serves_every_folder_of_this_user(tmp_path):
    _run(tmp_path / "one", "first")
    _run(tmp_path / "two" / "deep", "second")
    known: list[str] = []
    while known != ["first", "second"]:  # their background processes note the folders
        with contextlib.suppress(TypeError), _running("--all") as (_, link):
            known = _projects(link)


def test_a_folder_without_runs_waits_for_them(tmp_path):
    with _running(str(tmp_path)) as (_, link):
        assert _projects(link) == []
        _run(tmp_path, "late")
        found: list[str] = []
        while not found:
            found = _projects(link)
        assert found == ["late"]


def test_elsewhere_the_link_holds_a_token():
    with _running("--host", "0.0.0.0") as (_, link):
        port = link.split(":")[2].split("/")[0]
        refused = requests.get(f"http://127.0.0.1:{port}/api/projects", timeout=120)
        assert (refused.status_code, "token=" in link) == (403, True)
        token = link.split("token=")[1]
        allowed = requests.Session()
        allowed.get(f"http://127.0.0.1:{port}/?token={token}", timeout=120)
        assert allowed.get(f"http://127.0.0.1:{port}/api/projects", timeout=120).status_code == 200


def test_a_busy_port_is_one_line(tracker):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = tracker("ui", "--no-browser", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"Error: port {port} is in use; choose another with --port, or --port 0 for a free one"
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere",), "there is no folder nowhere"),
        (("--port", "70000"), "70000"),
        (("--port", "many"), "many"),
        (("--host", "256.1.1.1"), "cannot listen on 256.1.1.1"),
        (("--all",), "no folder of this user holds runs yet"),
    ],
)
def test_what_cannot_be_served_is_told(tracker, words, said):
    result = tracker("ui", "--no-browser", *words)
    assert result.exit_code != 0
    assert said in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_told(tracker, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    result = tracker("ui", "--no-browser", str(tmp_path / "closed"))
    assert "cannot be read" in result.stderr
