"""Which run a callback or logger logs to, and how it ends one."""

from __future__ import annotations

import pytest

import tracker_core as tracker
from tracker_core.integration import end_run, run_for


@pytest.mark.parametrize("init", [{}, {"id": None, "name": ""}, {"project": "other"}, {"id": "one"}, {"name": "first"}])
def test_the_current_run_is_used(init):
    run = tracker.init(id="one", name="first")
    assert run_for(None, init) is run


@pytest.mark.parametrize("init", [{"id": "two"}, {"name": "second"}, {"id": "one2", "name": "first"}])
def test_an_id_or_name_gets_a_run_of_its_own(init):
    run = tracker.init(id="one", name="first")
    own = run_for(None, init)
    assert own is not run
    assert tracker.run is run
    assert run_for(None, init) is own
    assert {field: getattr(own, field) for field in init} == init
    own.finish()
    run.log({"x": 1.0})


def test_a_run_that_is_given_comes_first():
    given = tracker.init(id="given")
    tracker.init(id="current", reinit="create_new")
    assert run_for(given, {"id": "two"}) is given


def test_a_run_is_started_where_there_is_none():
    assert run_for(None, {"id": "two"}) is tracker.run


@pytest.mark.parametrize(
    ("outcome", "state", "code", "tags"),
    [("finished", "finished", 0, ["t"]), ("failed", "failed", 1, ["t"]), ("pruned", "finished", 0, ["t", "pruned"])],
)
def test_end_run(outcome, state, code, tags, past):
    run = tracker.init(tags=["t"])
    end_run(run, outcome, "trial 3 was worse than the median")
    end_run(run, "failed")
    read = tracker.Api().run(run.path)
    assert (read.state, read.exit_code, list(read.tags)) == (state, code, tags)
    assert past(run).snapshot.last.reason == "trial 3 was worse than the median"
