"""The levels of alerts are texts wherever texts are wanted."""

from __future__ import annotations

import datetime as dt

import pytest

import tracker_core as tracker


def test_levels_are_texts():
    assert [str(level) for level in tracker.AlertLevel] == ["INFO", "WARN", "ERROR"]
    assert tracker.AlertLevel.WARN == "WARN"
    assert f"{tracker.AlertLevel('ERROR')}" == "ERROR"


def test_wrong_calls_say_what_is_wrong():
    with tracker.init(project="p") as run:
        with pytest.raises(tracker.UsageError, match="level"):
            run.alert("title", level="LOUD")
        with pytest.raises(tracker.UsageError, match="wait_duration"):
            run.alert("title", wait_duration="an hour")
        run.alert("title", wait_duration=dt.timedelta(hours=1))
