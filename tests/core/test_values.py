"""Plain data: what it is made from, and when two of them are equal."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import enum
import functools
import math
import threading
import types
import unittest.mock
import uuid
import warnings
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import hypothesis.strategies as st
import ml_dtypes
import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tracker_core import _records as records
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


class Style(str, enum.Enum):
    DASHED = "dashed"


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Drawer:
    """Behaves like a mapping and is none, as ml_collections' ConfigDict."""

    def __init__(self, held):
        self._held = held

    def keys(self):
        return self._held.keys()

    def items(self):
        return self._held.items()

    def __getitem__(self, key):
        return self._held[key]


class Device:
    def __str__(self):
        return "cuda:0"


class Endless(Sequence):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return index


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
        (2**70, 2**70),
        (-(10**400), -(10**400)),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.array([2**64 - 1, 1], np.uint64), [2**64 - 1, 1]),
        (Decimal(2**80), 2**80),
        ("a\udcffb", "a\\xffb"),
        ("\ud83d\ude00 \ud83d", "😀 \\ud83d"),
        (b"caf\xe9", "caf\\xe9"),
        (Style.DASHED, "dashed"),
        ({Style.DASHED: [Style.DASHED]}, {"dashed": ["dashed"]}),
        (Access.READ | Access.WRITE, "READ|WRITE"),
        (np.longdouble(1.5), 1.5),
        (ml_dtypes.bfloat16(0.5), 0.5),
        (np.ones((2, 2), ml_dtypes.float8_e4m3fn), [[1.0, 1.0], [1.0, 1.0]]),
        (np.ma.masked_greater(np.arange(3), 1), [0, 1, None]),
        (str.split, "str.split"),
        (dict.get, "dict.get"),
        (", ".join, "str.join"),
        (object().__init__, "object.__init__"),
        (len, "builtins.len"),
        (memoryview(b"ab"), "ab"),
        (Drawer({"a": 1, 2: "b"}), {"a": 1, "2": "b"}),
        (np.str_("text"), "text"),
        (np.bool_(True), True),
    ],
)
def test_what_becomes_plain(value, expected):
    converted = plain(value)
    packed = records.encode(records.Config(time=0.0, set={"value": converted}))
    assert records.decode(packed).set["value"] == converted
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


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.datetime64("2024-02-29T06:30:00", "ns"), "2024-02-29T06:30:00"),
        (np.datetime64("2024-02-29T06:30:00.5", "ms"), "2024-02-29T06:30:00.500000"),
        (np.datetime64("2024-02-29T06:30:00.000000001", "ns"), "2024-02-29T06:30:00.000000001"),
        (np.datetime64("1970-01-02T06:30:00.25", "ps"), "1970-01-02T06:30:00.250000"),
        (np.datetime64("2024-02-29", "D"), "2024-02-29"),
        (np.datetime64("2024", "Y"), "2024"),
        (np.datetime64("2024-02-29T06:30", "m"), "2024-02-29T06:30"),
        (np.array("2024-02-29T06:30:00", "M8[ns]"), "2024-02-29T06:30:00"),
        (np.array(["2024-02-29", "NaT"], "M8[ns]"), ["2024-02-29T00:00:00", None]),
        (np.datetime64("NaT"), None),
        (np.timedelta64("NaT", "ns"), None),
        (np.timedelta64(5_400, "s"), "1:30:00"),
        (np.timedelta64(5_400_000_000_001, "ns"), "1:30:00.000000001"),
        (np.timedelta64(-1, "us"), str(dt.timedelta(microseconds=-1))),
        (np.timedelta64(3, "D"), "3 days, 0:00:00"),
        (np.timedelta64(10**12, "D"), "1000000000000 days, 0:00:00"),
        (np.timedelta64(2, "Y"), "2 years"),
        (np.array([60, 90], "m8[s]"), ["0:01:00", "0:01:30"]),
        (dt.timedelta(days=-1, microseconds=5), str(dt.timedelta(days=-1, microseconds=5))),
        (pd.Timestamp("2024-02-29T06:30:00.000000001"), "2024-02-29T06:30:00.000000001"),
        (pd.Timestamp("2024-02-29T06:30", tz="Europe/Berlin"), "2024-02-29T06:30:00+01:00"),
        (pd.Timedelta(90, "s"), "0:01:30"),
        (pd.Timedelta(1, "ns"), "0:00:00.000000001"),
        (pd.NaT, None),
        (pd.NA, None),
    ],
)
def test_times_of_every_library(value, expected):
    assert plain(value) == expected
    assert number(value) is None


@pytest.mark.parametrize("value", [np.ma.masked, np.ma.masked_all(3).mean(), np.ma.masked_all(1)])
def test_a_masked_number_is_nan(value):
    assert math.isnan(number(value))
    assert math.isnan(plain(value))


def _made_by(kind):
    return [
        kind(),
        [kind(), {"of": kind()}],
        functools.partial(kind, kind()),
        threading.Lock(),
        (part for part in ()),
        kind().method,
        lambda: None,
        unittest.mock.MagicMock(),
        Shown(),
    ]


class Shown:
    def __repr__(self):
        return f"Shown({id(self)})"


class Agent:
    def method(self):
        return self


def test_an_address_is_no_part_of_a_value():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = _made_by(Agent)  # both are alive, so that their addresses differ
        second = _made_by(Agent)
        assert plain(first) == plain(second)
        assert "0x" not in str(plain(first))


def test_a_long_integer_is_kept_as_hexadecimal_text():
    assert plain(2**20_000) == hex(2**20_000)
    assert number(2**2_000) is None


def test_a_container_within_itself_has_an_end():
    ring: list[object] = []
    ring += [ring, ring, {"again": ring}]
    level: dict[str, object] = {}
    level.update({"left": level, "right": [level, level]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        records.encode(records.Config(time=0.0, set={"ring": plain(ring), "level": plain(level)}))


@pytest.mark.parametrize("value", [range(10**12), Endless()])
def test_a_sequence_without_end_is_not_read(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(plain(value)) <= 10_000
