"""Going on with a run: by id, automatically, after a kill, from an earlier step, on another branch."""

from __future__ import annotations

import math

import pytest

import tracker_core as tracker
from tracker_core import _folder
from tracker_core import _records as records


def start(**arguments):
    return tracker.init(project="p", reinit=True, **arguments)


def write(run, values):
    for value in values:
        run.log({"x": value})
    run.finish()


@pytest.fixture
def earlier():
    run = start(id="r1", name="first", config={"lr": 0.1, "old": 1}, tags=["a"], notes="n")
    run.define_metric("x", summary="min,mean")
    run.summary["best"] = 5
    write(run, [1.0, 2.0, 3.0])
    return run


@pytest.mark.parametrize(
    "arguments", [{"id": "r1", "resume": "allow"}, {"id": "r1", "resume": "must"}, {"resume": "r1"}]
)
def test_by_id(earlier, arguments, past):
    run = start(**arguments, config={"lr": 0.2, "new": 1})
    assert run.resumed
    assert run.folder == earlier.folder
    assert run.attempt == 2
    assert (run.step, run.starting_step) == (3, 3)
    assert (run.name, run.tags, run.notes) == ("first", ("a",), "n")
    assert run.config.as_dict() == {"lr": 0.2, "old": 1, "new": 1}
    assert run.start_time == earlier.start_time
    assert run.summary.as_dict() == {"x": {"min": 1.0, "mean": 2.0}, "best": 5}
    run.log({"x": 0.0})
    assert run.summary["x"] == {"min": 0.0, "mean": 1.5}
    run.finish()
    found = past(run)
    assert found.last_step == 3
    assert found.latest == {"x": {"min": 0.0, "mean": 1.5}, "best": 5}
    assert [attempt.state for attempt in found.snapshot.attempts.values()] == ["finished", "finished"]


def test_given_fields_replace(earlier, past):
    run = start(id="r1", resume="allow", tags=["b"], notes="later", name="second")
    snapshot = past(run).snapshot
    assert (snapshot.tags, snapshot.notes, snapshot.name) == (("b",), "later", "second")


def test_allow_makes_what_is_not_there():
    run = start(id="new", resume="allow")
    assert not run.resumed
    assert run.id == "new"
    assert not start(resume="fresh").resumed


def test_must_and_never(earlier):
    with pytest.raises(tracker.UsageError, match="no run 'other'"):
        start(id="other", resume="must")
    with pytest.raises(tracker.UsageError, match="must"):
        start(resume="must")
    with pytest.raises(tracker.UsageError, match="never"):
        start(id="r1", resume="never")
    assert start(id="other", resume="never").id == "other"


def test_arguments_that_exclude_each_other(earlier):
    for arguments in (
        {"resume": "allow", "id": "r1", "resume_from": "r1?_step=1"},
        {"resume": True, "fork_from": "r1?_step=1"},
        {"fork_from": "r1?_step=1", "resume_from": "r1?_step=1"},
        {"resume": "r1", "id": "r2"},
        {"resume_from": "r1?_step=1", "id": "r2"},
        {"fork_from": "r1?_step=1", "id": "r1"},
        {"resume_from": "r1"},
        {"fork_from": "r1?_step=x"},
        {"resume_from": "none?_step=1"},
        {"fork_from": "none?_step=1"},
    ):
        with pytest.raises(tracker.UsageError):
            start(**arguments)


def test_the_same_id_without_resume_archives_the_earlier_run(earlier, past):
    with pytest.warns(UserWarning, match="archived"):
        run = start(id="r1")
    assert run.folder != earlier.folder
    assert not run.resumed
    assert run.step == 0
    assert past(earlier).snapshot.archived == "r1"
    assert past(earlier).last_step == 2
    write(run, [7.0])
    assert start(id="r1", resume="must").folder == run.folder


def test_the_same_id_in_another_project_is_another_run(earlier, past):
    run = tracker.init(project="q", id="r1", reinit=True, resume="allow")
    assert not run.resumed
    assert past(earlier).snapshot.archived is None


def test_a_deleted_id_is_refused(earlier):
    from tracker_core import _journal

    writer = _journal.open_writer(earlier.folder, "edit-1", run="r1", attempt=0)
    writer.write(records.Delete(time=1.0, run="r1", project="p"))
    writer.close()
    for arguments in ({"id": "r1"}, {"id": "r1", "resume": "allow"}, {"resume": "r1"}):
        with pytest.raises(tracker.UsageError, match="deleted"):
            start(**arguments)


