"""Columns come back exactly, whatever is in them."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_core.store.chunk import pack, unpack

BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
FLOATS = st.one_of(BITS, st.floats(width=32), st.sampled_from([0.0, -0.0, 1e300, 5e-324, float("inf")]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def bits(values):
    return [struct.pack("<d", value) for value in values]


@pytest.mark.parametrize("kind", ["d", "t"])
@given(values=st.lists(FLOATS, max_size=40))
def test_floats_keep_every_bit(kind, values):
    assert bits(unpack(kind, pack(kind, np.array(values))).tolist()) == bits(values)


@given(values=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40))
def test_integers(values):
    assert unpack("q", pack("q", np.array(values, np.int64))).tolist() == values


@given(values=st.lists(st.booleans(), max_size=40))
def test_bools(values):
    assert unpack("?", pack("?", np.array(values, bool))).tolist() == values


@given(values=st.lists(PLAIN, max_size=20))
def test_plain_data(values):
    assert unpack("o", pack("o", values)).tolist() == values


def test_float32_values_take_half_the_room():
    noise = np.random.default_rng(0).standard_normal(4096)
    assert len(pack("d", noise.astype(np.float32).astype(np.float64))) < 0.55 * len(pack("d", noise))


def test_regular_steps_take_next_to_nothing():
    assert len(pack("q", np.arange(4096) * 10)) < 100
