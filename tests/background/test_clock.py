from __future__ import annotations

import time

from tracker_core.background import clock


def test_time_never_falls_and_goes_on_after_the_clock_was_set_back(monkeypatch):
    real = time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    after = clock.now()
    assert before <= after < before + 60
    monkeypatch.setattr(time, "time", lambda: real() - 3599)
    assert 1 <= clock.now() - after < 60
