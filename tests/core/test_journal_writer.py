"""What was appended is read back, in order and bit for bit."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import threading
import warnings
from collections import Counter
from pathlib import Path

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


def test_a_taken_label_gets_a_number(tmp_path):
    writers = [_open(tmp_path) for _ in range(3)]
    assert [writer.label for writer in writers] == ["main", "main~2", "main~3"]
    assert [writer.path.name for writer in writers] == [
        "001-main.0000.journal",
        "001-main~2.0000.journal",
        "001-main~3.0000.journal",
    ]
    assert RunFolder(tmp_path).journals() == sorted(writer.path for writer in writers)
    assert all(journal.alive(writer.path) for writer in writers)
    for writer in writers:
        writer.close()
    assert not any(journal.alive(writer.path) for writer in writers)


def test_a_journal_that_cannot_be_made_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        _open(tmp_path / "missing")


def test_a_key_that_is_no_text_is_refused_and_harms_nothing(tmp_path):
    writer = _open(tmp_path)
    with pytest.raises(UnicodeEncodeError):
        writer.key_set(("lone \ud800 surrogate",), "d")
    keys = writer.key_set(("loss",), "d")
    writer.append(keys.pack(ROW, keys.id, 1, 1.0, 2.0))
    writer.close()
    assert _read(writer) == [keys, Numbers(keys, 1, 1.0, (2.0,))]


def test_a_short_run_takes_little_space(tmp_path):
    writer = _open(tmp_path)
    keys = writer.key_set(("loss",), "d")
    writer.append(keys.pack(ROW, keys.id, 1, 1.0, 2.0))
    assert writer.path.stat().st_size <= 300 << 10
    writer.close()
    assert writer.path.stat().st_size < 500
    writer.close()


def test_a_frame_longer_than_a_segment_is_kept_whole(tmp_path, buffered):
    writer = _open(tmp_path, buffered=buffered, segment_size=100_000)
    lines = [records.Console(time=1.0, stream="stdout", line=n, text="y" * n * 150_000) for n in (0, 1, 20, 0, 3)]
    for line in lines:
        writer.write(line)
    writer.close()
    assert _read(writer) == lines


def test_after_the_end_records_are_counted_as_lost(tmp_path, buffered):
    writer = _open(tmp_path, buffered=buffered)
    writer.close()
    size = writer.path.stat().st_size
    writer.write(records.Heartbeat(time=1.0))
    keys = writer.key_set(("a",), "d")
    writer.append(keys.pack(ROW, keys.id, 1, 1.0, 1.0))
    writer.sync()
    assert writer.lost() == 3
    assert writer.path.stat().st_size == size


def test_threads_write_together(tmp_path, buffered):
    writer = _open(tmp_path, buffered=buffered, segment_size=1 << 20)

    def work(thread):
        keys = writer.key_set((f"thread{thread}", "shared"), "qq")
        for step in range(4000):
            writer.append(keys.pack(ROW, keys.id, step, 1.0, thread, step))
            if step % 100 == 0:
                writer.write(records.Console(time=1.0, stream="stdout", line=step, text=f"{thread}" * 5000))
                writer.sync()

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    entries = _read(writer)
    for number in range(6):
        rows = [entry for entry in entries if isinstance(entry, Numbers) and entry.values[0] == number]
        assert [(row.step, row.values[1]) for row in rows] == [(step, step) for step in range(4000)]
        assert {row.key_set.names for row in rows} == {(f"thread{number}", "shared")}
    assert sum(isinstance(entry, records.Console) for entry in entries) == 240


def test_signal_handlers_write_in_the_midst_of_a_write(tmp_path, buffered):
    writer = _open(tmp_path, buffered=buffered, segment_size=400_000)
    keys = writer.key_set(("a",), "q")
    beats = 0

    def beat(*_):
        nonlocal beats
        beats += 1
        writer.write(records.Heartbeat(time=float(beats)))

    before = signal.signal(signal.SIGALRM, beat)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    try:
        for step in range(40_000):
            writer.append(keys.pack(ROW, keys.id, step, 1.0, step))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    writer.close()
    entries = _read(writer)
    assert [entry.step for entry in entries if isinstance(entry, Numbers)] == list(range(40_000))
    # A handler may interrupt another one between counting and writing.
    times = sorted(entry.time for entry in entries if isinstance(entry, records.Heartbeat))
    assert times == list(map(float, range(1, beats + 1)))
    assert beats > 10


def test_an_interrupted_write_leaves_no_hole(tmp_path, buffered):
    """Ctrl-C falls into `append` sooner or later; only the interrupted call may be missing, or be there twice."""
    writer = _open(tmp_path, buffered=buffered, segment_size=400_000)
    keys = writer.key_set(("a",), "q")
    interrupted = set()

    step = 0

    def interrupt(*_):
        if step < 40_000:
            raise KeyboardInterrupt

    def work():
        nonlocal step
        signal.setitimer(signal.ITIMER_REAL, 3e-4)
        while step < 40_000:
            writer.append(keys.pack(ROW, keys.id, step, 1.0, step))
            step += 1

    before = signal.signal(signal.SIGALRM, interrupt)
    while step < 40_000:
        try:
            work()
        except KeyboardInterrupt:  # noqa: PERF203 - the loop is what is tested
            interrupted.add(step)
            step += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    writer.close()
    reader = Reader(writer.path)
    rows = [entry.step for entry in reader.entries() if isinstance(entry, Numbers)]
    assert reader.gaps == []
    assert set(range(40_000)) - set(rows) <= interrupted
    assert {row for row, count in Counter(rows).items() if count > 1} <= {
        near + by for near in interrupted for by in (-1, 0)
    }
    assert len(interrupted) > 10


def test_a_forked_child_leaves_the_journal_alone(tmp_path, buffered):
    writer = _open(tmp_path, buffered=buffered)
    keys = writer.key_set(("a",), "q")
    writer.append(keys.pack(ROW, keys.id, 0, 1.0, 0))
    wait, go = os.pipe()
    hear, tell = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside a thread is what happens to us
        child = os.fork()
    if child == 0:
        os.close(go)
        writer.append(keys.pack(ROW, keys.id, 99, 1.0, 99))
        writer.close()
        os.write(tell, b".")
        os.read(wait, 1)
        os._exit(writer.lost())
    os.close(wait)
    writer.append(keys.pack(ROW, keys.id, 1, 1.0, 1))
    writer.close()
    os.read(hear, 1)
    # The child lives, but the lock was the parent's alone.
    assert not journal.alive(writer.path)
    for end in (go, hear, tell):
        os.close(end)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert [entry.step for entry in _read(writer) if isinstance(entry, Numbers)] == [0, 1]


def test_a_program_that_is_started_does_not_inherit_the_journal(tmp_path):
    writer = _open(tmp_path)
    with subprocess.Popen(["sleep", "60"], close_fds=False) as process:
        writer.close()
        assert not journal.alive(writer.path)
        process.kill()


def test_little_memory_is_held_however_much_is_written(tmp_path):
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to ask")
    writer = _open(tmp_path)
    body = b"\x63" + bytes(10_000)
    writer.append(body)
    before = resident()
    for _ in range(3000):
        writer.append(body)
    assert resident() - before < 4 << 20
    writer.close()
