"""A process killed at any moment loses no row whose `append` had returned, also between two segments."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time

from tracker_core import _journal as journal
from tracker_core._journal import Numbers, Reader

_CHILD = """
import mmap, struct, sys
from tracker_core import _journal as journal
from tracker_core._folder import RunFolder

writer = journal.open_writer(RunFolder(sys.argv[1]), "main", run="r", attempt=1, segment_size=int(sys.argv[2]))
narrow = writer.key_set(("step", "half"), "qd")
wide = writer.key_set(tuple(f"key{number}" for number in range(100)), "d" * 100)
with open(sys.argv[3], "r+b") as file:
    acknowledged = mmap.mmap(file.fileno(), 8)
step = 0
while True:
    if step % 7:
        writer.append(narrow.pack(journal.ROW, narrow.id, step, 1.0, step, step / 2))
    else:
        writer.append(wide.pack(journal.ROW, wide.id, step, 1.0, *(step + number for number in range(100))))
    step += 1
    acknowledged[:] = struct.pack("<q", step)
"""


def _kill_once(folder, chance):
    folder.mkdir()
    counter = folder / "acknowledged"
    counter.write_bytes(bytes(8))
    # Small segments, so that kills fall into the change from one to the next as well.
    size = chance.choice((64 << 20, 1 << 20, 100_000))
    with subprocess.Popen([sys.executable, "-c", _CHILD, str(folder), str(size), str(counter)]) as process:
        rows = chance.choice((1, 100, 1000, 5000))  # not a time, in which a busy machine may write none
        while struct.unpack("<q", counter.read_bytes())[0] < rows and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.01))
        process.kill()
    (acknowledged,) = struct.unpack("<q", counter.read_bytes())
    path = folder / "001-main.0000.journal"
    assert not journal.alive(path)
    _check(path, acknowledged)
    journal.seal(path)
    _check(path, acknowledged)
    return acknowledged


def _check(path, acknowledged):
    reader = Reader(path)
    rows = [entry for entry in reader.entries() if isinstance(entry, Numbers)]
    assert [row.step for row in rows] == list(range(len(rows)))
    # The last append may have been done but not yet acknowledged.
    assert len(rows) - acknowledged in (0, 1)
    assert all(
        row.values == ((row.step, row.step / 2) if row.step % 7 else tuple(float(row.step + n) for n in range(100)))
        for row in rows
    )
    assert reader.gaps == []


def test_no_acknowledged_row_is_lost(tmp_path):
    chance = random.Random(0)
    rows = [_kill_once(tmp_path / str(number), chance) for number in range(12)]
    assert min(rows) > 0
    assert max(rows) >= 5000
