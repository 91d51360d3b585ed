"""`run.config`: where it comes from, how it is guarded, and that every change is written."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import datetime as dt
import enum
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import tracker_core as tracker


@pytest.fixture
def run():
    return tracker.init(config={"lr": 0.1, "layers": [1, 2], "model": {"width": 3, "deep": {"er": 1}}})


def test_attribute_and_item_access(run):
    assert run.config.lr == run.config["lr"] == 0.1
    assert run.config.model["deep"]["er"] == 1
    assert "lr" in run.config
    assert dict(run.config) == run.config.as_dict()
    assert len(run.config) == 3
    assert run.config.get("none", 7) == 7
    with pytest.raises(AttributeError, match="lr"):
        _ = run.config.learning_rate
    with pytest.raises(KeyError):
        _ = run.config["learning_rate"]


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update({"lr": 0.2}),
        lambda config: config.update(lr=0.2),
        lambda config: config.__setitem__("lr", 0.2),
        lambda config: setattr(config, "lr", 0.2),
        lambda config: config.__delitem__("lr"),
        lambda config: config.update({"new": 1, "lr": 0.2}),
        lambda config: config["model"].__setitem__("width", 4),
        lambda config: config["model"]["deep"].update(er=2),
        lambda config: config["model"].pop("width"),
        lambda config: config.update({"model": {"width": 4}}),
        lambda config: config.update({"lr": True}),
    ],
)
def test_a_change_is_refused_and_nothing_is_set(run, change, past):
    before = run.config.as_dict()
    with pytest.raises(tracker.ConfigError, match="allow_val_change"):
        change(run.config)
    assert run.config.as_dict() == before
    assert past(run).snapshot.config == before


@pytest.mark.parametrize(
    "values",
    [{"lr": 0.1}, {"layers": (1, 2)}, {"layers": np.array([1, 2])}, {"model": {"width": 3.0, "deep": {"er": 1}}}],
)
def test_an_equal_value_is_no_change(run, values):
    run.config.update(values)


def test_new_keys_are_welcome_also_below(run, past):
    run.config["model"]["height"] = 5
    run.config.epochs = 3
    run.config.model["deep"]["more"] = {"a": 1}
    expected = {
        "lr": 0.1,
        "layers": [1, 2],
        "model": {"width": 3, "deep": {"er": 1, "more": {"a": 1}}, "height": 5},
        "epochs": 3,
    }
    assert run.config.as_dict() == expected
    assert past(run).snapshot.config == expected


def test_leave_for_one_call(run):
    run.config.update({"lr": 0.2}, allow_val_change=True)
    assert run.config.lr == 0.2
    with pytest.raises(tracker.ConfigError):
        run.config.lr = 0.3


def test_leave_for_the_whole_run(past):
    run = tracker.init(config={"lr": 0.1, "a": {"b": 1}}, allow_val_change=True)
    run.config.lr = 0.2
    run.config["a"]["b"] = 2
    del run.config["lr"]
    assert past(run).snapshot.config == {"a": {"b": 2}}


def test_setdefaults_fills_what_is_missing(run):
    run.config.setdefaults({"lr": 5, "new": 1})
    assert (run.config.lr, run.config.new) == (0.1, 1)


def test_locked_keys_ignore_later_changes(run):
    run.config.update_locked({"lr": 0.9})
    run.config.update({"lr": 0.5, "other": 1})
    assert (run.config.lr, run.config.other) == (0.9, 1)


def test_lists_changed_in_place_are_kept_at_the_end(run, past):
    run.config.layers.append(3)
    run.finish()
    assert past(run).snapshot.config["layers"] == [1, 2, 3]


def test_a_branch_can_be_pickled_and_encoded(run):
    assert pickle.loads(pickle.dumps(run.config.model)) == {"width": 3, "deep": {"er": 1}}
    assert json.loads(json.dumps(run.config.model)) == run.config.model


def test_assigning_to_it_is_an_update(run, past):
    run.config = {"epochs": 5}
    tracker.config = {"seed": 7, "lr": 0.1}
    tracker.config.late = True
    tracker.summary = {"best": 1.0}
    run.summary = {"worst": 0.0}
    with pytest.raises(tracker.ConfigError, match="allow_val_change"):
        tracker.config = {"lr": 5}
    run.finish()
    kept = past(run).snapshot
    assert (kept.config["epochs"], kept.config["seed"], kept.config["lr"], kept.config["late"]) == (5, 7, 0.1, True)
    assert kept.summary == {"best": 1.0, "worst": 0.0}
    with pytest.raises(tracker.UsageError, match="init"):
        tracker.config = {"lr": 5}


@pytest.mark.parametrize("again", [lambda config: pickle.loads(pickle.dumps(config)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("which", ["run", "module"])
def test_a_copy_belongs_to_no_run(run, past, again, which):
    copied = again(run.config if which == "run" else tracker.config)
    assert copied == run.config
    assert copied.model["width"] == 3
    copied.lr = 5
    copied["model"]["width"] = 7
    assert run.config.lr == past(run).snapshot.config["lr"] == 0.1
    assert run.config.model["width"] == 3


def test_a_copy_of_the_summary_is_a_dict(run):
    run.log({"val": {"loss": 0.5}})
    run.summary["best"] = {"acc": 1}
    for again in (pickle.loads(pickle.dumps(run.summary)), copy.deepcopy(tracker.summary)):
        assert again == {"val.loss": 0.5, "best": {"acc": 1}}
        assert type(again) is type(again["best"]) is dict


@dataclasses.dataclass
class Options:
    lr: float = 0.1
    inner: dict = dataclasses.field(default_factory=lambda: {"a": 1})


class Plain:
    def __init__(self):
        self.lr = 0.1
        self._hidden = 1


class Declared:
    lr = 0.1
    loss = dict

    @property
    def twice(self):
        return 2 * self.lr

    def method(self):
        return self.lr


class Slots:
    __slots__ = ("lr",)


class Color(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        (argparse.Namespace(lr=0.1, name="x"), {"lr": 0.1, "name": "x"}),
        (Options(), {"lr": 0.1, "inner": {"a": 1}}),
        (Plain(), {"lr": 0.1}),
        (Declared, {"lr": 0.1, "loss": "builtins.dict"}),
        (type("Changed", (Declared,), {"depth": 3, "lr": 0.2})(), {"lr": 0.2, "loss": "builtins.dict", "depth": 3}),
        ({"args": argparse.Namespace(lr=0.1)}, {"args": {"lr": 0.1}}),
        ({"--batch-size": 3}, {"batch-size": 3}),
        (
            {"path": Path("a/b"), "color": Color.RED, "when": dt.date(2026, 1, 2), "data": b"ab", "set": {2, 1}},
            {"path": "a/b", "color": "RED", "when": "2026-01-02", "data": "ab", "set": [1, 2]},
        ),
        ({"f": test_lists_changed_in_place_are_kept_at_the_end}, None),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1, "a": {"b": 2}}),
        ({1: {2: 3}}, {"1": {"2": 3}}),
    ],
)
def test_sources(source, expected, past):
    run = tracker.init(config=source)
    config = past(run).snapshot.config
    if expected is None:
        assert config["f"].endswith("test_lists_changed_in_place_are_kept_at_the_end")
    else:
        assert config == expected


def test_omegaconf():
    make = pytest.importorskip("omegaconf").OmegaConf.create
    source = make({"lr": 0.1, "model": {"again": "${lr}", "sizes": [1, 2]}, "later": "???", "wrong": "${nothing}"})
    for config in (source, {"hydra": source}):
        with tracker.init(config=config) as run:
            taken = run.config.get("hydra", run.config)
            assert (taken["lr"], taken["model"]) == (0.1, {"again": 0.1, "sizes": [1, 2]})
            assert "MissingMandatoryValue" in taken["later"]
            assert "nothing" in taken["wrong"]


def test_absl_flags():
    flags = pytest.importorskip("absl.flags")
    values = flags.FlagValues()
    flags.DEFINE_integer("depth", 4, "", flag_values=values)
    values(["program", "--depth=5"])
    assert tracker.init(config=values).config.depth == 5


@pytest.mark.parametrize("wrong", [[1, 2], {1}, (1,), 5, 0.5, True, b"a", object, Slots()])
def test_what_is_no_config_is_refused(wrong):
    with pytest.raises(TypeError, match="mapping"):
        tracker.init(config=wrong)
    assert tracker.run is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "lr: 0.1\nmodel:\n  width: 3\n"),
        ("c.yml", "lr:\n  desc: the rate\n  value: 0.1\nmodel:\n  value: {width: 3}\nwandb_version: 1\n"),
        ("c.json", '{"lr": 0.1, "model": {"width": 3}}'),
        ("c.toml", "lr = 0.1\n[model]\nwidth = 3\n"),
    ],
)
def test_files(name, text):
    Path(name).write_text(text)
    assert tracker.init(config=name).config.as_dict() == {"lr": 0.1, "model": {"width": 3}}


@pytest.mark.parametrize(("name", "text"), [("c.yaml", "a: [1"), ("c.json", "{"), ("c.toml", "a ="), ("c.yaml", "- 1")])
def test_a_file_that_cannot_be_understood(name, text):
    Path(name).write_text(text)
    with pytest.raises(tracker.ConfigError, match=name):
        tracker.init(config=name)


def test_a_missing_file():
    with pytest.raises(tracker.ConfigError, match=r"none\.yaml"):
        tracker.init(config="none.yaml")


def test_an_empty_file_is_an_empty_config():
    Path("c.yaml").write_text("")
    assert tracker.init(config="c.yaml").config.as_dict() == {}


def test_later_sources_win(monkeypatch):
    Path("config-defaults.yaml").write_text("a: 1\nb: 1\nc: 1\n")
    Path("more.yaml").write_text("b: 2\nc: 2\n")
    monkeypatch.setenv("TRACKER_CONFIG_PATHS", "more.yaml")
    assert tracker.init(config={"c": 3}).config.as_dict() == {"a": 1, "b": 2, "c": 3}


def test_keys_can_be_chosen():
    config = {"a": 1, "b": 2}
    assert tracker.init(config=config, config_include_keys=["a"]).config.as_dict() == {"a": 1}
    assert tracker.init(config=config, config_exclude_keys=["a"], reinit=True).config.as_dict() == {"b": 2}
    with pytest.raises(tracker.UsageError):
        tracker.init(config=config, config_exclude_keys=["a"], config_include_keys=["b"], reinit=True)


def test_hidden_keys_are_kept_but_not_listed(past):
    run = tracker.init(config={"_secret": 1, "a": 2})
    assert list(run.config) == ["a"]
    assert run.config["_secret"] == 1
    assert past(run).snapshot.config == {"_secret": 1, "a": 2}


def test_a_value_of_more_than_10_mb_is_refused():
    with pytest.raises(tracker.ConfigError, match="10 MB"):
        tracker.init(config={"big": "x" * 11_000_000})
    with pytest.raises(tracker.ConfigError, match="10 MB"):
        tracker.init(config={"big": list(range(4_000_000))}, reinit=True)


def test_the_module_speaks_to_the_current_run(run):
    assert tracker.config.lr == 0.1
    assert tracker.config["model"]["width"] == 3
    tracker.config.update({"new": 1})
    assert run.config.new == 1
    assert "new" in tracker.config
    run.finish()
    with pytest.raises(tracker.UsageError, match="init"):
        _ = tracker.config.lr


def test_yaml_is_optional(monkeypatch):
    Path("c.yaml").write_text("a: 1")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(tracker.UsageError, match="pip install"):
        tracker.init(config="c.yaml")
