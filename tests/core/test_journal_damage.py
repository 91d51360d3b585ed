"""Whatever happens to the bytes: no crash, no wrong value, and nothing lost but within 64 KiB of the damage."""

from __future__ import annotations

import random
import shutil
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._journal import ROW, Block, KeySet, Numbers, Position, Reader
from tracker_core._journal.format import MARKER_INTERVAL, segment_path

_SEGMENT = 160 << 10
_LONGEST = 9000
_NAMES = ("loss", "accuracy", "learning rate", "Grad.Norm/ü", "done")


class _Written(NamedTuple):
    path: object
    sizes: list
    entries: dict
    """(segment, end) -> start and value of every record."""

    def __repr__(self):
        return f"{len(self.entries)} records in {self.path}"


def _write(folder, seed):
    chance = random.Random(seed)
    writer = journal.open_writer(RunFolder(folder), "main", run="r", attempt=1, segment_size=_SEGMENT)
    for step in range(5000):
        if chance.random() < 0.05:
            text = chance.randbytes(chance.randrange(_LONGEST // 2)).hex()[: _LONGEST - 200]
            writer.write(records.Console(time=1.0, stream="stdout", line=step, text=text))
        size = chance.choice((1, 3, 5))
        kinds = chance.choice(("ddddd", "dqdd?"))[:size]
        keys = writer.key_set(_NAMES[:size], kinds)
        values = [chance.random() if kind == "d" else chance.randrange(2) for kind in kinds]
        writer.append(keys.pack(ROW, keys.id, step, chance.random(), *values))
    writer.close()
    reader = Reader(writer.path)
    entries, start = {}, reader.position
    for entry in reader.entries():
        if not isinstance(entry, KeySet):
            entries[reader.position] = (start if start.segment == reader.position.segment else Position(), entry)
            start = reader.position
    sizes = [segment_path(writer.path, number).stat().st_size for number in range(start.segment + 1)]
    assert len(sizes) > 2
    assert reader.gaps == []
    return _Written(writer.path, sizes, entries)


@pytest.fixture(scope="module", params=[1, 2])
def written(request, tmp_path_factory):
    return _write(tmp_path_factory.mktemp("journal"), request.param)


def _read_checked(path, written):
    """What is found, each record at its own place and with its own value."""
    reader = Reader(path)
    found = set()
    for entry in reader.entries():
        if not isinstance(entry, KeySet):
            assert written.entries[reader.position][1] == entry
            assert reader.position not in found
            found.add(reader.position)
    blocks = Reader(path)
    assert sum(item.rows if isinstance(item, Block) else 1 for item in blocks.blocks()) == len(found)
    assert blocks.gaps == reader.gaps
    return found, reader.gaps


def _flip(data, draw):
    at = draw(st.integers(0, len(data) - 1))
    data[at] ^= 1 << draw(st.integers(0, 7))
    return at, at + 1


def _blank(data, draw):
    at = draw(st.integers(0, len(data) - 1))
    end = min(len(data), at + draw(st.sampled_from((4, 64, 4096))))
    data[at:end] = bytes(end - at)
    return at, end


def _garble(data, draw):
    at = draw(st.integers(0, len(data) - 1))
    end = min(len(data), at + draw(st.sampled_from((2, 16, 4096))))
    data[at:end] = random.Random(draw(st.integers(0, 2**16))).randbytes(end - at)
    return at, end


def _cut(data, draw):
    at, end = draw(st.integers(0, len(data) - 1)), len(data)
    del data[at:]
    return at, end


def _zero_tail(data, draw):
    data += bytes(draw(st.sampled_from((1, 8, 70_000))))
    return len(data), len(data)


_HURTS = st.sampled_from((_flip, _flip, _blank, _garble, _cut, _zero_tail))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), hurts=st.lists(_HURTS, min_size=1, max_size=2))
def test_damage_costs_no_more_than_its_neighbourhood(written, tmp_path_factory, data, hurts):
    folder = tmp_path_factory.mktemp("damaged", numbered=True)
    path = folder / written.path.name
    places = []
    for number in range(len(written.sizes)):
        shutil.copy(segment_path(written.path, number), segment_path(path, number))
    for hurt in hurts:
        number = data.draw(st.integers(0, len(written.sizes) - 1))
        segment = segment_path(path, number)
        content = bytearray(segment.read_bytes())
        if content:
            places.append((number, *hurt(content, data.draw)))
            segment.write_bytes(content)
    try:
        found, gaps = _read_checked(path, written)
    finally:
        shutil.rmtree(folder)
    slack = MARKER_INTERVAL + _LONGEST
    for end, (start, entry) in written.entries.items():
        if end in found:
            continue
        near = [
            place
            for place in places
            if place[0] == end.segment and place[1] < end.offset and start.offset < place[2] + slack
        ]
        assert near, f"{entry} was lost far from {places}"
    _check_gaps(written, found, gaps, places)


