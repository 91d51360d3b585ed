"""The levels of alerts are texts wherever texts are wanted."""

from __future__ import annotations

import tracker_core as tracker


def test_levels_are_texts():
    assert [str(level) for level in tracker.AlertLevel] == ["INFO", "WARN", "ERROR"]
    assert tracker.AlertLevel.WARN == "WARN"
    assert f"{tracker.AlertLevel('ERROR')}" == "ERROR"
