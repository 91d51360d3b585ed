from __future__ import annotations

import math
import time

import pytest

from tracker_core.cli import _text as text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (1e-4, "0.0001"),
        (1.23456e-7, "1.235e-7"),
        (12345.678, "12346"),
        (123456.7, "123457"),
        (1.5e9, "1.5e9"),
        (-2.5e-10, "-2.5e-10"),
        (math.inf, "inf"),
        (math.nan, "nan"),
        (True, "true"),
        (None, "-"),
        (2**60, str(2**60)),
        ([1, 0.5, "a"], "1, 0.5, a"),
        ({"a": 1, "b": {"c": 2}}, "a=1, b=c=2"),
        ("two\nlines\x1b[31m", "two lines [31m"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_show(value, shown):
    assert text.show(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (42, "42 s"), (59.7, "1 m 00 s"), (3599, "59 m 59 s"), (7500, "2 h 05 m"), (360000, "4 d 4 h")],
)
def test_duration(seconds, shown):
    assert text.duration(seconds) == shown


def test_moment_leaves_out_what_goes_without_saying():
    shown, now = "", 0.0
    while time.localtime(now)[:3] != time.localtime()[:3]:  # until no midnight passes between the two
        now = time.time()
        shown = text.moment(now)
    assert shown == time.strftime("%H:%M:%S", time.localtime(now))
    assert text.moment(0.0).startswith(("1970", "1969"))


def test_lasted_counts_until_now():
    assert text.lasted(100.0, 104.0) == 4.0
    assert text.lasted(time.time() - 5, None) >= 5
