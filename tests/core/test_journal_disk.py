"""A full disk, a file size limit, a deleted folder: one warning, nothing raised, nothing lost that memory can hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import warnings

import pytest

from tracker_core import _journal as journal
from tracker_core import _records as records
from tracker_core._folder import RunFolder
from tracker_core._journal import ROW, KeySet, Numbers, Reader
from tracker_core._journal import journal as journal_module

_LIMIT = 240.0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder):
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def _write_rows(writer, keys, steps):
    for step in steps:
        writer.append(keys.pack(ROW, keys.id, step, 1.0, *([0.5] * len(keys.names))))


def _until(condition):
    until = time.monotonic() + _LIMIT
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize("buffered", [False, True], ids=["mapped", "buffered"])
def test_a_full_disk_delays_records(small_disk, buffered):
    writer = journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1, buffered=buffered)
    keys = writer.key_set(tuple(f"key{number}" for number in range(20)), "d" * 20)
    _fill(small_disk)
    with pytest.warns(RuntimeWarning, match="No space left") as caught:  # noqa: PT031 - one warning from all of it
        _write_rows(writer, keys, range(10_000))
        late = writer.key_set(("late",), "d")
        _write_rows(writer, late, [10_000])
        writer.sync()
    assert len(caught) == 1
    assert writer.lost() == 0
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    time.sleep(1.1)  # a failed growth is not tried again within a second
    _write_rows(writer, keys, [10_001])
    reader, found = Reader(writer.path), []

    def all_there():
        found.extend(entry for entry in reader.entries() if not isinstance(entry, KeySet))
        return len(found) == 10_002

    _until(all_there)
    writer.close()
    assert [row.step for row in found] == list(range(10_002))
    assert list(Reader(writer.path).entries())[-2].key_set == late
    assert reader.gaps == []
    assert writer.lost() == 0


def test_what_memory_cannot_hold_is_counted_and_told(small_disk, monkeypatch):
    monkeypatch.setattr(journal_module, "BACKLOG", 100_000)
    writer = journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1)
    keys = writer.key_set(("a", "b"), "dd")
    _fill(small_disk)
    with pytest.warns(RuntimeWarning, match="No space left"):
        _write_rows(writer, keys, range(20_000))
    lost = writer.lost()
    assert lost > 5000
    (small_disk / "ballast").unlink()
    time.sleep(1.1)
    _write_rows(writer, keys, [20_000])
    writer.close()
    assert writer.lost() == lost
    *rows, gap, last = (entry for entry in Reader(writer.path).entries() if not isinstance(entry, KeySet))
    if isinstance(last, records.Gap):
        gap, last = last, gap
    assert (gap.lost, gap.reason) == (lost, "No space left on device")
    assert [row.step for row in rows] == list(range(20_000 - lost))
    assert last == Numbers(keys, 20_000, 1.0, (0.5, 0.5))


def test_a_disk_that_stays_full_is_told_at_the_end(small_disk):
    writer = journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1)
    keys = writer.key_set(("a", "b"), "dd")
    _fill(small_disk)
    with pytest.warns(RuntimeWarning, match="No space left"):
        _write_rows(writer, keys, range(20_000))
    writer.close()
    rows = [entry for entry in Reader(writer.path).entries() if not isinstance(entry, KeySet)]
    gap = rows.pop()
    assert gap.lost == writer.lost() > 0
    assert [row.step for row in rows] == list(range(20_000 - gap.lost))


@pytest.mark.parametrize("backlog", [100_000, 8 << 20], ids=["beyond memory", "within memory"])
def test_how_a_run_ended_is_kept_on_a_disk_that_stays_full(small_disk, monkeypatch, backlog):
    monkeypatch.setattr(journal_module, "BACKLOG", backlog)
    writer = journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1)
    keys = writer.key_set(tuple(f"metric{number}" for number in range(40)), "d" * 40)
    _fill(small_disk)
    with pytest.warns(RuntimeWarning, match="No space left"):
        _write_rows(writer, keys, range(2_000))
    writer.write(records.End(time=2.0, exit_code=3, signal="SIGTERM"))
    writer.close()
    entries = [entry for entry in Reader(writer.path).entries() if not isinstance(entry, KeySet)]
    rows = [entry.step for entry in entries if isinstance(entry, Numbers)]
    end, gap = entries[len(rows) :]
    assert (end.exit_code, end.signal) == (3, "SIGTERM")
    assert gap.lost == writer.lost() == 2_000 - len(rows) > 0
    assert rows == list(range(len(rows)))


def test_a_buffered_journal_counts_what_a_full_disk_kept_from_it(small_disk):
    writer = journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1, buffered=True)
    keys = writer.key_set(("a", "b"), "dd")
    _fill(small_disk)
    with pytest.warns(RuntimeWarning, match="No space left"):  # noqa: PT031 - the buffered one warns at either
        _write_rows(writer, keys, range(20_000))
        writer.close()
    rows = [entry for entry in Reader(writer.path).entries() if not isinstance(entry, KeySet)]
    assert [row.step for row in rows] == list(range(20_000 - writer.lost()))
    assert not journal.alive(writer.path)


@pytest.mark.parametrize("kind", ["mapped", "buffered"])
def test_a_file_size_limit_is_like_a_full_disk(tmp_path, kind):
    """Needs no root: what `ulimit -f` forbids fails with EFBIG."""
    script = """
