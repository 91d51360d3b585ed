"""Attempts on machines whose clocks differ: the newer attempt's values stand, and the edits between them."""

from __future__ import annotations

import time

import pytest

import tracker_core as tracker


@pytest.fixture
def clock(monkeypatch):
    """Shift the clock by some seconds."""
    real = time.time

    def shift(seconds):
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return shift


@pytest.mark.parametrize("shift", [-86_400.0, -1.0, 0.0, 3600.0])
def test_the_newer_attempt_wins_whatever_its_clock_says(clock, shift):
    with tracker.init(id="r", config={"lr": 1}, tags=["old"], notes="old", name="old") as run:
        run.summary["note"] = "old"
        run.log({"x": 1.0})
    clock(shift)
    with tracker.init(id="r", resume="must", config={"lr": 2}, tags=["new"], notes="new", name="new") as run:
        run.log({"x": 2.0})
        run.summary["note"] = "new"
    read = tracker.Api().run("r")
    assert (read.config["lr"], list(read.tags), read.notes, read.name) == (2, ["new"], "new", "new")
    assert (read.summary["note"], read.summary["x"]) == ("new", 2.0)
    rows = list(read.scan_history())
    assert [row["x"] for row in rows] == [1.0, 2.0]
    assert rows[0]["_timestamp"] <= rows[1]["_timestamp"]


def test_edits_are_applied_in_the_order_of_time(clock):
    with tracker.init(id="r") as run:
        run.log({"x": 1.0, "wrong": 2.0})
    clock(-3600.0)
    for value in range(5):
        read = tracker.Api().run("r")
        read.summary["k"] = value
        read.summary.update()
    del read.summary["wrong"]
    read.summary.update()
    with tracker.init(id="r", resume="must") as run:
        assert run.summary.as_dict() == {"k": 4, "x": 1.0}
        run.log({"wrong": 3.0})
    assert dict(tracker.Api().run("r").summary) == {"k": 4, "x": 1.0, "wrong": 3.0}


def test_what_was_set_by_hand_after_the_step_goes_with_a_rewind():
    with tracker.init(id="r") as run:
        run.summary["start"] = 1
        run.log({"x": 0.0, "y": 0.0})
        run.summary["x"] = 10.0
        run.log({"y": 1.0})
        run.summary.update({"x": 20.0, "y": 20.0, "late": 1})
    expected = {"start": 1, "x": 10.0, "y": 0.0}
    with tracker.init(resume_from="r?_step=0") as run:
        assert run.summary.as_dict() == expected
    assert dict(tracker.Api().run("r").summary) == expected
    with tracker.init(id="f", fork_from="r?_step=0") as fork:
        assert fork.summary.as_dict() == expected
    assert dict(tracker.Api().run("f").summary) == expected


def test_a_fork_keeps_the_definitions():
    with tracker.init(id="o") as run:
        run.define_metric("epoch", hidden=True)
        run.define_metric("val/*", step_metric="epoch", summary="best", goal="maximize")
        run.log({"epoch": 3, "val/acc": 0.5})
    with tracker.init(fork_from="o?_step=0", id="f") as run:
        run.log({"epoch": 4})
        run.log({"val/acc": 0.25})
        assert run.summary["val/acc"] == {"best": 0.5}
    read = tracker.Api().run("f")
    assert read.summary["val/acc"] == {"best": 0.5}
    assert [(row["epoch"], row["val/acc"]) for row in read.scan_history(keys=["epoch", "val/acc"])] == [
        (3, 0.5),
        (4, 0.25),
    ]


def test_a_resumed_run_has_the_summary_of_the_main_writer(script):
    script("""
        import multiprocessing
        run = tracker.init(id="r", settings={"silent": True})
        run.define_metric("x", summary="max,last")
        run.log({"x": 1.0})

        def work():
            run.log({"x": 5.0, "only": 2.0}, step=0)

        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join()
        run.log({"x": 2.0})
        run.finish()
    """)
    expected = dict(tracker.Api().run("r").summary)
    assert expected == {"x": {"max": 2.0, "last": 2.0}, "only": 2.0}
    with tracker.init(id="r", resume="must") as run:
        assert run.summary.as_dict() == expected
