"""The store of one folder of runs: catches up with the journals, and lists."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
import warnings
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core import _records as records
from tracker_core._errors import Error
from tracker_core._folder import RunFolder, id_of
from tracker_core._journal import Position
from tracker_core._journal.mount import maps_are_safe
from tracker_core._locks import Lock, file_lock
from tracker_core.store import life, schema
from tracker_core.store.database import MEMORY, Memory, Sqlite
from tracker_core.store.ingest import Ingest
from tracker_core.store.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker_core.store.database import Database

FILE = "index.sqlite"
"""The index in a folder of runs. It may be deleted at any time: it is built anew from the journals."""

_TURN = 0.2
"""Seconds that new runs are taken in before other writers get their turn."""

_NEW = (0, "")
_GONE = "gone"
_DOUBTED = "~"
"""Nobody writes the run, but its folder changed so lately that one more look is due."""


class Store:
    """Every run below `root`, or only the one in the folder named `only`.

    Safe to use from several threads and processes at once.
    """

    def __init__(self, root: Path, only: str | None = None) -> None:
        self.root = root
        self.only = only
        self._pid = os.getpid()
        self._catching_up = Lock()
        self._lock = Lock()
        """Held for moments only, so that nobody who reads waits for somebody who catches up."""
        self._opened: tuple[Database, str, int] | None = None
        self._unwritable: set[str] = set()
        """Where an index was tried and could not be written."""
        self._runs: dict[str, Run] = {}
        self._archived: dict[str, Run] = {}
        self._seen: dict[str, tuple[int, str]] = {}
        self._version = 0
        self._hot: dict[str, tuple[int, Ingest]] = {}
        """The runs that go on, with the version that each has if nobody else wrote it since."""
        self._told: set[str] = set()

    @property
    def db(self) -> Database:
        """For the modules that read what belongs to one run."""
        with self._lock:
            if self._opened is None or not _same(*self._opened[1:]):
                path = self._path()
                db = _open(path)
                self._opened = (db, path, _identity(path))
                self._forget_all()
            return self._opened[0]

    def refresh(self) -> None:
        """Catches up with every journal below the root. Quick where nothing is new.

        Where the index cannot be written, on a full disk for instance, one in the user's cache folder takes its place,
        then one in memory. Raises `Error` when it is locked for too long.
        """
        if self._catching_up.owned:
            return  # a signal handler or finalizer that interrupts this very method gets what is known by now
        with self._catching_up, self._explained():
            self._forget_parent()
            self._write(self._refresh)

    def refresh_run(self, run: Run) -> Run:
        """The run as it stands now; the same object when nothing is new."""
        folder = self.folder(run)
        if self._catching_up.owned:
            return run

        def look() -> None:
            if folder.path.is_dir() and not life.unchanged(str(folder.path), self._seen.get(run.folder, _NEW)[1]):
                self._try(folder, self._catch_up)
            self._read()

        with self._catching_up, self._explained():
            self._forget_parent()
            self._write(look)
        with self._lock:
            return self._runs.get(run.folder, run)

    def runs(self) -> list[Run]:
        """The runs that are neither archived nor deleted, as of the last refresh, oldest first."""
        with self._lock:
            found = [run for run in self._runs.values() if self.only in (None, run.folder)]
        return sorted(found, key=_age)

    def archived(self) -> list[Run]:
        """The runs whose id a later run took, oldest first, as `id~1`, `id~2` ... with the state "archived"."""
        with self._lock:
            runs = [run for run in self._archived.values() if self.only in (None, run.folder)]
        counts: dict[tuple[str, str], int] = {}
        named = []
        for run in sorted(runs, key=_age):
            key = run.card.project, run.card.id
            counts[key] = counts.get(key, 0) + 1
            named.append(run.renamed(f"{run.card.id}~{counts[key]}", "archived"))
        return named

    def folder(self, run: Run) -> RunFolder:
        return RunFolder(self.root / run.folder)

    def metadata(self, run: Run) -> dict[int, dict[str, Any]]:
        """What was captured about each attempt, by its number."""
        row = self.db.row("SELECT metadata FROM run WHERE run = ?", (run.number,))
        return records.decode_as(row[0], dict[int, dict[str, Any]]) if row else {}

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened[0].close()
                self._opened = None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise Error(f"the index {self._path()} cannot be written: {error}") from error

    def _write(self, catch_up: Callable[[], None]) -> None:
        mended = False
        while True:
            try:
                return catch_up()
            except sqlite3.OperationalError as error:
                self._hot.clear()  # of what it knows to be written, some may not be
                if not _refused(error) or self._path() == MEMORY:
                    raise  # locked: nothing that another index would mend
                self._move()
            except sqlite3.DatabaseError:
                if mended:
                    raise
                mended = True
                _remove(self._path())
            catch_up = self._refresh

    def _move(self) -> None:
        """Goes on with an index elsewhere."""
        with self._lock:
            self._unwritable.add(self._path())
            self.close()
            self._forget_all()

    def _path(self) -> str:
        return next(path for path in _paths(self.root) if path not in self._unwritable)

    def _refresh(self) -> None:
        present = list(self._names())
        if not present and not (self.root / FILE).exists():
            self._forget_all()
            return  # no index is left in a folder that has no runs
        self._read()
        root = f"{self.root}{os.sep}"  # ten thousand of these: a Path each takes longer than the question
        changed = [name for name in present if not life.unchanged(root + name, self._seen.get(name, _NEW)[1])]
        self._take_in([name for name in changed if name not in self._seen])
        for name in changed:
            if name in self._seen:
                self._try(RunFolder(self.root / name), self._catch_up)
        if self.only is None:
            gone = self._seen.keys() - set(present)
            for name in gone:
                self._forget(name)
        self._read()

    def _names(self) -> Iterator[str]:
        if self.only is not None:
            if (self.root / self.only).is_dir():
                yield self.only
            return
        with contextlib.suppress(FileNotFoundError):
            yield from sorted([entry.name for entry in os.scandir(self.root) if id_of(entry.name) and entry.is_dir()])

    def _read(self) -> None:
        """Takes over what this or another process wrote since the last time."""
        with self._lock:
            db = self.db
            for number, folder, version, listed, seen, *blobs in db.rows(
                "SELECT run, folder, version, listed, seen, card, config, summary FROM run WHERE version > ?"
                " ORDER BY version",
                (self._version,),
            ):
                self._version = version
                self._seen[folder] = (number, seen)
                self._runs.pop(folder, None)
                self._archived.pop(folder, None)
                if listed:
                    runs = self._archived if listed == schema.ARCHIVED else self._runs
                    runs[folder] = Run(number, folder, version, (blobs[0], blobs[1], blobs[2]))

    def _forget_parent(self) -> None:
        """In a forked child: read the index again, since a thread of the parent may have been taking in its news."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._forget_all()

    def _forget_all(self) -> None:
        with self._lock:
            self._runs, self._archived, self._seen, self._version, self._hot = {}, {}, {}, 0, {}

    def _take_in(self, names: list[str]) -> None:
        """Runs that the index does not know, many to a transaction: a commit writes every page it touched, and short
        runs share nearly all of theirs."""
        waiting = deque(RunFolder(self.root / name) for name in names)
        long = []
        while waiting:
            turn = time.monotonic() + _TURN
            with self.db.writing():
                while waiting and time.monotonic() < turn:
                    folder = waiting.popleft()
                    if self._try(folder, self._advance):
                        long.append(folder)
        for folder in long:
            self._try(folder, self._catch_up)

    def _try(self, folder: RunFolder, read: Callable[[RunFolder], bool]) -> bool:
        """What `read` says of a run; what cannot be read is told once, and the other runs are read all the same."""
        try:
            return read(folder)
        except FileNotFoundError:
            return False  # removed a moment ago
        except OSError as error:
            if folder.path.name not in self._told:
                self._told.add(folder.path.name)
                warnings.warn(f"cannot read the run in {folder.path}: {error.strerror or error}", stacklevel=4)
            return False

    def _catch_up(self, folder: RunFolder) -> bool:
        """Reads all that is new; False, since no more is left then."""
        number, seen = self._seen.get(folder.path.name, _NEW)
        if number and not self._has_news(folder, number, seen):
            return False
        while self._advance(folder):
            pass
        return False

    def _advance(self, folder: RunFolder) -> bool:
        """One transaction's work for one run; whether there is more."""
        db = self.db
        name = folder.path.name
        number = self._seen.get(name, _NEW)[0]
        hot = self._hot.pop(name, None)
        with db.writing():
            number = number or _number(db, name)
            ingest = _ingest(db, number, folder, hot)
            more, version = _portion(db, number, folder, ingest)
        if version:
            self._hot[name] = (version, ingest)
        return more

    def _has_news(self, folder: RunFolder, number: int, seen: str) -> bool:
        places = _places(self.db, number)
        if life.news(folder, places) or life.lost(folder, places):
            return True
        if seen == _DOUBTED:
            self._settle(folder, number)
            return False
        alive = life.living(folder)
        run = self._runs.get(folder.path.name)
        if not alive or run is None:
            return not alive
        trained = any(life.trained(folder, attempt.number, alive) for attempt in run.card.attempts)
        return run.card.state == "running" and not trained

    def _settle(self, folder: RunFolder, number: int) -> None:
        """Enough time went by without news."""
        run = self._runs.get(folder.path.name)
        seen = life.mark(folder, ended=run is None or run.card.state != "crashed")
        if seen:
            self._seen[folder.path.name] = (number, seen)
            with self.db.writing():
                self.db.run("UPDATE run SET seen = ? WHERE run = ? AND seen = ?", (seen, number, _DOUBTED))

    def _forget(self, name: str) -> None:
        """The folder is gone."""
        db = self.db
        number, seen = self._seen[name]
        if seen == _GONE:
            return
        with db.writing():
            _clear(db, number, schema.CONTENT + schema.PROGRESS)
            db.run(
                "UPDATE run SET listed = 0, seen = ?, version = ? WHERE run = ?", (_GONE, schema.advance(db), number)
            )


