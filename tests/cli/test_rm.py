from __future__ import annotations

import json

import pytest

import tracker_core


@pytest.fixture
def project():
    for run_id in ("a", "b", "c"):
        tracker_core.init(project="p", id=run_id, name=f"name-{run_id}").finish()


def _ids(tracker):
    return {run["id"] for run in json.loads(tracker("runs", "--json").stdout)}


def test_asks_first(tracker, project):
    assert tracker("rm", "a", input="n\n").exit_code == 1
    assert _ids(tracker) == {"a", "b", "c"}
    result = tracker("rm", "a", "name-b", input="y\n")
    assert result.exit_code == 0
    assert "name-b" in result.stderr
    assert _ids(tracker) == {"c"}


def test_without_an_answer_nothing_is_deleted(tracker, project):
    assert tracker("rm", "a", input="").exit_code == 1
    assert _ids(tracker) == {"a", "b", "c"}


def test_yes(tracker, project):
    assert tracker("rm", "a", "a", "b", "--yes").exit_code == 0
    assert _ids(tracker) == {"c"}


def test_all_or_none(tracker, project):
    result = tracker("rm", "a", "none", "--yes")
    assert result.exit_code == 1
    assert "none" in result.stderr
    assert _ids(tracker) == {"a", "b", "c"}


def test_deleted_id_stays_taken(tracker, project):
    tracker("rm", "a", "--yes")
    with pytest.raises(tracker_core.Error):
        tracker_core.init(project="p", id="a")
    assert tracker("show", "a").exit_code == 1


def test_running_run_is_left_alone(tracker):
    run = tracker_core.init(project="p", id="live")
    assert tracker("rm", "live", "--yes").exit_code == 1
    run.finish()
    assert _ids(tracker) == {"live"}
