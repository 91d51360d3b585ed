"""`tracker server` and `tracker login` as their users type them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import requests

from tracker_core import _settings


def test_users_and_teams(tracker):
    key = tracker("server", "user", "add", "alice").stdout.strip()
    assert re.fullmatch(r"tk-alice-[0-9a-f]{40}", key)
    tracker("server", "user", "add", "bob")
    assert tracker("server", "team", "add", "vision", "alice", "bob").exit_code == 0
    assert tracker("server", "user", "list").stdout == "alice  1 key  in vision\nbob  1 key  in vision\n"
    second = tracker("server", "user", "key", "alice", "--revoke").stdout.strip()
    assert second != key
    tracker("server", "team", "remove", "vision", "bob")
    assert tracker("server", "team", "list").stdout == "vision  alice\n"
    tracker("server", "user", "remove", "bob")
    tracker("server", "team", "remove", "vision")
    assert tracker("server", "user", "list").stdout == "alice  1 key\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", "../x"), "cannot name a user or a team"),
        (("user", "remove", "nobody"), "there is no user 'nobody'"),
        (("team", "add", "vision", "nobody"), "there is no user 'nobody'"),
        (("team", "remove", "vision"), "there is no team 'vision'"),
        (("--port", "many"), "many"),
    ],
)
def test_what_cannot_be_done_is_one_line(tracker, words, said):
    result = tracker("server", *words)
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_it_serves_and_two_do_not_serve_one_folder(tracker, tmp_path):
    words = [sys.executable, "-m", "tracker_core", "server", str(tmp_path), "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        link = re.search(r"http://\S+", process.stdout.readline())[0]
        assert "tracker server user add NAME" in process.stderr.readline()
        key = tracker("server", "user", "add", "alice", "--data", str(tmp_path)).stdout.strip()
        other = tracker("server", str(tmp_path), "--port", "0")
        assert (other.exit_code, "another tracker server works on" in other.stderr) == (1, True)
        told = requests.get(f"{link}api/me", headers={"authorization": f"Bearer {key}"}, timeout=120).json()
        assert (told["user"], told["entities"]) == ("alice", ["alice"])
        done = tracker("login", "--host", link, input=f"{key}\n")
        assert done.stdout == f"Logged in to {link.rstrip('/')} as alice\n"
        assert _settings.gather({}).api_key == key
        assert f"online: {link.rstrip('/')} as alice" in tracker("status").stdout
        report = json.loads(tracker("status", "--json").stdout)
        assert (report["mode"], report["user"], report["server"]) == ("online", "alice", link.rstrip("/"))
        assert key not in tracker("status").stdout
        wrong = tracker("login", "--relogin", f"tk-alice-{'0' * 40}")
        assert (wrong.exit_code, "does not know this key" in wrong.stderr) == (1, True)
        assert _settings.gather({}).api_key == key
    finally:
        process.terminate()
        process.communicate(timeout=120)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "tracker login --host URL"),
        (("nokey", "--host", "http://127.0.0.1:9"), "begins with tk-"),
        ((f"tk-a-{'0' * 40}", "--host", "127.0.0.1:9"), "begins with http:// or https://"),
        ((f"tk-a-{'0' * 40}", "--host", "http://127.0.0.1:9"), "does not answer: Connection refused"),
    ],
)
def test_a_login_that_cannot_be_is_told(tracker, words, said):
    result = tracker("login", *words)
    assert result.exit_code == 1
    assert said in result.stderr.replace("[Errno 111] ", "")
    assert not _settings.user_file().exists()