import resource, sys, warnings
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
from tracker_core import _journal as journal
from tracker_core._folder import RunFolder
writer = journal.open_writer(RunFolder("."), "main", run="r", attempt=1, buffered=sys.argv[1] == "buffered")
keys = writer.key_set(("a",), "q")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for step in range(20_000):
        writer.append(keys.pack(journal.ROW, keys.id, step, 1.0, step))
    writer.close()
print(len(caught), caught[0].category.__name__, writer.lost())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, kind], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=_LIMIT
    )
    count, category, lost = done.stdout.split()
    assert (count, category) == ("1", "RuntimeWarning")
    rows = [entry for entry in Reader(tmp_path / "001-main.0000.journal").entries() if isinstance(entry, Numbers)]
    assert [row.step for row in rows] == list(range(20_000 - int(lost)))
    assert len(rows) > 8000


@pytest.mark.parametrize("buffered", [False, True], ids=["mapped", "buffered"])
def test_a_deleted_folder_is_told_once_and_stops_nothing(tmp_path, buffered):
    folder = tmp_path / "run"
    folder.mkdir()
    writer = journal.open_writer(RunFolder(folder), "main", run="r", attempt=1, buffered=buffered, segment_size=300_000)
    keys = writer.key_set(("a",), "d")
    _write_rows(writer, keys, range(10))
    shutil.rmtree(folder)
    with pytest.warns(RuntimeWarning, match="deleted|No such file") as caught:  # noqa: PT031 - one warning from all of it
        _write_rows(writer, keys, range(30_000))
        writer.close()
    assert len(caught) == 1
    assert writer.lost() > 20_000


@pytest.mark.parametrize("kind", ["mapped", "buffered"])
def test_a_program_that_closes_every_descriptor_keeps_its_files_and_its_rows(tmp_path, kind):
    script = """
import gc, os, sys
from pathlib import Path
from tracker_core import _journal as journal
from tracker_core._folder import RunFolder
os.mkdir("run")
buffered = sys.argv[1] == "buffered"
writers = [
    journal.open_writer(RunFolder("run"), "main", run="r", attempt=1, buffered=buffered, segment_size=size)
    for size in (1 << 20, 64 << 20)
]
def log(steps):
    for writer in writers:
        keys = writer.key_set(("a",), "q")
        for step in steps:
            writer.append(keys.pack(journal.ROW, keys.id, step, 1.0, step))
log(range(10_000))
os.closerange(3, 256)
files = [open(f"file{number}", "w") for number in range(40)]
writers[0].sync()
log(range(10_000, 100_000))
for writer in writers:
    writer.sync()
    writer.close()
del writers, writer
gc.collect()
for file in files:
    file.write("mine")
    file.close()
"""
    subprocess.run([sys.executable, "-c", script, kind], cwd=tmp_path, check=True, timeout=_LIMIT)
    assert {(tmp_path / f"file{number}").read_text() for number in range(40)} == {"mine"}
    for path in RunFolder(tmp_path / "run").journals():
        reader = Reader(path)
        rows = [entry.step for entry in reader.entries() if isinstance(entry, Numbers)]
        assert rows == list(range(100_000))
        assert reader.gaps == []


def test_warnings_as_errors_do_not_reach_the_training(small_disk):
    writer = journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1)
    keys = writer.key_set(("a", "b"), "dd")
    _fill(small_disk)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _write_rows(writer, keys, range(20_000))
        writer.close()
    assert writer.lost() > 0


def test_a_full_disk_at_the_start_is_an_error_that_leaves_nothing(small_disk):
    _fill(small_disk)
    with pytest.raises(OSError, match="No space left"):
        journal.open_writer(RunFolder(small_disk), "main", run="r", attempt=1)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