def test_many_attempts(past):
    for attempt in range(1, 6):
        run = start(id="many", resume="allow")
        assert run.attempt == attempt
        write(run, [float(attempt)] * 2)
    found = past(run)
    assert found.last_step == 9
    assert len(found.snapshot.attempts) == 5


def test_steps_far_apart_and_nan(past):
    run = start(id="far")
    run.log({"x": math.nan}, step=10**12)
    run.log({"x": 1.0}, step=5)
    run.finish()
    assert start(id="far", resume="must").step == 10**12 + 1


def test_two_at_once_become_two_attempts(earlier, past):
    one = start(id="r1", resume="allow")
    with pytest.warns(UserWarning, match="another process"):
        two = tracker.init(project="p", id="r1", resume="allow", reinit="create_new")
    assert (one.attempt, two.attempt) == (2, 3)
    one.log({"y": 1.0})
    two.log({"z": 2.0})
    one.finish()
    two.finish()
    assert past(two).latest["y"] == 1.0
    assert past(two).latest["z"] == 2.0


AUTO = """
import os, sys
run = tracker.init(project=sys.argv[1], resume={resume!r})
print(run.id, run.resumed, run.step, flush=True)
run.log({{"x": 1.0}})
how = sys.argv[2]
if how == "raise":
    raise SystemError("on purpose")
if how == "kill":
    os.kill(os.getpid(), 9)
if how == "exit":
    sys.exit(3)
"""


@pytest.mark.parametrize("resume", ["auto", True])
@pytest.mark.parametrize("how", ["raise", "kill", "exit"])
def test_auto_goes_on_after_a_failure_and_only_then(script, resume, how):
    code = AUTO.format(resume=resume)
    run_id, *rest = script(code, "p", how, check=False).stdout.split()
    assert rest == ["False", "0"]
    assert script(code, "q", "end").stdout.split()[1] == "False"
    assert script(code, "p", how, check=False).stdout.split() == [run_id, "True", "1"]
    assert script(code, "p", "end").stdout.split() == [run_id, "True", "2"]
    last = script(code, "p", "end").stdout.split()
    assert last[0] != run_id
    assert last[1:] == ["False", "0"]


class TestRewind:
    def test_later_steps_are_hidden_and_written_anew(self, earlier, past):
        run = start(resume_from="r1?_step=1")
        assert run.resumed
        assert run.step == 2
        assert run.summary["x"] == {"min": 1.0, "mean": 1.5}
        run.log({"x": 30.0})
        run.finish()
        assert past(run).latest["x"] == {"min": 1.0, "mean": 11.0}
        assert past(run).last_step == 2

    def test_twice(self, earlier, past):
        write(start(resume_from="r1?_step=1"), [5.0, 6.0])
        run = start(resume_from="r1?_step=0")
        write(run, [9.0])
        assert past(run).last_step == 1
        assert past(run).latest["x"] == {"min": 1.0, "mean": 5.0}


class TestFork:
    def test_it_has_the_history_and_leaves_the_origin_alone(self, earlier, past):
        run = start(fork_from="r1?_step=1", id="branch", config={"lr": 0.5})
        assert run.id == "branch"
        assert not run.resumed
        assert run.step == 2
        assert run.config.as_dict() == {"lr": 0.5, "old": 1}
        write(run, [10.0])
        assert past(run).last_step == 2
        assert past(run).latest["x"] == {"min": 1.0, "mean": 13 / 3}
        assert past(run).snapshot.config == {"lr": 0.5, "old": 1}
        assert past(earlier).last_step == 2
        assert past(run).snapshot.fork.run == "r1"

    def test_it_survives_its_origin(self, earlier, past):
        import shutil

        run = start(fork_from="r1?_step=2")
        run.finish()
        shutil.rmtree(earlier.folder.path)
        assert past(run).latest["x"] == {"min": 1.0, "mean": 2.0}


def test_folders_are_found_by_id(earlier):
    assert _folder.find(earlier.folder.root, "r1") == [earlier.folder]
    assert _folder.find(earlier.folder.root, "r") == []
