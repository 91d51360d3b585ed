"""The seam between the store and its database: plain SQL in, tuples out.

Statements use `?` for arguments, primary keys for access, and nothing that PostgreSQL lacks, so that a second class
beside `Sqlite` is all that another database needs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

PATIENCE = 120.0
"""Seconds that a writer waits for another one; catching up commits several times a second."""


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
    """SQLite with a write-ahead log: readers never wait."""

    blob = "BLOB"

    def __init__(self, path: str) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._finalizer = weakref.finalize(self, _close, self._opened)

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, args).fetchall()

    def row(self, sql: str, args: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._connection.execute(sql, args).fetchone()
        return found

    def run(self, sql: str, args: Sequence[Any] = ()) -> None:
        self._connection.execute(sql, args)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        connection = self._connection
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        connection = self._connection
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
        self._finalizer()

    @property
    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = _connect(self.path)
            self._opened.append(found)
        return found


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _close(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()
