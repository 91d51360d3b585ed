from __future__ import annotations

import io
import json
from pathlib import Path

import click
import pytest
from rich.console import Console

import tracker_core
from tracker_core import _roots
from tracker_core.cli._filter import parse_filter


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
    assert parse_filter("id=123") == {"id": {"$eq": "123"}}
    assert parse_filter("config.seed=123") == {"config.seed": {"$in": [123, "123"]}}
    assert parse_filter("config.name=abc") == {"config.name": {"$eq": "abc"}}


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("config.lr<.9", {"config.lr": {"$lt": 0.9}}),
        ("config.lr >= 1e-3", {"config.lr": {"$gte": 0.001}}),
        ("config.lr>-inf", {"config.lr": {"$gt": float("-inf")}}),
        ("config.flag!=True", {"config.flag": {"$nin": [True, "True"]}}),
        ("config.size='64'", {"config.size": {"$eq": "64"}}),
        ('name="a and b"', {"name": {"$eq": "a and b"}}),
        ("name=salt and pepper", {"name": {"$eq": "salt and pepper"}}),
        ('summary."val loss (top)"<3', {"summary.val loss (top)": {"$lt": 3}}),
        ("summary.val loss<3", {"summary.val loss": {"$lt": 3}}),
        ("name!~^big", {"name": {"$not": {"$regex": "^big"}}}),
        ("name~(a|b)", {"name": {"$regex": "(a|b)"}}),
        ("id=1 and state=failed", {"$and": [{"id": {"$eq": "1"}}, {"state": {"$eq": "failed"}}]}),
        (
            "id=1 OR id=2 && id=3",
            {"$or": [{"id": {"$eq": "1"}}, {"$and": [{"id": {"$eq": "2"}}, {"id": {"$eq": "3"}}]}]},
        ),
        (
            "(name~(x|y) or id=2) and not id=3",
            {"$and": [{"$or": [{"name": {"$regex": "(x|y)"}}, {"id": {"$eq": "2"}}]}, {"$not": {"id": {"$eq": "3"}}}]},
        ),
    ],
)
def test_what_a_filter_means(text, filters):
    assert parse_filter(text) == filters


@pytest.mark.parametrize(
    "text",
    ["config.lr", "config.lr<", "config.lr=>3", "id=1 and", "id=1 ||", "(id=1", "lr < 0.1 or", "{1", "=3"],
)
def test_a_filter_that_cannot_be_read_is_refused(text):
    with pytest.raises(click.BadParameter):
        parse_filter(text)


def test_joined_tests(tracker, project):
    every = _ids(tracker("runs", "--json"))
    assert _ids(tracker("runs", "--json", "--filter", f"id={every[0]} or id={every[1]}")) == every[:2]
    assert _ids(tracker("runs", "--json", "--filter", f"not id={every[0]} and created_at>2020-01-01")) == every[1:]


def test_names_that_no_run_has_are_told(tracker, project):
    with tracker_core.init(id="more", config={"lr": 0.1, "nested": {"depth": 3}}) as run:
        run.log({"acc": 0.5})
    told = tracker("runs", "--filter", "config.lrr<0.5", "--sort", "summary.ac", "--columns", "id,config.nested.dept")
    assert "no run has 'config.lrr': did you mean 'config.lr'" in told.stderr
    assert "no run has 'summary.ac': did you mean 'summary.acc'" in told.stderr
    assert "no run has 'config.nested.dept': did you mean 'config.nested.depth'" in told.stderr
    assert "did you mean 'config.lr' or 'summary.lr'" in tracker("runs", "--filter", "lr<0.5").stderr
    text = tracker("runs", "--filter", "config.lr<small")
    assert "config.lr" in text.stderr
    assert "numbers" in text.stderr
    assert tracker("runs", "--filter", "config.lr<0.5", "--filter", "summary.acc>=.5").stderr == ""


@pytest.mark.parametrize("width", [60, 80, 100])
def test_narrow_terminal_drops_columns_and_cuts_no_id(tracker, project, monkeypatch, width):
    shown = io.StringIO()
    monkeypatch.setattr("tracker_core.cli._screen.screen", lambda: Console(file=shown, width=width))
    tracker("runs", "--project", "digits")
    text = shown.getvalue()
    assert all(number in text.split() for number in ("d0", "d1", "d2"))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
