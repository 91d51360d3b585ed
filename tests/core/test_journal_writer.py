"""What was appended is read back, in order and bit for bit."""

from __future__ import annotations

import math
import random

import pytest

from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._journal import ROW, Block, KeySet, Numbers, Reader


@pytest.fixture(params=[False, True], ids=["mapped", "buffered"])
def buffered(request):
    return request.param


def _open(folder, *, buffered=False, label="main", **options):
    return journal.open_writer(RunFolder(folder), label, run="r1", attempt=1, buffered=buffered, **options)


def _read(writer):
    return list(Reader(writer.path).entries())


def test_rows_and_records_come_back_in_order(tmp_path, buffered):
    writer = _open(tmp_path, buffered=buffered)
    keys = writer.key_set(("loss", "seen", "done"), "dq?")
    config = records.Config(time=2.0, set={"lr": 0.1, "nested": {"a": [1, None]}})
    writer.append(keys.pack(ROW, keys.id, 7, 1.5, math.pi, 2**53 + 1, True))
    writer.write(config)
    writer.append(keys.pack(ROW, keys.id, -3, 2.5, math.inf, -(2**63), False))
    writer.close()
    assert _read(writer) == [
        keys,
        Numbers(keys, 7, 1.5, (math.pi, 2**53 + 1, True)),
        config,
        Numbers(keys, -3, 2.5, (math.inf, -(2**63), False)),
    ]


def test_many_records_over_segments_and_windows(tmp_path, buffered):
    chance = random.Random(0)
    writer = _open(tmp_path, buffered=buffered, segment_size=1 << 20)
    sets = [writer.key_set(tuple(f"k{i}" for i in range(size)), "d" * size) for size in (1, 5, 100)]
    written = []
    for step in range(30_000):
        if chance.random() < 0.01:
            written.append(records.Console(time=1.0, stream="stdout", line=step, text="x" * chance.randrange(200_000)))
            writer.write(written[-1])
            continue
        keys = chance.choice(sets)
        values = tuple(chance.random() for _ in keys.names)
        written.append(Numbers(keys, step, 0.5, values))
        writer.append(keys.pack(ROW, keys.id, step, 0.5, *values))
    writer.close()
    reader = Reader(writer.path)
    assert [entry for entry in reader.entries() if not isinstance(entry, KeySet)] == written
    assert reader.gaps == []
    assert reader.position.segment > 5


def test_blocks_hold_the_same_rows(tmp_path):
    writer = _open(tmp_path)
    keys = writer.key_set(("a", "b"), "dd")
    for step in range(1000):
        writer.append(keys.pack(ROW, keys.id, step, 0.0, step / 2, 1.0))
    note = records.Heartbeat(time=1.0)
    writer.write(note)
    writer.append(keys.pack(ROW, keys.id, 1000, 0.0, 500.0, 1.0))
    blocks = list(Reader(writer.path).blocks())
    assert [block.rows if isinstance(block, Block) else block for block in blocks] == [1000, note, 1]
    assert [step for step, *_ in keys.unpack.iter_unpack(blocks[0].data)] == list(range(1000))
    writer.close()
