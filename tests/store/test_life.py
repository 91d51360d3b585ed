"""States, as records and locks tell them."""

import pytest

from tracker_core import _records as records


def state(workshop):
    _, run = workshop.one()
    return run.card.state


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        ({"exit_code": 0}, "finished"),
        ({"exit_code": 3}, "failed"),
        ({"exit_code": None, "signal": "SIGTERM"}, "killed"),
        ({"exit_code": None, "state": "crashed"}, "crashed"),
    ],
)
def test_ended_runs(workshop, end, wanted):
    workshop.run().end(**end)
    assert state(workshop) == wanted


def test_preempted(workshop):
    draft = workshop.run()
    draft.write(records.Preempting(time=draft.at()))
    draft.end(exit_code=1)
    assert state(workshop) == "preempted"


def test_running_until_the_process_is_gone(workshop):
    draft = workshop.run()
    store, run = workshop.one()
    assert run.card.state == "running"
    draft.close()
    store.refresh()
    assert store.runs()[0].card.state == "crashed"


def test_background_process_does_not_keep_a_run_alive(workshop):
    draft = workshop.run()
    background = draft.writer("background")
    store, run = workshop.one()
    assert run.card.state == "running"
    draft.writers.pop((1, "main")).close()
    store.refresh()
    assert store.runs()[0].card.state == "crashed"
    background.write(records.End(time=draft.at(), exit_code=None, signal="SIGKILL"))
    store.refresh()
    assert store.runs()[0].card.state == "killed"


def test_resumed_run_runs_again(workshop):
    draft = workshop.run()
    draft.end(exit_code=1)
    store, run = workshop.one()
    assert run.card.state == "failed"
    draft.begin()
    store.refresh()
    (run,) = store.runs()
    assert run.card.state == "running"
    assert [life.state for life in run.card.attempts] == ["failed", "running"]