def _age(run: Run) -> tuple[float, str]:
    return run.card.start, run.folder


def _ingest(db: Database, number: int, folder: RunFolder, hot: tuple[int, Ingest] | None) -> Ingest:
    """The one of the last time, unless another process wrote the run since, or its journals are not the same."""
    if life.lost(folder, _places(db, number)):
        _clear(db, number, schema.CONTENT + schema.PROGRESS)
    elif hot is not None and db.row("SELECT version FROM run WHERE run = ?", (number,)) == (hot[0],):
        return hot[1]
    return Ingest(db, number)


def _portion(db: Database, number: int, folder: RunFolder, ingest: Ingest) -> tuple[bool, int]:
    """One transaction's work for one run: whether there is more, and the version of a run that may go on (else 0)."""
    alive = life.living(folder)
    more = ingest.catch_up(folder)
    over = not more and not alive
    if over:
        ingest.seal()
    version = ingest.present(life.state(folder, ingest.snapshot, alive), folder.id)
    if ingest.snapshot.deleted:
        _clear(db, number, schema.CONTENT)
    seen = (life.mark(folder, ended=ingest.snapshot.state != "running") or _DOUBTED) if over else ""
    db.run("UPDATE run SET seen = ? WHERE run = ?", (seen, number))
    return more, 0 if over else version


