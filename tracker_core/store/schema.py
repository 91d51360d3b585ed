"""The tables, and the version that they are known by.

Everything hangs on a run's number, so that a large installation can spread runs over machines by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core._journal import format  # noqa: A004 - the module's name

if TYPE_CHECKING:
    from tracker_core.store.database import Database

VERSION = 6
"""Raised with every change of tables or blobs: an index of another version is built anew."""

ARCHIVED = 2
"""`listed` of a run whose id a later run took: readable, but outside the lists; 0 for a deleted one."""

_WRITTEN = VERSION * 1000 + format.VERSION
"""So is one that was made by who could not read every journal."""

_TABLES = (
    # One row of counters and marks of the whole store.
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    # What lists show (`card`, `config`, `summary`, `metadata`: msgpack), and `seen`, the state of the folder that
    # needs no second look. `version` is the store's counter when the run last changed.
    """CREATE TABLE run (
        run BIGINT PRIMARY KEY, folder TEXT NOT NULL UNIQUE, version BIGINT NOT NULL, listed BIGINT NOT NULL,
        seen TEXT NOT NULL, card {blob} NOT NULL, config {blob} NOT NULL, summary {blob} NOT NULL,
        metadata {blob} NOT NULL)""",
    "CREATE INDEX run_version ON run (version)",
    # The fold of a run's records, as far as its journals were read.
    "CREATE TABLE fold (run BIGINT PRIMARY KEY, snapshot {blob} NOT NULL)",
    # How far each journal was read.
    """CREATE TABLE journal (
        run BIGINT NOT NULL, name TEXT NOT NULL, attempt BIGINT NOT NULL, segment BIGINT NOT NULL,
        place BIGINT NOT NULL, gaps BIGINT NOT NULL, PRIMARY KEY (run, name))""",
    # One set of names that are logged together in one journal. `visible` is the last step that nothing hides, `purged`
    # the last one that no purge does: what is logged after that is another key set of the same names. `writer`: whose
    # rows they are (see `_writers.py`).
    """CREATE TABLE keyset (
        run BIGINT NOT NULL, keyset BIGINT NOT NULL, journal TEXT NOT NULL, place BIGINT NOT NULL,
        attempt BIGINT NOT NULL, writer TEXT NOT NULL, stream TEXT NOT NULL, names {blob} NOT NULL,
        kinds TEXT NOT NULL, visible BIGINT, purged BIGINT, stats {blob} NOT NULL, chunks BIGINT NOT NULL,
        pieces BIGINT NOT NULL, PRIMARY KEY (run, keyset))""",
    # In which column of which key sets a series lies. `ordered`: its steps only ever rose, over all key sets.
    """CREATE TABLE series (
        run BIGINT NOT NULL, stream TEXT NOT NULL, name TEXT NOT NULL, keyset BIGINT NOT NULL, place BIGINT NOT NULL,
        kind TEXT NOT NULL, ordered BIGINT NOT NULL, PRIMARY KEY (run, stream, name, keyset))""",
    # The axis of up to 4,096 sealed rows: steps and times of the first and last of every 256 (`edges`), of every 16
    # (`marks`), and of all. `start` and `finish` are the earliest and latest time; `rising`: times never fall.
    """CREATE TABLE chunk (
        run BIGINT NOT NULL, keyset BIGINT NOT NULL, chunk BIGINT NOT NULL, length BIGINT NOT NULL,
        low BIGINT NOT NULL, high BIGINT NOT NULL, start DOUBLE PRECISION NOT NULL, finish DOUBLE PRECISION NOT NULL,
        rising BIGINT NOT NULL, edges {blob} NOT NULL, marks {blob} NOT NULL, steps {blob} NOT NULL,
        times {blob} NOT NULL, PRIMARY KEY (run, keyset, chunk))""",
    # One column of them, coarse first: who reads the top of the pyramid does not touch the pages of the rest.
    """CREATE TABLE block (
        run BIGINT NOT NULL, keyset BIGINT NOT NULL, place BIGINT NOT NULL, chunk BIGINT NOT NULL,
        level3 {blob}, level2 {blob}, level1 {blob}, data {blob} NOT NULL, PRIMARY KEY (run, keyset, place, chunk))""",
    # Rows that wait to be sealed.
    """CREATE TABLE piece (
        run BIGINT NOT NULL, keyset BIGINT NOT NULL, piece BIGINT NOT NULL, length BIGINT NOT NULL,
        data {blob} NOT NULL, PRIMARY KEY (run, keyset, piece))""",
    # A thousand lines of the terminal, and the numbers that they have in their two streams.
    """CREATE TABLE console (
        run BIGINT NOT NULL, attempt BIGINT NOT NULL, journal TEXT NOT NULL, block BIGINT NOT NULL,
        length BIGINT NOT NULL, out_low BIGINT, out_high BIGINT, err_low BIGINT, err_high BIGINT, data {blob} NOT NULL,
        PRIMARY KEY (run, attempt, journal, block))""",
    """CREATE TABLE file (
        run BIGINT NOT NULL, path TEXT NOT NULL, time DOUBLE PRECISION NOT NULL, record {blob} NOT NULL,
        PRIMARY KEY (run, path))""",
)

CONTENT = ("keyset", "series", "chunk", "block", "piece", "console", "file")
"""The tables that hold what a run logged, by the column `run`."""

PROGRESS = ("fold", "journal")
"""The tables that tell how far a run was read."""


def create(db: Database) -> None:
    for statement in _TABLES:
        db.run(statement.format(blob=db.blob))
    db.many("INSERT INTO meta (name, value) VALUES (?, ?)", (("schema", _WRITTEN), ("version", 0)))


def known(db: Database) -> bool:
    """Whether the database holds this version's tables."""
    return db.row("SELECT value FROM meta WHERE name = 'schema'") == (_WRITTEN,)


def advance(db: Database) -> int:
    """The store's counter, raised by one: inside a writing transaction no two changes get the same."""
    db.run("UPDATE meta SET value = value + 1 WHERE name = 'version'")
    row = db.row("SELECT value FROM meta WHERE name = 'version'")
    assert row is not None
    return int(row[0])
