"""Arguments of `init()` of a wrong type: one error that names the argument, and nothing begun."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import tracker_core as tracker


class Odd:
    __slots__ = ()

    def __repr__(self):
        return "<odd>"


TEXTS = ["project", "entity", "name", "id", "group", "job_type", "notes", "resume_from", "fork_from", "dir"]
SWITCHES = ["save_code", "allow_val_change", "force", "sync_tensorboard", "monitor_gym", "magic"]
WRONG = {
    **{name: [3, 2.5, True, b"x", ["a"], {"a": 1}, Odd()] for name in TEXTS},
    **{name: [2.5, ["a"], Odd()] for name in SWITCHES},
    "config_include_keys": [3, [3], Odd(), ["lr", None]],
    "config_exclude_keys": [3, [3], Odd(), ["lr", None]],
    "tags": [3, [3], Odd(), [None]],
    "config": [3, 2.5, ["a"], "no-such-file.yaml", "zero\0byte"],
    "settings": [3, "text", ["a"], {1: 2}],
    "mode": [3, True, "sometimes", Odd()],
    "resume": [2.5, ["a"], Odd()],
    "reinit": [2.5, ["a"], "perhaps", Odd()],
    "anonymous": [3, True, "perhaps", Odd()],
}


@pytest.mark.parametrize(
    ("argument", "value"), [(argument, value) for argument, values in WRONG.items() for value in values]
)
def test_the_error_names_the_argument(argument, value):
    with pytest.raises((tracker.UsageError, TypeError), match=argument.partition("_keys")[0]):
        tracker.init(**{argument: value})
    assert tracker.run is None
    assert not list(Path.cwd().rglob("*.journal"))


@pytest.mark.parametrize("folder", ["zero\0byte", "tracker\0"])
def test_a_dir_that_is_no_path(folder):
    with pytest.raises(tracker.UsageError, match="dir="):
        tracker.init(dir=folder)


def test_one_key_is_a_key_and_no_row_of_letters():
    config = {"lr": 1, "l": 2, "r": 3}
    assert tracker.init(config=config, config_include_keys="lr").config.as_dict() == {"lr": 1}
    assert tracker.init(config=config, config_exclude_keys="lr", reinit=True).config.as_dict() == {"l": 2, "r": 3}


def test_a_defaults_file_without_yaml_is_left_out_with_a_warning(monkeypatch):
    Path("config-defaults.yaml").write_text("lr: {value: 1}")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.warns(UserWarning, match=r"ignoring config-defaults.yaml: .*pip install"):
        assert tracker.init().config.as_dict() == {}


def test_a_defaults_file_that_cannot_be_understood_is_an_error():
    Path("config-defaults.yaml").write_text("a: [")
    with pytest.raises(tracker.ConfigError, match="config-defaults"):
        tracker.init()
