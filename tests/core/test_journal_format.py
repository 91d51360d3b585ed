"""The format as `docs/design/journal.md` tells it, read here without the tracker's own reader."""

from __future__ import annotations

import struct
import zlib

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._journal import ROW, KeySet, Numbers, Reader

_VALUES = {
    "d": st.floats(),
    "q": st.integers(-(2**63), 2**63 - 1),
    "?": st.booleans(),
}


def _read_by_the_book(data):
    """Everything in one undamaged segment: the header, and (type, content) of every frame."""
    magic, version, minimum_reader, length, crc = struct.unpack_from("<8sHHII", data)
    assert (magic, version, minimum_reader) == (b"\x89TRKJ\r\n\x1a", 1, 1)
    body = data[20 : 20 + length]
    assert zlib.crc32(data[8:12] + body) == crc
    frames, key_sets = [], {}
    place = 20 + length
    while place < len(data):
        length, crc = struct.unpack_from("<II", data, place)
        frame = data[place + 8 : place + 8 + length]
        assert zlib.crc32(frame) == crc
        kind = frame[0]
        if kind in (1, 4):
            assert struct.unpack_from("<8sQ", frame, 1) == (b"\xf5\xc1TRKsy\xfe", place)
        if kind == 1:
            (number,) = struct.unpack_from("<I", frame, 17)
            key_sets[number] = msgspec.msgpack.decode(frame[21:])
        elif kind == 2:
            (number,) = struct.unpack_from("<I", frame, 1)
            kinds, stream, names = key_sets[number]
            step, time, *values = struct.unpack("<qd" + kinds, frame[5:])
            frames.append((stream, step, time, dict(zip(names, values, strict=True))))
        elif kind == 3:
            frames.append(msgspec.msgpack.decode(frame[1:]))
        place += 8 + length
    assert place == len(data)
    assert frame[0] in (1, 4)
    return msgspec.msgpack.decode(body), frames


def test_the_book_is_right(tmp_path):
    writer = journal.open_writer(RunFolder(tmp_path), "rank1", run="r7", attempt=3)
    keys = writer.key_set(("loss", "seen", "done"), "dq?", "system")
    writer.append(keys.pack(ROW, keys.id, -1, 1.5, 0.1, 2**62 + 1, True))
    writer.write(records.Config(time=2.0, set={"lr": 0.5}))
    writer.close()
    assert writer.path.name == "003-rank1.0000.journal"
    header, frames = _read_by_the_book(writer.path.read_bytes())
    assert {**header, "pid": 0, "host": "", "time": 0.0} == {
        "run": "r7",
        "label": "rank1",
        "attempt": 3,
        "segment": 0,
        "pid": 0,
        "host": "",
        "time": 0.0,
    }
    assert frames == [
        ("system", -1, 1.5, {"loss": 0.1, "seen": 2**62 + 1, "done": True}),
        {"kind": "config", "time": 2.0, "set": {"lr": 0.5}},
    ]


@st.composite
def _row(draw):
    columns = draw(
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from("dq?"), max_size=6)
    )
    values = tuple(draw(_VALUES[kind]) for kind in columns.values())
    return tuple(columns), "".join(columns.values()), draw(st.integers(-(2**63), 2**63 - 1)), draw(st.floats()), values


_record = st.builds(
    records.Row,
    time=st.floats(allow_nan=False),
    step=st.integers(-(2**63), 2**63 - 1),
    data=st.dictionaries(st.text(), st.none() | st.text(max_size=200) | st.binary(max_size=3000), max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_row() | _record), st.booleans(), st.sampled_from((2000, 100_000)))
def test_any_stream_comes_back_bit_for_bit(tmp_path_factory, stream, buffered, segment_size):
    folder = RunFolder(tmp_path_factory.mktemp("stream"))
    writer = journal.open_writer(folder, "main", run="r", attempt=1, buffered=buffered, segment_size=segment_size)
    written = []
    for item in stream:
        if isinstance(item, records.Row):
            writer.write(item)
            written.append(item)
            continue
        names, kinds, step, time, values = item
        keys = writer.key_set(names, kinds)
        body = keys.pack(ROW, keys.id, step, time, *values)
        writer.append(body)
        written.append((names, body))  # bytes, since no NaN equals another
    writer.close()
    reader = Reader(writer.path)
    found = [
        (entry.key_set.names, entry.key_set.pack(ROW, entry.key_set.id, entry.step, entry.time, *entry.values))
        if isinstance(entry, Numbers)
        else entry
        for entry in reader.entries()
        if not isinstance(entry, KeySet)
    ]
    assert found == written
    assert reader.gaps == []