def _check_gaps(written, found, gaps, places):
    """Every lost record lies in a reported gap, but where a file was cut and at the journal's very end."""
    last = len(written.sizes) - 1
    cuts = {number for number, _, end in places if end >= written.sizes[number]}
    for end, (start, entry) in written.entries.items():
        open_end = end.segment == last and written.sizes[last] - end.offset < MARKER_INTERVAL + _LONGEST
        if end in found or end.segment in cuts or open_end:
            continue
        assert any(gap.segment == end.segment and gap.start < end.offset and start.offset < gap.end for gap in gaps), (
            f"{entry} is missing without a gap"
        )


def test_one_wrong_bit_in_a_row_costs_one_row(written, tmp_path):
    path = shutil.copytree(written.path.parent, tmp_path / "copy") / written.path.name
    ends = list(written.entries)
    hurt = next(end for end in ends[100:] if isinstance(written.entries[end][1], Numbers))
    content = bytearray(path.read_bytes())
    content[hurt.offset - 3] ^= 4
    path.write_bytes(content)
    found, gaps = _read_checked(path, written)
    assert set(ends) - found == {hurt}
    assert [(gap.segment, gap.end) for gap in gaps] == [hurt]


def test_a_damaged_key_set_costs_nothing_while_a_copy_is_left(written, tmp_path):
    path = shutil.copytree(written.path.parent, tmp_path / "copy") / written.path.name
    content = bytearray(path.read_bytes())
    at = content.index(b"accuracy")
    content[at] ^= 1
    path.write_bytes(content)
    found, gaps = _read_checked(path, written)
    assert found == set(written.entries)
    assert len(gaps) == 1
    assert gaps[0].start < at < gaps[0].end


def test_rows_whose_key_set_is_lost_are_a_gap(tmp_path):
    writer = journal.open_writer(RunFolder(tmp_path), "main", run="r", attempt=1)
    keys = writer.key_set(("loss",), "d")
    note = records.Heartbeat(time=1.0)
    writer.append(keys.pack(ROW, keys.id, 1, 1.0, 1.0))
    writer.write(note)
    writer.close()
    content = writer.path.read_bytes()
    assert content.count(b"loss") == 2
    writer.path.write_bytes(content.replace(b"loss", b"lost"))
    reader = Reader(writer.path)
    assert list(reader.entries()) == [note]
    assert sum(gap.end - gap.start for gap in reader.gaps) >= keys.stride


def test_another_journal_inside_a_value_is_not_taken_for_records(tmp_path):
    inner = journal.open_writer(RunFolder(tmp_path), "inner", run="r", attempt=1)
    keys = inner.key_set(("loss",), "d")
    inner.append(keys.pack(ROW, keys.id, 1, 1.0, 1.0))
    inner.close()
    writer = journal.open_writer(RunFolder(tmp_path), "main", run="r", attempt=1)
    writer.write(records.Config(time=1.0, set={"journal": inner.path.read_bytes()}))
    note = records.Heartbeat(time=1.0)
    writer.write(note)
    start = Reader(writer.path)
    next(start.entries())
    writer.close()
    content = bytearray(writer.path.read_bytes())
    at = content.index(b"journal")
    content[at - 40 : at] = bytes(40)  # the frame's head and the beginning of its payload
    writer.path.write_bytes(content)
    reader = Reader(writer.path)
    assert [entry for entry in reader.entries() if entry != note] == []
    assert reader.gaps


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=3000), st.booleans())
def test_any_bytes_at_all_are_read_without_a_crash(tmp_path_factory, content, zeros):
    path = tmp_path_factory.mktemp("any") / "001-main.0000.journal"
    path.write_bytes(content + bytes(100 * zeros))
    reader = Reader(path)
    assert list(reader.entries()) == []
    assert reader.header.label == "main"
    journal.seal(path)