def _number(db: Database, name: str) -> int:
    """The run's number in the store, given to it now if it has none."""
    found = db.row("SELECT run FROM run WHERE folder = ?", (name,))
    if found is not None:
        return int(found[0])
    row = db.row("SELECT COALESCE(MAX(run), 0) + 1 FROM run")
    assert row is not None
    number = int(row[0])
    db.run(
        "INSERT INTO run (run, folder, version, listed, seen, card, config, summary, metadata)"
        " VALUES (?, ?, 0, 0, '', ?, ?, ?, ?)",
        (number, name, b"", b"", b"", b""),
    )
    return number


def _places(db: Database, number: int) -> dict[str, Position]:
    rows = db.rows("SELECT name, segment, place FROM journal WHERE run = ?", (number,))
    return {name: Position(segment, place) for name, segment, place in rows}


def _clear(db: Database, number: int, tables: tuple[str, ...]) -> None:
    for table in tables:
        db.run(f"DELETE FROM {table} WHERE run = ?", (number,))  # noqa: S608 - our own table names


def _paths(root: Path) -> list[str]:
    """Where an index may be: beside the runs if that can be, in the user's cache, in memory."""
    from tracker_core import _home

    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    elsewhere = [str(_home.cache() / f"index-{digest}.sqlite"), MEMORY]
    beside = root / FILE
    # In a shared folder the index may be somebody else's.
    writable = os.access(root, os.W_OK) and (os.access(beside, os.W_OK) or not beside.exists())
    return [str(beside), *elsewhere] if writable and maps_are_safe(root) else elsewhere


def _refused(error: sqlite3.OperationalError) -> bool:
    """Whether the file cannot be written or opened where it is."""
    return any(word in str(error) for word in ("full", "readonly", "read-only", "disk I/O", "unable to open"))


def _open(path: str) -> Database:
    """The database at `path` with this version's tables; made anew when it is another version's or broken."""
    if path == MEMORY:
        db: Sqlite = Memory()
        with db.writing():
            schema.create(db)
        return db
    if Path(path).name != FILE:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise sqlite3.OperationalError(f"unable to open {path}: {error.strerror}") from error
    with file_lock(Path(path).parent, os.O_RDONLY):  # one process at a time makes or replaces an index there
        db = Sqlite(path)
        try:
            if Path(path).exists() and schema.known(db):
                return db
        except sqlite3.DatabaseError as error:
            if "locked" in str(error) or (isinstance(error, sqlite3.OperationalError) and _refused(error)):
                db.close()
                raise
        db.close()
        _remove(path)
        db = Sqlite(path)
        with db.writing():
            schema.create(db)
        return db


def _remove(path: str) -> None:
    # The log first: left behind, it would be taken for that of the next index.
    for end in ("-wal", "-shm", ""):
        Path(path + end).unlink(missing_ok=True)


def _identity(path: str) -> int:
    if path == MEMORY:
        return 0
    return os.stat(path).st_ino  # noqa: PTH116 - asked before every query


def _same(path: str, identity: int) -> bool:
    try:
        return _identity(path) == identity
    except FileNotFoundError:
        return False
