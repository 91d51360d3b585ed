"""Runs are read where no index can be written: from one in the cache folder, else from one in memory."""

import shutil
import sqlite3
import subprocess
import threading
from unittest import mock

import pytest

from tracker_core import _home
from tracker_core.store import Store, index, series
from tracker_core.store.index import FILE


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(_home, "cache", lambda: folder)
    return folder


def full(paths):
    """`Sqlite` on a disk that is full at these paths."""
    real = index.Sqlite

    class Full(real):
        def writing(self):
            if any(self.path.startswith(str(path)) for path in paths):
                raise sqlite3.OperationalError("database or disk is full")
            return super().writing()

    return mock.patch.object(index, "Sqlite", Full)


def values(store):
    store.refresh()
    (run,) = store.runs()
    return series.load(store.db, run.number, "loss").values.tolist()


def test_full_disk_reads_through_the_cache(workshop, cache):
    draft = workshop.run()
    draft.log(0, loss=1.5)
    with full([workshop.root]):
        store = Store(workshop.root)
        assert values(store) == [1.5]
        draft.log(1, loss=2.5)
        assert values(store) == [1.5, 2.5]
        store.close()
    assert list(cache.glob("index-*.sqlite"))


def test_disk_that_fills_up_while_an_index_is_open(workshop, cache):
    draft = workshop.run()
    draft.log(0, loss=1.5)
    store = workshop.store()
    (run,) = store.runs()
    draft.log(1, loss=2.5)
    with mock.patch.object(store.db, "writing", side_effect=sqlite3.OperationalError("database or disk is full")):
        run = store.refresh_run(run)
        assert series.load(store.db, run.number, "loss").values.tolist() == [1.5, 2.5]
    store.close()


def test_nothing_can_be_written(workshop, cache):
    draft = workshop.run()
    draft.log(0, loss=1.5)
    cache.write_text("a file where the folder would be")
    with full([workshop.root]):
        store = Store(workshop.root)
        assert values(store) == [1.5]
        draft.log(1, loss=2.5)
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(values(store))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [[1.5, 2.5]] * 4
        store.close()
    assert cache.is_file()


def test_real_disk_without_room(tmp_path, workshop_factory, cache):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can only be mounted by root")
    try:
        workshop = workshop_factory()
        draft = workshop.run()
        for step in range(100):
            draft.log(step, loss=step / 2)
        draft.end()
        root = disk / "tracker"
        shutil.copytree(workshop.root, root)
        with pytest.raises(OSError, match="No space"), (disk / "filler").open("wb", buffering=0) as filler:
            filler.write(bytes(1 << 20)) and filler.write(bytes(1 << 20))
        store = Store(root)
        assert values(store) == [step / 2 for step in range(100)]
        store.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        store = Store(root)
        assert values(store) == [step / 2 for step in range(100)]
        store.close()
        assert not (root / FILE).exists() or (root / FILE).stat().st_size == 0
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
