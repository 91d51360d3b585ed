from __future__ import annotations

import json
import math

import pytest

import tracker_core


@pytest.fixture
def shown():
    with tracker_core.init(project="digits", id="d0", name="first", tags=["best"], notes="why", config={"lr": 0.1}):
        for step in range(50):
            tracker_core.log({"loss": 1 / (step + 1), "lr": 0.1, "text": "word", "train/epoch": step, "iter": step})
        tracker_core.log({"one": 1.0})


def test_one_screen(tracker, shown):
    text = tracker("show", "d0").stdout
    for words in ("first", "✓ finished", "digits/d0", "best", "why", "lr", "0.1", "loss  last 0.02", "max 1"):
        assert words in text
    assert any("⠀" in line for line in text.splitlines())
    assert "train/epoch  last" not in text
    assert "iter  last" not in text
    assert "text  last" not in text
    assert "lr  last" not in text  # a constant tells nothing that the summary does not


@pytest.mark.parametrize("word", ["d0", "digits/d0", "first", None])
def test_run_is_found_by(tracker, shown, word):
    words = () if word is None else (word,)
    assert json.loads(tracker("show", "--json", *words).stdout)["id"] == "d0"


def test_json(tracker, shown):
    run = json.loads(tracker("show", "d0", "--json").stdout)
    assert run["metrics"] == ["iter", "loss", "lr", "one", "text", "train/epoch"]
    assert run["last_step"] == 50
    assert run["summary"]["one"] == 1.0


def test_named_metric_is_drawn_alone(tracker, shown):
    text = tracker("show", "d0", "--key", "one").stdout
    assert "one  last 1" in text
    assert "loss  last" not in text


@pytest.mark.parametrize(("words", "hint"), [(("d1",), "d0"), (("d0", "--key", "los"), "loss")])
def test_what_is_not_there_is_answered_with_what_comes_close(tracker, shown, words, hint):
    result = tracker("show", *words)
    assert result.exit_code == 1
    assert hint in result.stderr


def test_two_runs_of_one_name(tracker):
    for run_id in ("a1", "b2"):
        tracker_core.init(project="p", id=run_id, name="same").finish()
    result = tracker("show", "same")
    assert result.exit_code == 1
    assert "p/a1, p/b2" in result.stderr


def test_no_runs_at_all(tracker):
    assert tracker("show").exit_code == 1


def test_running_and_empty_run(tracker):
    run = tracker_core.init(project="p", id="live")
    text = tracker("show", "live").stdout
    assert "● running" in text
    assert "running for" in text
    run.finish()


def test_odd_values(tracker):
    with tracker_core.init(project="p", id="odd", config={"[bold]": "[red]x[/red]", "none": None}) as run:
        run.log({"nan": math.nan, "x": 1})
        run.log({"nan": math.nan, "x": math.inf})
    result = tracker("show", "odd")
    assert result.exit_code == 0
    assert "[red]x[/red]" in result.stdout
    assert json.loads(tracker("show", "odd", "--json").stdout)["summary"]["nan"] is None
