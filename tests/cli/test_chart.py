from __future__ import annotations

import math

from tracker_core.cli._chart import chart


def test_line_falls_from_corner_to_corner():
    values = [10.0, 8.0, 6.0, 4.0, 2.0, 0.0]
    lines = chart(range(6), values, values, end=5, width=20, height=5)
    assert [len(line) for line in lines] == [20] * 7
    assert lines[0].startswith("10 ┤⠑")
    assert lines[4].startswith(" 0 ┤")
    assert lines[4].rstrip("⠀") == lines[4]
    assert lines[6].split() == ["0", "step", "5"]


def test_spike_is_seen_whatever_lies_around_it():
    low, high = [0.0] * 50, [0.0] * 50
    high[25] = 100.0
    lines = chart(range(50), low, high, end=49, width=30, height=6)
    columns = {line.index(mark) for line in lines[:5] for mark in line[5:] if mark not in "⠀│┤"}
    assert len(columns) <= 2  # one line up and one down may fall into neighbours


def test_constant_lies_in_the_middle():
    lines = chart([0, 1], [3.0, 3.0], [3.0, 3.0], end=1, width=16, height=5)
    drawn = [number for number, line in enumerate(lines[:5]) if set(line) - set(" 3┤│⠀")]
    assert drawn == [2]
    assert [line[:3] for line in lines[:5]] == ["  │", "  │", "3 ┤", "  │", "  │"]


def test_axis_goes_on_to_the_end_of_the_run():
    lines = chart([0, 1], [0.0, 1.0], [0.0, 1.0], end=10, width=30, height=5)
    assert lines[0].endswith("⠀" * 20)
    assert lines[-1].endswith("10")


def test_what_is_not_finite_leaves_a_hole():
    values = [0.0, math.nan, math.inf, 3.0]
    assert chart(range(4), values, values, end=3, width=20, height=4)[0].startswith("3 ┤")


def test_nothing_to_draw():
    assert chart([], [], [], end=0, width=20, height=5) == []
    assert chart([0], [math.nan], [math.nan], end=0, width=20, height=5) == []


def test_single_point():
    lines = chart([7], [1.0], [1.0], end=7, width=20, height=5)
    assert any(set(line) - set(" 1┤│⠀") for line in lines[:5])
