"""Connections: taken from a few, given back, never shared with a child."""

import contextlib
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from tracker_core.store.database import IDLE, Sqlite


@pytest.fixture
def db(tmp_path):
    db = Sqlite(str(tmp_path / "numbers.sqlite"))
    db.run("CREATE TABLE number (n BIGINT)")
    yield db
    db.close()


FOLDER = Path("/proc/self/fd")


def descriptors(path):
    """Descriptors of this process that are open on the database's files."""
    return sum(_target(each).startswith(path) for each in FOLDER.iterdir())


def _target(descriptor):
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


linux = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs /proc")


@linux
def test_threads_that_ended_leave_no_connection(db):
    def use():
        with db.writing():
            db.run("INSERT INTO number VALUES (1)")
        assert db.row("SELECT COUNT(*) > 0 FROM number") == (1,)

    for _ in range(20):
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
    assert descriptors(db.path) <= 3
    assert db.row("SELECT COUNT(*) FROM number") == (20,)


@linux
def test_crowds_of_threads_leave_no_more_than_the_first_one(db):
    def crowd():
        everyone = threading.Barrier(3 * IDLE)

        def use():
            with db.reading():
                everyone.wait(60)
                db.rows("SELECT n FROM number")

        threads = [threading.Thread(target=use) for _ in range(3 * IDLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return descriptors(db.path)

    # SQLite keeps descriptors of closed connections for the next ones while any other holds a lock.
    assert max(crowd() for _ in range(10)) <= 3 * 3 * IDLE


@linux
def test_closing_leaves_no_descriptor(db):
    db.rows("SELECT n FROM number")
    with db.reading():
        db.close()
        assert db.rows("SELECT n FROM number") == []
    assert descriptors(db.path) == 0


def test_each_thread_has_its_own_transaction(db):
    seen = []
    with db.writing():
        db.run("INSERT INTO number VALUES (7)")
        thread = threading.Thread(target=lambda: seen.append(db.rows("SELECT n FROM number")))
        thread.start()
        thread.join()
        assert db.rows("SELECT n FROM number") == [(7,)]
    assert seen == [[]]
    assert db.rows("SELECT n FROM number") == [(7,)]


def test_error_takes_back_the_inner_part_only(db):
    with db.writing():
        db.run("INSERT INTO number VALUES (1)")
        with contextlib.suppress(sqlite3.OperationalError), db.writing():
            db.run("INSERT INTO number VALUES (2)")
            db.run("INSERT INTO nowhere VALUES (3)")
            raise AssertionError
    assert db.rows("SELECT n FROM number") == [(1,)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_uses_its_own_connections(db):
    with db.writing():
        db.run("INSERT INTO number VALUES (1)")
        child = os.fork()
        if child == 0:
            # The parent's transaction is not the child's.
            os._exit(int(db.rows("SELECT n FROM number") != []))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        db.run("INSERT INTO number VALUES (2)")
    assert db.rows("SELECT n FROM number") == [(1,), (2,)]
