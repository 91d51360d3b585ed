"""Settings: where they come from and how a bad one is told."""

from __future__ import annotations

import contextlib
from pathlib import Path

import platformdirs
import pytest

from tracker_core import _settings
from tracker_core._errors import UsageError


def test_the_users_file_lies_where_the_platform_says(monkeypatch):
    assert _settings.user_file() == platformdirs.user_config_path("tracker") / "settings"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert _settings.user_file() == platformdirs.user_config_path("tracker") / "settings"
    monkeypatch.setenv("TRACKER_CONFIG_DIR", "elsewhere")
    assert _settings.user_file() == Path("elsewhere/settings")


def test_a_user_without_a_home_has_no_settings(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert _settings.gather({}).project is None


def test_settings_of_somebody_else_are_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "no")))
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(tmp_path / "closed"))
    assert _settings.gather({}).project is None
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(tmp_path))
    with pytest.warns(UserWarning, match="cannot be read"):
        _settings.gather({})


def test_every_setting_has_a_variable():
    assert set(_settings.VARIABLES) == set(_settings.Settings.__struct_fields__)
    assert _settings.VARIABLES["id"] == "TRACKER_RUN_ID"
    assert _settings.VARIABLES["group"] == "TRACKER_RUN_GROUP"
    assert _settings.VARIABLES["project"] == "TRACKER_PROJECT"


def test_an_empty_variable_counts_as_unset():
    assert _settings.from_environment({"TRACKER_PROJECT": "", "TRACKER_ENTITY": "e", "OTHER": "x"}) == {"entity": "e"}


def test_writing_keeps_the_rest(tmp_path):
    path = tmp_path / "deep" / "settings"
    _settings.write_file(path, {"project": "p", "mode": "offline"})
    _settings.write_file(path, {"mode": None, "entity": "100%"})
    assert _settings.read_file(path) == {"project": "p", "entity": "100%"}
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="no setting"):
        _settings.write_file(path, {"modus": "x"})


def test_a_text_becomes_what_the_setting_is():
    settings = _settings.gather({}, {"system_interval": "2.5", "silent": "1", "tags": "a,, b ,", "finish_timeout": 3})
    assert (settings.system_interval, settings.silent, settings.tags, settings.finish_timeout) == (
        2.5,
        True,
        ("a", "b"),
        3.0,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("1", True), ("Yes", True), ("ON", True), ("false", False), ("0", False), ("no", False)],
)
def test_a_switch_is_said_in_many_words(monkeypatch, text, expected):
    monkeypatch.setenv("TRACKER_SAVE_CODE", text)
    assert _settings.gather({}).save_code is expected


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("mode", "shared", "online, offline, disabled"), ("save_code", "perhaps", "true or false")],
)
def test_a_bad_value_is_answered_with_the_good_ones(name, value, told):
    with pytest.raises(UsageError, match=told):
        _settings.gather({name: value})


@pytest.mark.parametrize(
    ("values", "told"),
    [({"system_interval": "often"}, "system_interval='often'"), ({"tags": [1]}, "tags"), ({"nonsense": 1}, "nonsense")],
)
def test_a_bad_value_names_setting_and_source(values, told):
    with pytest.raises(UsageError, match=told) as caught:
        _settings.gather({}, values)
    assert "init(settings=)" in str(caught.value)


KEYS = {
    name: f"tk-{name}-{digit * 40}"
    for name, digit in (("user", "1"), ("other", "2"), ("workspace", "3"), ("given", "4"))
}
A, B = "https://a.example", "https://b.example:8650"


@pytest.fixture
def logged_in():
    """A user who logged in to two servers, last to A."""
    for address, key in ((B, KEYS["other"]), (A, KEYS["user"])):
        _settings.write_file(_settings.user_file(), {"base_url": address, "api_key": key})
        _settings.write_file(_settings.user_file(), {"api_key": key}, section=_settings.address_of(address))


def server(workspace=(), environment=(), given=(), monkeypatch=None):
    """The address and key that are used."""
    if workspace:
        _settings.write_file(_settings.workspace_file("."), dict(workspace))
    for name, value in dict(environment).items():
        monkeypatch.setenv(name, value)
    settings = _settings.gather({}, dict(given))
    return settings.base_url, settings.api_key


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    ("workspace", "environment", "given", "used"),
    [
        ({}, {}, {}, (A, KEYS["user"])),
        ({}, {"TRACKER_BASE_URL": B}, {}, (B, KEYS["other"])),
        ({}, {"TRACKER_BASE_URL": "https://evil.example"}, {}, ("https://evil.example", None)),
        ({}, {"TRACKER_BASE_URL": f"{A.upper()}/"}, {}, (f"{A.upper()}/", KEYS["user"])),
        ({}, {"TRACKER_API_KEY": KEYS["given"]}, {}, (A, KEYS["given"])),
        ({}, {"TRACKER_API_KEY": KEYS["given"], "TRACKER_BASE_URL": B}, {}, (B, KEYS["given"])),
        ({}, {}, {"base_url": "https://c.example"}, ("https://c.example", None)),
        ({}, {}, {"base_url": "https://c.example", "api_key": KEYS["given"]}, ("https://c.example", KEYS["given"])),
        ({"base_url": A}, {}, {}, (A, KEYS["user"])),
        ({"base_url": B, "api_key": KEYS["workspace"]}, {}, {}, (B, KEYS["workspace"])),
        ({"base_url": B, "api_key": KEYS["workspace"]}, {"TRACKER_API_KEY": KEYS["given"]}, {}, (A, KEYS["given"])),
        ({"base_url": B, "api_key": KEYS["workspace"]}, {"TRACKER_BASE_URL": A}, {}, (A, KEYS["user"])),
    ],
)
def test_a_key_is_used_with_its_own_server_only(monkeypatch, workspace, environment, given, used):
    warnings = (
        pytest.warns(UserWarning, match="own API key is overridden")
        if workspace and environment.get("TRACKER_API_KEY")
        else contextlib.nullcontext()
    )
    with warnings:
        assert server(workspace, environment, given, monkeypatch) == used


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize("address", ["https://evil.example", "https://a.example.evil.example", "http://a.example", B])
@pytest.mark.parametrize("environment", [{}, {"TRACKER_API_KEY": KEYS["given"]}])
def test_the_address_of_a_workspace_gets_no_key(monkeypatch, address, environment):
    with pytest.warns(UserWarning, match="has no API key of its own"):
        used = server({"base_url": address}, environment, {}, monkeypatch)
    assert used == (A, environment.get("TRACKER_API_KEY", KEYS["user"]))


def test_a_user_who_is_not_logged_in_sends_nothing_to_the_address_of_a_workspace(monkeypatch):
    with pytest.warns(UserWarning, match="has no API key of its own"):
        assert server({"base_url": B}, {"TRACKER_API_KEY": KEYS["given"]}, {}, monkeypatch) == (None, KEYS["given"])


@pytest.mark.usefixtures("logged_in")
def test_a_settings_file_keeps_its_other_sections():
    _settings.write_file(_settings.user_file(), {"project": "p", "base_url": None})
    assert _settings.read_file(_settings.user_file()) == {"project": "p", "api_key": KEYS["user"]}
    assert _settings.stored_key(B) == KEYS["other"]
    assert _settings.user_file().stat().st_mode & 0o777 == 0o600
