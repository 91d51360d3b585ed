"""The seam between the store and its database: plain SQL in, tuples out.

Statements use `?` for arguments, primary keys for access, and nothing that PostgreSQL lacks, so that a second class
beside `Sqlite` is all that another database needs.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from tracker_core._locks import Lock
from tracker_core.store import quiet_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

PATIENCE = 120.0
"""Seconds that a writer waits for another one; catching up commits several times a second."""

MEMORY = ":memory:"

IDLE = 4
"""Connections that stay open while nobody uses them: each takes up to three descriptors and 16 MiB."""

_PRAGMAS = (
    "page_size=8192",  # chunks are a few KiB: of these pages they waste less than of larger ones
    "journal_mode=WAL",
    # A power cut may undo the last commits. They are read from the journals again, since offset and data go together.
    "synchronous=NORMAL",
    "cache_size=-16384",
    "temp_store=MEMORY",  # what a part of a transaction would be undone with, else written page by page
    "journal_size_limit=16777216",
)


_OUTER = ("BEGIN IMMEDIATE", ("ROLLBACK",), "COMMIT")
_INNER = ("SAVEPOINT part", ("ROLLBACK TO part", "RELEASE part"), "RELEASE part")


class Database(Protocol):
    """Safe to use from several threads: each has its own transaction."""

    blob: str
    """The name of the type that holds bytes."""

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    def row(self, sql: str, args: Sequence[Any] = ()) -> tuple[Any, ...] | None: ...

    def run(self, sql: str, args: Sequence[Any] = ()) -> None: ...

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...

    def reading(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment."""

    def writing(self) -> AbstractContextManager[None]:
        """Commits at its end, takes all back on an exception; other writers wait."""

    def close(self) -> None: ...


class Sqlite:
    """SQLite with a write-ahead log: readers never wait.

    Connections belong to no thread: one is taken for each transaction or statement and given back after it, so threads
    that come and go, as those of a server do, leave none open. A forked child opens its own.
    """

    blob = "BLOB"

    def __init__(self, path: str) -> None:
        self.path = path
        self._pid = os.getpid()
        self._local = threading.local()
        """`connection`: the one of this thread's transaction."""
        self._idle: deque[sqlite3.Connection] = deque()
        self._room = IDLE
        self._finalizer = weakref.finalize(self, _close, self._idle)

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(sql, args).fetchall()

    def row(self, sql: str, args: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with self._connection() as connection:
            found: tuple[Any, ...] | None = connection.execute(sql, args).fetchone()
            return found

    def run(self, sql: str, args: Sequence[Any] = ()) -> None:
        with self._connection() as connection:
            connection.execute(sql, args)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection() as connection:
            connection.executemany(sql, rows)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        with self._connection() as connection:
            nested = connection.in_transaction
            if nested:
                yield
                return
            connection.execute("BEGIN")
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        with self._connection() as connection:
            begin, undo, keep = _INNER if connection.in_transaction else _OUTER
            connection.execute(begin)
            try:
                yield
            except BaseException:
                if connection.in_transaction:  # a full disk has ended it already
                    for statement in undo:
                        connection.execute(statement)
                raise
            connection.execute(keep)

    def close(self) -> None:
        self._room = 0
        self._finalizer()

    def _connection(self) -> _Taken:
        if self._pid != os.getpid():
            self._renew()
        return _Taken(self)

    def take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return _connect(self.path)

    def give(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction or len(self._idle) >= self._room:
            connection.close()
        else:
            self._idle.append(connection)

    def _renew(self) -> None:
        """In a forked child. Its parent's connections must not even be closed here: that would end the log."""
        _inherited.append((self._idle, self._local))
        self._finalizer.detach()
        self._pid = os.getpid()
        self._local = threading.local()
        self._idle = deque()
        self._finalizer = weakref.finalize(self, _close, self._idle)


class Memory(Sqlite):
    """In memory, with one connection that threads use in turn."""

    def __init__(self) -> None:
        super().__init__(MEMORY)
        self._turn = Lock()
        self._only = _connect(MEMORY)
        self._idle.append(self._only)  # closed with this object

    def take(self) -> sqlite3.Connection:
        self._turn.acquire()
        return self._only

    def give(self, connection: sqlite3.Connection) -> None:
        del connection
        self._turn.release()


class _Taken:
    """The connection of this thread's transaction; outside of one, a connection for the block."""

    __slots__ = ("_connection", "_db", "_outer")

    def __init__(self, db: Sqlite) -> None:
        self._db = db

    def __enter__(self) -> sqlite3.Connection:
        local = self._db._local  # noqa: SLF001 - its own
        connection: sqlite3.Connection | None = getattr(local, "connection", None)
        self._outer = connection is None
        if connection is None:
            quiet_fork.enter()
            try:
                connection = local.connection = self._db.take()
            except BaseException:
                quiet_fork.leave()
                raise
        self._connection = connection
        return connection

    def __exit__(self, *_: object) -> None:
        if self._outer:
            try:
                self._db._local.connection = None  # noqa: SLF001 - its own
                self._db.give(self._connection)
            finally:
                quiet_fork.leave()


_inherited: list[tuple[deque[sqlite3.Connection], threading.local]] = []


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _close(connections: deque[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()
