"""Reading while it is written, from anywhere, and after the writer died."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from tracker_core import Error
from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._journal import ROW, Block, Header, KeySet, Numbers, Position, Reader
from tracker_core._journal.format import MAGIC, MARKER_INTERVAL, PREAMBLE, encode_header, segment_path

_LIMIT = 240.0


def _open(folder, label="main", **options):
    return journal.open_writer(RunFolder(folder), label, run="r1", attempt=1, **options)


def _rows(reader):
    return [entry for entry in reader.entries() if not isinstance(entry, KeySet)]


_CHILD = """
import sys
from tracker_core import _journal as journal
from tracker_core._folder import RunFolder

writer = journal.open_writer(
    RunFolder(sys.argv[1]), "main", run="r1", attempt=1, buffered=sys.argv[2] == "buffered", segment_size=1 << 20
)
keys = writer.key_set(("step", "loss"), "qd")
for step in range(int(sys.argv[3])):
    writer.append(keys.pack(journal.ROW, keys.id, step, 1.0, step, step / 2))
if sys.argv[4] == "stay":
    print("written", flush=True)
    sys.stdin.read()
else:
    writer.close()
"""


def _child(folder, kind="mapped", rows=100, then="close", **options):
    return subprocess.Popen([sys.executable, "-c", _CHILD, str(folder), kind, str(rows), then], **options)


@pytest.mark.parametrize("kind", ["mapped", "buffered"])
def test_another_process_is_followed_to_its_end(tmp_path, kind):
    path = tmp_path / "001-main.0000.journal"
    reader = Reader(path)
    assert list(reader.entries()) == []
    found = []
    with _child(tmp_path, kind, rows=100_000) as process:
        until = time.monotonic() + _LIMIT
        while (process.poll() is None or len(found) < 100_000) and time.monotonic() < until:
            found += _rows(reader)
            assert reader.gaps == []
            # Resuming from the position must be no different from going on.
            reader = Reader(path, Position(*reader.position))
            time.sleep(0.01)
    assert [(row.step, row.values) for row in found] == [(step, (step, step / 2)) for step in range(100_000)]
    assert reader.position.segment >= 4
    assert not journal.alive(path)


def test_what_was_appended_is_visible_before_the_writer_closes(tmp_path):
    writer = _open(tmp_path)
    reader = Reader(writer.path)
    assert _rows(reader) == []
    for step in range(3000):
        beat = records.Heartbeat(time=float(step))
        writer.write(beat)
        if step % 500 == 0:
            assert _rows(reader)[-1:] == [beat]
            assert _rows(reader) == []
    writer.close()


def test_a_reader_that_stops_in_the_midst_goes_on_there(tmp_path):
    writer = _open(tmp_path)
    keys = writer.key_set(("a",), "q")
    for step in range(1000):
        writer.append(keys.pack(ROW, keys.id, step, 1.0, step))
    writer.close()
    chance = random.Random(1)
    reader, found = Reader(writer.path), []
    while len(found) < 1000:
        for entry in reader.entries():
            if isinstance(entry, Numbers):
                found.append(entry.step)
                if chance.random() < 0.1:
                    break
        if chance.random() < 0.5:
            reader = Reader(writer.path, reader.position)
    assert found == list(range(1000))


def test_rows_far_behind_their_key_set_are_read_from_a_position(tmp_path):
    writer = _open(tmp_path, segment_size=8 << 20)
    rare, common = writer.key_set(("rare",), "?"), writer.key_set(("common",), "d")
    for step in range(250_000):
        writer.append(common.pack(ROW, common.id, step, 1.0, 0.0))
    writer.append(rare.pack(ROW, rare.id, 7, 1.0, True))
    writer.close()
    start = Reader(writer.path)
    for block in start.blocks():
        if isinstance(block, Block) and block.key_set == common:
            position = start.position
    assert list(Reader(writer.path, position).entries()) == [rare, Numbers(rare, 7, 1.0, (True,))]


def test_key_sets_are_announced_once_before_their_rows(tmp_path):
    writer = _open(tmp_path, segment_size=MARKER_INTERVAL)
    keys = writer.key_set(("a", "b"), "dd", "system")
    assert writer.key_set(("a", "b"), "dd", "system") is keys
    other = writer.key_set(("a", "b"), "dd")
    assert other.id != keys.id
    for step in range(3000):
        writer.append(keys.pack(ROW, keys.id, step, 1.0, 1.0, 2.0))
        writer.append(other.pack(ROW, other.id, step, 1.0, 1.0, 2.0))
    writer.close()
    entries = list(Reader(writer.path).entries())
    assert entries[0] == keys
    assert entries[0].stream == "system"
    assert [entry for entry in entries if isinstance(entry, KeySet)] == [keys, other]
    assert len(entries) == 6002


def test_the_header_says_who_wrote_it(tmp_path):
    writer = _open(tmp_path, "rank3")
    header = Reader(writer.path).header
    assert (header.run, header.label, header.attempt, header.segment) == ("r1", "rank3", 1, 0)
    assert header.pid > 0
    assert header.host
    assert header.time == pytest.approx(time.time(), abs=60)
    writer.close()
    writer.path.write_bytes(b"")
    assert Reader(writer.path).header == Header(run="", label="rank3", attempt=1)


def test_a_journal_of_a_newer_format_is_refused_with_the_cure(tmp_path):
    import zlib

    path = tmp_path / "001-main.0000.journal"
    body = encode_header(Header(run="r", label="main", attempt=1))[PREAMBLE.size :]
    crc = zlib.crc32(b"\x09\x00\x08\x00" + body)
    path.write_bytes(PREAMBLE.pack(MAGIC, 9, 8, len(body), crc) + body)
    with pytest.raises(Error, match="update tracker-core"):
        list(Reader(path).entries())


def test_frames_and_records_of_the_future_are_skipped(tmp_path):
    writer = _open(tmp_path)
    note = records.Heartbeat(time=1.0)
    writer.append(b"\x63anything")
    writer.append(b"\x04\x81\xa4kind\xa6future")
    writer.write(note)
    writer.close()
    reader = Reader(writer.path)
    assert list(reader.entries()) == [note]
    assert reader.gaps == []


@pytest.mark.parametrize("kind", ["mapped", "buffered"])
def test_a_killed_writer_is_sealed(tmp_path, kind):
    path = tmp_path / "001-main.0000.journal"
    with _child(tmp_path, kind, rows=50_000, then="stay", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        reader, count, until = Reader(path), 0, time.monotonic() + _LIMIT
        while count < 50_000 and time.monotonic() < until:
            count += len(_rows(reader))
        assert journal.alive(path)
        journal.seal(path)
        process.kill()
        process.wait()
    assert not journal.alive(path)
    before = _rows(Reader(path))
    assert [row.step for row in before] == list(range(50_000))
    journal.seal(path)
    journal.seal(path)
    reader = Reader(path)
    assert _rows(reader) == before
    last = segment_path(path, reader.position.segment)
    assert last.stat().st_size == reader.position.offset


def test_sealing_drops_what_was_never_finished(tmp_path):
    writer = _open(tmp_path)
    note = records.Heartbeat(time=1.0)
    writer.write(note)
    writer.close()
    end = writer.path.stat().st_size
    with writer.path.open("ab") as file:
        file.write(bytes(8) + b"payload without a head" + bytes(100_000))
    segment_path(writer.path, 1).write_bytes(bytes(5000))
    journal.seal(writer.path)
    assert writer.path.stat().st_size == end
    assert not segment_path(writer.path, 1).exists()
    assert list(Reader(writer.path).entries()) == [note]


def test_sealing_leaves_a_closed_journal_alone(tmp_path):
    """Its last marker ends in zeros, which are no empty tail."""
    writer = _open(tmp_path)
    writer.write(records.Heartbeat(time=1.0))
    writer.close()
    whole = writer.path.read_bytes()
    journal.seal(writer.path)
    assert writer.path.read_bytes() == whole


def test_no_journal_is_neither_alive_nor_sealed(tmp_path):
    path = tmp_path / "001-main.0000.journal"
    assert not journal.alive(path)
    journal.seal(path)
    assert list(Reader(path).entries()) == []
