"""The settings page's settings, which `init` reads."""

from __future__ import annotations

import pytest

from tracker_core import _settings


def test_what_is_set_here_holds_for_the_next_run(client, start):
    assert client.get("/api/settings").json() == {
        "file": str(_settings.user_file()),
        "project": None,
        "save_code": None,
    }
    answer = client.patch("/api/settings", json={"project": "mine", "save_code": True})
    assert (answer.status_code, answer.json()["project"], answer.json()["save_code"]) == (200, "mine", True)
    assert _settings.gather({}).save_code is True
    run = start(project=None)
    assert run.project == "mine"
    run.finish()
    assert client.patch("/api/settings", json={"project": None}).json()["project"] is None
    assert client.get("/api/settings").json()["save_code"] is True


def test_other_settings_in_the_file_stay(client):
    _settings.write_file(_settings.user_file(), {"alert_mail": "me@example.org"})
    client.patch("/api/settings", json={"save_code": False})
    assert _settings.read_file(_settings.user_file()) == {"alert_mail": "me@example.org", "save_code": "false"}


@pytest.mark.parametrize(
    "body", [{"project": "a/b"}, {"save_code": "sure"}, {"alert_mail": "x"}, {"project": "x\n[a]"}]
)
def test_what_makes_no_sense_changes_nothing(client, body):
    assert client.patch("/api/settings", json=body).status_code == 400
    assert client.get("/api/settings").json()["project"] is None


def test_a_broken_file_is_told(client):
    path = _settings.user_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("no settings")
    answer = client.get("/api/settings")
    assert (answer.status_code, "is no settings file" in answer.json()["error"]) == (400, True)
    path.write_text("[default]\nsave_code = sure\n")
    assert client.get("/api/settings").status_code == 400


def test_a_page_from_elsewhere_changes_no_setting(client):
    headers = {"sec-fetch-site": "cross-site"}
    assert client.patch("/api/settings", json={"save_code": True}, headers=headers).status_code == 403
