"""The run that users' tests record with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tracker_core as tracker
from tracker_core import testing


def test_it_records_what_a_script_does():
    with testing.recorded(project="p", tags=["a"]) as run:
        assert tracker.run is run
        tracker.config.update({"lr": 0.1})
        for value in (3.0, 2.0, 1.0):
            tracker.log({"loss": value, "nested": {"x": 1}})
        run.log({"note": "text"}, step=10)
        run.alert("careful")
        run.summary["best"] = 1.0
    assert tracker.run is None
    assert run.values("loss") == [3.0, 2.0, 1.0]
    assert run.steps("loss") == [0, 1, 2]
    assert run.rows[-1] == {"_step": 10, "note": "text"}
    assert run.config.lr == 0.1
    assert run.summary.as_dict() == {"loss": 1.0, "nested.x": 1, "note": "text", "best": 1.0}
    assert [alert.title for alert in run.alerts] == ["careful"]
    assert run.state == "finished"
    assert not Path("tracker").exists()


def test_it_refuses_what_a_run_refuses():
    with testing.recorded() as run:
        run.config.lr = 0.1
        with pytest.raises(tracker.ConfigError):
            run.config.lr = 0.2
        with pytest.raises(TypeError):
            run.log([1])
    with pytest.raises(tracker.UsageError):
        run.log({"a": 1})


def test_an_exception_passes_and_is_told():
    with pytest.raises(ZeroDivisionError), testing.recorded() as run:
        run.log({"a": 1 / 0})
    assert run.state == "failed"


def test_media_are_kept_for_the_time_of_the_test():
    with testing.recorded() as run:
        run.log({"histogram": np.arange(100.0), "table": tracker.Table(columns=["a"], data=[[1]])})
        [row] = run.rows
        assert (run.folder.files / row["table"]["path"]).is_file()
    assert not run.folder.files.exists()


def test_the_run_before_is_current_again():
    with testing.recorded(name="outer") as outer:
        with testing.recorded(name="inner"):
            tracker.log({"a": 1})
        assert tracker.run is outer
        assert outer.rows == []
