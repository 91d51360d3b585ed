"""Plain data: what it is made from, and when two of them are equal."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import enum
import math
import types
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
from hypothesis import given

from tracker_core._values import number, plain, same

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_plain_data_stays_as_it_is(value):
    assert same(plain(value), value)
    assert repr(plain(value)) == repr(value)
    msgspec.msgpack.encode(plain(value))


@given(JSON, JSON)
def test_sameness_is_symmetric(left, right):
    assert same(left, left)
    assert same(left, right) == same(right, left)


class Color(enum.Enum):
    RED = 1


class Weight(enum.IntEnum):
    HEAVY = 5


@dataclasses.dataclass
class Point:
    x: int
    y: object


class Options(msgspec.Struct):
    lr: float = 0.1


class Device:
    def __str__(self):
        return "cuda:0"


class Broken:
    def __repr__(self):
        raise RuntimeError("no repr")

    @property
    def dtype(self):
        raise RuntimeError("no dtype")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({"a": {1: Color.RED}, Color.RED: 1}, {"a": {"1": "RED"}, "RED": 1}),
        (Weight.HEAVY, "HEAVY"),
        (b"caf\xc3\xa9", "café"),
        (dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.timezone.utc), "2026-01-02T03:04:00+00:00"),
        (Point(1, Point(2, None)), {"x": 1, "y": {"x": 2, "y": None}}),
        (argparse.Namespace(a=types.SimpleNamespace(b=Color.RED)), {"a": {"b": "RED"}}),
        (Options(), {"lr": 0.1}),
        (dt.timedelta(seconds=3), "0:00:03"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Device(), "cuda:0"),
        (slice(1, 5), {"start": 1, "stop": 5, "step": None}),
        (PurePosixPath("a/b"), "a/b"),
        (np.float32(0.5), 0.5),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(7), 7),
        (range(3), [0, 1, 2]),
        (Decimal("1.5"), 1.5),
        (Fraction(1, 4), 0.25),
        (test_plain_data_stays_as_it_is, None),
        (2**70, float(2**70)),
        (-(10**400), -math.inf),
        ("a\udcffb", "a\ufffd\ufffd\ufffdb"),
        (np.str_("text"), "text"),
        (np.bool_(True), True),
    ],
)
def test_what_becomes_plain(value, expected):
    converted = plain(value)
    msgspec.msgpack.encode(converted)
    if expected is None:
        assert converted.endswith("test_plain_data_stays_as_it_is")
    else:
        assert converted == expected
        assert type(converted) is type(expected)


def test_what_cannot_be_converted_never_raises():
    with pytest.warns(UserWarning, match="Broken"):
        assert "Broken" in plain(Broken())
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.warns(UserWarning, match="list"):
        msgspec.msgpack.encode(plain(cycle))
    with pytest.warns(UserWarning, match="ndarray"):
        assert plain(np.zeros((100, 100))).startswith("array(")


@pytest.mark.parametrize(
    "value", ["1", b"1", None, [1], {"a": 1}, Color.RED, Weight.HEAVY, np.arange(2), object(), int]
)
def test_what_is_no_number(value):
    assert number(value) is None


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(1, 1.0, True), (1, True, False), (0, False, False), (math.nan, math.nan, True), ([1], [1, 2], False)],
)
def test_sameness(left, right, expected):
    assert same(left, right) is expected
