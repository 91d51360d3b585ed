"""`run.config`: where it comes from, how it is guarded, and that every change is written."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import datetime as dt
import enum
import json
import os
import pickle
import sys
import warnings
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


def test_a_list_changed_in_place_is_recorded_where_changes_are_allowed(past):
    run = tracker.init(config={"layers": [1, 2], "model": {"blocks": [{"width": 3}]}}, allow_val_change=True)
    run.config.layers.append(3)
    run.config["model"]["blocks"][0]["width"] = 4
    run.finish()
    assert past(run).snapshot.config == {"layers": [1, 2, 3], "model": {"blocks": [{"width": 4}]}}


def test_a_list_changed_in_place_stays_recorded_as_it_was(past):
    run = tracker.init(config={"layers": [1, 2], "model": {"blocks": [{"width": 3}], "deep": {"sizes": [1]}}})
    run.config.layers.append(3)
    run.config["model"]["blocks"][0]["width"] = 4
    run.config["model"]["deep"]["sizes"].clear()
    run.config["model"]["height"] = 5  # writes the whole of `model`
    run.config["model"]["deep"]["more"] = [7]
    with pytest.warns(UserWarning, match="'layers', 'model'.*changed in place.*allow_val_change"):
        run.finish()
    model = {"blocks": [{"width": 3}], "deep": {"sizes": [1], "more": [7]}, "height": 5}
    assert past(run).snapshot.config == {"layers": [1, 2], "model": model}


def test_anything_may_be_put_into_a_list_in_place(past):
    run = tracker.init(config={"list": [1]}, allow_val_change=True)
    run.config["list"].append((Color.RED, np.float32(0.5)))
    run.finish()
    assert past(run).snapshot.config["list"] == [1, ["RED", 0.5]]


def test_a_list_of_the_caller_changes_nothing(past):
    given = {"layers": [1, 2], "deep": {"sizes": [3]}}
    run = tracker.init(config=given)
    given["layers"].append(3)
    given["deep"]["sizes"].append(4)
    run.finish()
    assert past(run).snapshot.config == {"layers": [1, 2], "deep": {"sizes": [3]}}


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
        ({"f": test_new_keys_are_welcome_also_below}, None),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1, "a": {"b": 2}}),
        ({1: {2: 3}}, {"1": {"2": 3}}),
    ],
)
def test_sources(source, expected, past):
    run = tracker.init(config=source)
    config = past(run).snapshot.config
    if expected is None:
        assert config["f"].endswith("test_new_keys_are_welcome_also_below")
    else:
        assert config == expected


def test_omegaconf():
    make = pytest.importorskip("omegaconf").OmegaConf.create
    source = make({"lr": 0.1, "model": {"again": "${lr}", "sizes": [1, 2]}, "later": "???", "wrong": "${nothing}"})
    assert tracker.init(config={"list": make(["???", 1, "${nothing}"])}, reinit=True).config["list"][1] == 1
    tracker.finish()
    for config in (source, {"hydra": source}):
        with tracker.init(config=config) as run:
            taken = run.config.get("hydra", run.config)
            assert (taken["lr"], taken["model"]) == (0.1, {"again": 0.1, "sizes": [1, 2]})
            assert "MissingMandatoryValue" in taken["later"]
            assert "nothing" in taken["wrong"]


def test_absl_flags():
    flags = pytest.importorskip("absl.flags")
    values = flags.FlagValues()
    flags.DEFINE_integer("depth", 4, "", short_name="d", flag_values=values)
    values(["program", "--depth=5"])
    assert tracker.init(config=values).config.as_dict() == {"depth": 5}


def test_the_flags_of_absl_itself_are_left_out(script):
    pytest.importorskip("absl")
    Path("options.py").write_text("from absl import flags\nflags.DEFINE_string('data', 'small', '')\n")
    done = script(
        """
        import os, sys
        sys.path.insert(0, os.getcwd())
        import options
        from absl import app, flags, logging
        flags.DEFINE_float("rate", 0.1, "")

        def main(_):
            with tracker.init(config=flags.FLAGS) as run:
                print(run.config)

        app.run(main)
        """,
        "--rate=0.5",
    )
    assert done.stdout.strip() in ("{'data': 'small', 'rate': 0.5}", "{'rate': 0.5, 'data': 'small'}")


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


class Preset(str, enum.Enum):
    RATE = "rate"
    KIND = "kind"

    def __str__(self):
        return "shown otherwise"


class Level(enum.IntEnum):
    HIGH = 3


class Mode(enum.Enum):
    HIGH = "high"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({-2: "a", 2: "b", "-2x": "c"}, {"-2": "a", "2": "b", "-2x": "c"}),
        ({"--lr": 1, "lr": 2, "-lr": 3}, {"--lr": 1, "lr": 2, "-lr": 3}),
        ({"--seed": 1, "-v": 2, "a-": 3}, {"seed": 1, "v": 2, "a-": 3}),
        ({2: "number", "2": "text"}, {"2 (int)": "number", "2": "text"}),
        ({"2": "text", 2: "number", 2.5: "float"}, {"2": "text", "2 (int)": "number", "2.5": "float"}),
        (
            {"top": {None: 1, "None": 2, True: 3, "True": 4}},
            {"top": {"None (NoneType)": 1, "None": 2, "True (bool)": 3, "True": 4}},
        ),
        ({Level.HIGH: 1, Mode.HIGH: 2}, {"HIGH": 1, "HIGH (Mode)": 2}),
        ([{Level.HIGH: 1, Mode.HIGH: 2, "HIGH": 3}], [{"HIGH (Level)": 1, "HIGH (Mode)": 2, "HIGH": 3}]),
        ({b"raw": 1, "raw": 2}, {"raw (bytes)": 1, "raw": 2}),
        (
            {Preset.RATE: Preset.KIND, "deep": [{Preset.RATE: {Preset.KIND}}]},
            {"rate": "kind", "deep": [{"rate": ["kind"]}]},
        ),
        (dict(zip(map(os.fsdecode, (b"a\xe9", b"a\xe8")), (1, 2), strict=True)), {"a\\xe9": 1, "a\\xe8": 2}),
    ],
)
def test_no_key_covers_another(source, expected, past):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = tracker.init(config=source if isinstance(source, dict) else {"list": source})
        run.summary["same"] = source
    kept = past(run).snapshot
    assert kept.config == (expected if isinstance(expected, dict) else {"list": expected})
    if not any(str(key).startswith("-") for key in source):
        assert kept.summary["same"] == expected


def test_keys_that_share_a_text_are_reported():
    with pytest.warns(UserWarning, match=r"same text.*'7 \(int\)'"):
        tracker.init(config={"labels": {7: "a", "7": "b"}})


def test_a_later_key_of_the_same_text_is_a_change():
    run = tracker.init(config={7: "a"})
    assert run.config[7] == run.config["7"] == "a"
    assert 7 in run.config
    with pytest.raises(tracker.ConfigError):
        run.config.update({"7": "b"})
    run.config[Preset.RATE] = 0.5
    assert (run.config[Preset.RATE], run.config.rate, run.config.get(Preset.RATE)) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("large", [2**63, 2**64 - 59, -(2**63) - 1, 3 * 2**100 + 1, -(10**40)])
def test_integers_of_any_size_are_exact(large, past):
    run = tracker.init(config={"seed": large, "deep": {"list": [large, np.uint64(2**64 - 1)]}})
    with pytest.raises(tracker.ConfigError):
        run.config.seed = large + 1
    with pytest.raises(tracker.ConfigError):
        run.config.seed = float(large) * 2
    run.summary["seed"] = large
    run.log({"tokens": large, "loss": 0.5})
    assert run.summary["tokens"] == large
    run.finish()
    kept = past(run)
    assert kept.snapshot.config == {"seed": large, "deep": {"list": [large, 2**64 - 1]}}
    assert kept.snapshot.summary == {"seed": large}
    assert kept.latest["tokens"] == large
    with tracker.init(id=run.id, resume="must", config={"seed": large}) as again:
        assert again.config.seed == large


class Env:
    """Has no repr of its own."""


def test_an_object_of_an_earlier_version_is_the_same_today():
    run = tracker.init(config={"lr": 0.1})
    name = f"<{Env.__module__}.Env object at 0x7f3c51d2e8b0>"
    run.config.restore({"env": name, "envs": [{"deep": name}]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.config.update({"env": Env(), "envs": [{"deep": Env()}]})
    assert run.config["envs"] == [{"deep": run.config["env"]}]
    with pytest.raises(tracker.ConfigError):
        run.config["env"] = "another"


def test_hidden_keys_are_kept_but_not_listed(past):
    run = tracker.init(config={"_secret": 1, "a": 2})
    assert list(run.config) == ["a"]
    assert run.config["_secret"] == 1
    assert past(run).snapshot.config == {"_secret": 1, "a": 2}


@pytest.mark.parametrize("big", ["x" * 11_000_000, list(range(4_000_000)), {"deep": [{"er": "x" * 11_000_000}]}])
def test_a_value_of_more_than_10_mb_is_left_out_and_the_others_are_recorded(big, past):
    with pytest.warns(UserWarning, match=r"'big' has \d+ MB and is left out.*run\.save"):
        run = tracker.init(config={"lr": 0.1, "big": big, "depth": 3})
    with pytest.warns(UserWarning, match="'again' has"):
        run.config.update({"again": big, "epochs": 5})
    with pytest.warns(UserWarning, match="summary 'huge' has"):
        run.summary.update({"huge": big, "best": 1.0})
    run.config["nested"] = {"a": 1}
    with pytest.warns(UserWarning, match="'nested' has"):
        run.config["nested"]["big"] = big
    kept = past(run).snapshot
    assert kept.config == {"lr": 0.1, "depth": 3, "epochs": 5, "nested": {"a": 1}}
    assert kept.summary == {"best": 1.0}


def test_many_values_that_are_large_together_are_all_recorded(past):
    values = {f"text{number}": str(number) * 9_000_000 for number in range(8)}
    run = tracker.init(config=values)
    assert past(run).snapshot.config == values


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
