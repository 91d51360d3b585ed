from __future__ import annotations

import json

import pytest

import tracker_core
from tracker_core import _settings


@pytest.mark.parametrize("mode", ["online", "offline", "disabled"])
def test_mode_is_what_the_next_run_gets(tracker, mode):
    assert tracker(mode).exit_code == 0
    assert _settings.gather({}).mode == mode


def test_enabled_clears_the_mode_and_keeps_the_rest(tracker, tmp_path):
    _settings.write_file(_settings.workspace_file(tmp_path), {"mode": "disabled", "project": "digits"})
    assert tracker("enabled", "--dir", str(tmp_path)).exit_code == 0
    settings = _settings.gather({"dir": str(tmp_path)})
    assert (settings.mode, settings.project) == (None, "digits")


def test_enabled_in_an_untouched_folder_leaves_it_so(tracker, tmp_path):
    assert tracker("enabled", "--dir", str(tmp_path)).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_folder_comes_from_the_environment(tracker, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKER_DIR", str(tmp_path))
    tracker("offline")
    assert (tmp_path / "tracker" / "settings").exists()


def test_variable_that_overrules_is_told(tracker, monkeypatch):
    monkeypatch.setenv("TRACKER_MODE", "online")
    assert "TRACKER_MODE=online" in tracker("offline").stderr


def test_status_tells_settings_and_their_source(tracker, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKER_API_KEY", "secret-1234")
    tracker("offline", "--dir", str(tmp_path))
    report = json.loads(tracker("status", "--dir", str(tmp_path), "--json").stdout)
    assert report["mode"] == "offline"
    assert report["settings"]["mode"]["source"] == str(_settings.workspace_file(tmp_path))
    assert report["settings"]["api_key"] == {"value": "…1234", "source": "TRACKER_API_KEY"}


def test_status_counts_the_runs(tracker):
    assert "none yet" in tracker("status").stdout
    for exit_code in (0, 0, 1):
        tracker_core.init(project="p").finish(exit_code)
    assert "2 finished, 1 failed" in tracker("status").stdout
    assert json.loads(tracker("status", "--json").stdout)["runs"] == {"finished": 2, "failed": 1}


def test_online_without_a_server_says_so(tracker):
    assert "no server is known" in tracker("online").stdout
    _settings.write_user_file({"base_url": "http://127.0.0.1:9", "api_key": f"tk-user-{'0' * 40}"})
    assert tracker("online").stderr == ""


def test_online_says_what_is_missing(tracker, monkeypatch):
    told = tracker("online")
    assert "no server is known" in told.stdout
    assert "are uploaded" not in told.stdout
    monkeypatch.setenv("TRACKER_BASE_URL", "https://example.org")
    assert "no key for https://example.org" in tracker("online").stdout
    monkeypatch.setenv("TRACKER_API_KEY", "tk-ann-" + "0" * 40)
    assert tracker("online").stdout == "Runs started here are uploaded to your server while they run.\n"
