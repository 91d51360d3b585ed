"""Runs whose id a later run took: listed, read, exported, restored and deleted."""

from __future__ import annotations

import json
import warnings

import pytest
from click.testing import CliRunner

import tracker_core as tracker
from tracker_core.cli import _tracker as cli


@pytest.fixture(autouse=True)
def _three():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, project in enumerate(("p", "p", "p", "q")):
            quiet = {"silent": True, "system_interval": 0}
            with tracker.init(project=project, id="same", name=f"run{number}", settings=quiet) as run:
                run.log({"x": float(number)})


def names(**filters):
    return {"/".join(run.path): run.name for run in tracker.Api().runs(filters=filters or None)}


def command(*words):
    return CliRunner().invoke(cli, list(words), catch_exceptions=False)


def test_they_are_listed_where_they_are_asked_for():
    assert names() == {"p/same": "run2", "q/same": "run3"}
    assert names(state="archived") == {"p/same~1": "run0", "p/same~2": "run1"}
    assert names(state={"$in": ["archived", "finished"]}, project="p").keys() == {"p/same", "p/same~1", "p/same~2"}
    assert names(state={"$ne": "finished"}) == {}
    listed = json.loads(command("runs", "--archived", "--json").stdout)
    assert sorted(run["id"] for run in listed) == ["same~1", "same~2"]


def test_they_can_be_read():
    run = tracker.Api().run("p/same~2")
    assert (run.name, run.state, run.exit_code, dict(run.summary)) == ("run1", "archived", 0, {"x": 1.0})
    assert [row["x"] for row in run.scan_history()] == [1.0]
    assert command("show", "p/same~1").exit_code == 0
    assert "run0" in command("show", "run0").stdout
    assert "1.0" in command("export", "p/same~2").stdout
    with pytest.raises(tracker.NotFoundError):
        tracker.Api().run("q/same~1")


def test_they_can_be_edited():
    tracker.Api().run("p/same~1").notes = "the first"
    assert tracker.Api().run("p/same~1").notes == "the first"


def test_deleting_the_run_keeps_them():
    result = command("rm", "p/same", "--yes")
    assert "kept: p/same~1" in result.stderr
    assert names(state="archived") == {"p/same~1": "run0", "p/same~2": "run1"}
    assert names() == {"q/same": "run3"}


def test_one_can_be_deleted():
    tracker.Api().run("p/same~1").delete()
    assert names(state="archived") == {"p/same~1": "run1"}
    assert names() == {"p/same": "run2", "q/same": "run3"}


def test_one_can_be_restored_in_place_of_the_present_one():
    assert command("restore", "p/same~1").exit_code == 0
    assert names() == {"p/same": "run0", "q/same": "run3"}
    assert names(state="archived") == {"p/same~1": "run1", "p/same~2": "run2"}
    with tracker.init(project="p", id="same", resume="must", settings={"silent": True}) as run:
        run.log({"x": 9.0})
    assert tracker.Api().run("p/same").summary["x"] == 9.0
    tracker.Api().run("p/same~2").restore()
    assert names()["p/same"] == "run2"


def test_one_can_be_restored_after_the_present_one_was_deleted():
    tracker.Api().run("p/same").delete()
    tracker.Api().run("p/same~2").restore()
    assert names()["p/same"] == "run1"
    tracker.init(project="p", id="same", resume="must", settings={"silent": True}).finish()


def test_what_is_not_archived_cannot_be_restored():
    with pytest.raises(tracker.UsageError, match="not archived"):
        tracker.Api().run("p/same").restore()
    assert command("restore", "p/same").exit_code == 1
