from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

import tracker_core
from tracker_core import _roots
from tracker_core.cli import runs


@pytest.fixture
def project():
    """Three finished runs, one failed, of two projects, in the current folder."""
    for number in range(3):
        with tracker_core.init(
            project="digits", id=f"d{number}", name=f"run-{number}", config={"lr": 10.0**-number, "seed": 7}
        ) as run:
            run.log({"acc": number / 10, "epoch": 1})
    tracker_core.init(project="words", id="w0", tags=["keep"], config={"lr": 5.0}).finish(exit_code=3)


def _ids(result):
    return [run["id"] for run in json.loads(result.stdout)]


def test_table_has_a_line_for_each_run_newest_first(tracker, project):
    lines = tracker("runs").stdout.splitlines()
    found = [word for line in lines for word in line.split() if word in ("d0", "d1", "d2", "w0")]
    assert found == ["w0", "d2", "d1", "d0"]
    assert any("✗ failed" in line for line in lines)
    heads = next(line for line in lines if "name" in line).split()
    assert {"acc", "lr"} <= set(heads)
    assert "seed" not in heads


def test_a_metric_without_a_name_is_no_column(tracker):
    with tracker_core.init(config={"": 1}, id="first") as run:
        run.log({"": 1.0, "acc": 0.5, "a\nb": 2.0})
    tracker_core.init(config={"": 2}, id="second").finish()
    shown = tracker("runs").stdout
    assert "acc" in shown
    assert "second" in shown


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ((), ["w0", "d2", "d1", "d0"]),
        (("--project", "digits"), ["d2", "d1", "d0"]),
        (("--sort", "summary.acc"), ["d0", "d1", "d2", "w0"]),
        (("--sort", "-config.lr", "--limit", "2"), ["w0", "d0"]),
        (("--filter", "config.lr<=0.1", "--sort", "id"), ["d1", "d2"]),
        (("--filter", "summary.acc > 0", "--filter", "name!=run-2"), ["d1"]),
        (("--filter", "state=failed"), ["w0"]),
        (("--filter", "tags=keep"), ["w0"]),
        (("--filter", "name~^run-[01]", "--sort", "id"), ["d0", "d1"]),
        (("--filter", "exit_code==3"), ["w0"]),
        (("--filter", '{"$or": [{"id": "d0"}, {"id": "w0"}]}'), ["w0", "d0"]),
        (("--filter", "id=none"), []),
    ],
)
def test_selection(tracker, project, words, ids):
    assert _ids(tracker("runs", "--json", *words)) == ids


def test_json_holds_config_and_summary(tracker, project):
    (run,) = json.loads(tracker("runs", "--json", "--filter", "id=d1").stdout)
    assert run["config"] == {"lr": 0.1, "seed": 7}
    assert run["summary"] == {"acc": 0.1, "epoch": 1}
    assert (run["state"], run["exit_code"], run["name"], run["project"]) == ("finished", 0, "run-1", "digits")


def test_columns(tracker, project):
    result = tracker("runs", "--json", "--columns", "id, config.lr,summary.none", "--sort", "id", "--limit", "1")
    assert json.loads(result.stdout) == [{"id": "d0", "config.lr": 1.0, "summary.none": None}]
    table = tracker("runs", "--columns", "name,summary.acc", "--project", "digits").stdout
    assert table.split()[:2] == ["name", "acc"]


@pytest.mark.parametrize("words", [("--columns", "nmae"), ("--filter", "nothing here"), ("--filter", "{bad json")])
def test_unusable_words_are_usage_errors(tracker, project, words):
    assert tracker("runs", *words).exit_code == 2


@pytest.mark.parametrize("words", [("--sort", "nmae"), ("--filter", "nmae=1")])
def test_unknown_field_is_told_with_the_nearest(tracker, project, words):
    result = tracker("runs", *words)
    assert result.exit_code == 1
    assert "'name'" in result.stderr


def test_nothing_there(tracker):
    result = tracker("runs")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No runs" in result.stderr
    assert json.loads(tracker("runs", "--json").stdout) == []


def test_folder_that_is_not_there(tracker, tmp_path):
    result = tracker("runs", "--dir", str(tmp_path / "none"))
    assert result.exit_code == 1
    assert str(tmp_path / "none") in result.stderr


def test_runs_of_every_folder(tracker, tmp_path):
    assert "holds runs yet" in tracker("runs", "--all").stderr
    for place, acc in (("one", 0.1), ("two", 0.9), ("three", 0.5)):
        with tracker_core.init(dir=tmp_path / place, id=f"in-{place}", project=place) as run:
            run.log({"acc": acc})
        _roots.register(tmp_path / place / "tracker")
    assert _ids(tracker("runs", "--all", "--json", "--sort", "-summary.acc")) == ["in-two", "in-three", "in-one"]
    assert _ids(tracker("runs", "--all", "--json", "--filter", "summary.acc>0.2", "--project", "three")) == ["in-three"]
    shown = tracker("runs", "--all").stdout
    assert all(str(tmp_path / place) in shown for place in ("one", "two", "three"))


def test_limit_is_told(tracker, project):
    assert "2 more" in tracker("runs", "--limit", "2").stderr


def test_from_another_folder(tracker, project, tmp_path, monkeypatch):
    here = str(Path.cwd())
    monkeypatch.chdir(tmp_path)
    assert len(_ids(tracker("runs", "--json", "--dir", here))) == 4
    monkeypatch.setenv("TRACKER_DIR", here)
    assert len(_ids(tracker("runs", "--json"))) == 4


def test_digits_stay_text_where_a_field_is_text():
    assert runs.parse_condition("id=123") == {"id": {"$eq": "123"}}
    assert runs.parse_condition("config.seed=123") == {"config.seed": {"$eq": 123}}
    assert runs.parse_condition("config.name=abc") == {"config.name": {"$eq": "abc"}}


@pytest.mark.parametrize("width", [60, 80, 100])
def test_narrow_terminal_drops_columns_and_cuts_no_id(tracker, project, monkeypatch, width):
    shown = io.StringIO()
    monkeypatch.setattr("tracker_core.cli._screen.screen", lambda: Console(file=shown, width=width))
    tracker("runs", "--project", "digits")
    text = shown.getvalue()
    assert all(number in text.split() for number in ("d0", "d1", "d2"))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
