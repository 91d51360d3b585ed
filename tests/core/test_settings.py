"""Settings: where they come from and how a bad one is told."""

from __future__ import annotations

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
