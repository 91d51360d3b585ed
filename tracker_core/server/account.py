"""Accounts of a team's server: users with their keys, teams with their members.

A key is random and long, so what is kept of it is its plain sha256: there is nothing that guessing could begin with.
All of it lies in one SQLite file that only the server's own user may read, and is asked at every request: who was
removed a moment ago is nobody.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from tracker_core._errors import NotFoundError, UsageError
from tracker_core._key import user_of
from tracker_core.store.database import Sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "accounts.sqlite"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS entity (name TEXT PRIMARY KEY, team INTEGER NOT NULL, created REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS key (digest TEXT PRIMARY KEY, user TEXT NOT NULL, created REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS member (team TEXT, user TEXT, PRIMARY KEY (team, user))",
    "CREATE TABLE IF NOT EXISTS secret (value TEXT NOT NULL)",
)


class User(NamedTuple):
    """`entities` are the user's own, which has their name, and their teams."""

    name: str
    entities: tuple[str, ...]
    created: float = 0.0
    keys: int = 0


class Accounts:
    """The accounts of the server whose data lie in `data`. Safe to use from several threads and processes."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        path = data / FILE
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = Sqlite(str(path))
        with self._db.writing():
            for table in _TABLES:
                self._db.run(table)
            if self._db.row("SELECT value FROM secret") is None:
                self._db.run("INSERT INTO secret (value) VALUES (?)", (secrets.token_hex(32),))
        row = self._db.row("SELECT value FROM secret")
        assert row is not None
        self.secret = bytes.fromhex(row[0])
        """What the server signs with."""

    def close(self) -> None:
        self._db.close()

    def add_user(self, name: str) -> str:
        """A new user; returns their first key, which is kept nowhere. Raises UsageError for a name that is taken."""
        self._add(name, team=False)
        return self.add_key(name)

    def add_key(self, user: str) -> str:
        """Another key for a user; those they have stay good."""
        self._known(user, team=False)
        key = f"tk-{user}-{secrets.token_hex(20)}"
        self._db.run("INSERT INTO key (digest, user, created) VALUES (?, ?, ?)", (_digest(key), user, time.time()))
        return key

    def remove_keys(self, user: str) -> None:
        """None of the keys so far is good any more, nor any sign-in that was made with one."""
        self._known(user, team=False)
        self._db.run("DELETE FROM key WHERE user = ?", (user,))

    def remove_user(self, name: str) -> None:
        """What they recorded stays."""
        self._known(name, team=False)
        with self._db.writing():
            self._db.run("DELETE FROM key WHERE user = ?", (name,))
            self._db.run("DELETE FROM member WHERE user = ?", (name,))
            self._db.run("DELETE FROM entity WHERE name = ?", (name,))

    def users(self) -> list[User]:
        found = self._db.rows("SELECT name FROM entity WHERE team = 0 ORDER BY name")
        return [self._user(name) for (name,) in found]

    def add_team(self, team: str, users: Iterable[str]) -> None:
        """Makes `users` members of a team, which is made where there is none. Raises NotFoundError, and then nothing
        has changed."""
        with self._db.writing():
            if self._kind(team) is None:
                self._add(team, team=True)
            self._known(team, team=True)
            for user in users:
                self._known(user, team=False)
                self._db.run("INSERT INTO member (team, user) VALUES (?, ?) ON CONFLICT DO NOTHING", (team, user))

    def leave_team(self, team: str, users: Iterable[str]) -> None:
        self._known(team, team=True)
        self._db.many("DELETE FROM member WHERE team = ? AND user = ?", [(team, user) for user in users])

    def remove_team(self, team: str) -> None:
        """What its members recorded stays."""
        self._known(team, team=True)
        with self._db.writing():
            self._db.run("DELETE FROM member WHERE team = ?", (team,))
            self._db.run("DELETE FROM entity WHERE name = ?", (team,))

    def teams(self) -> dict[str, list[str]]:
        """Members by team."""
        found: dict[str, list[str]] = {
            name: [] for (name,) in self._db.rows("SELECT name FROM entity WHERE team = 1 ORDER BY name")
        }
        for team, user in self._db.rows("SELECT team, user FROM member ORDER BY team, user"):
            found[team].append(user)
        return found

    def who(self, key: str) -> User | None:
        """The user whose key this is."""
        digest = self.digest(key)
        return None if digest is None else self.holder(digest)

    def digest(self, key: str) -> str | None:
        """What is kept of `key`; None for what is nobody's key. Takes as long however much of it is right."""
        wanted = _digest(key)
        for (digest,) in self._db.rows("SELECT digest FROM key WHERE user = ?", (user_of(key) or "",)):
            if hmac.compare_digest(digest, wanted):
                return wanted
        return None

    def holder(self, digest: str) -> User | None:
        row = self._db.row("SELECT user FROM key WHERE digest = ?", (digest,))
        return None if row is None else self._user(row[0])

    def _user(self, name: str) -> User:
        teams = self._db.rows("SELECT team FROM member WHERE user = ? ORDER BY team", (name,))
        facts = self._db.row("SELECT created FROM entity WHERE name = ?", (name,)) or (0.0,)
        keys = self._db.row("SELECT COUNT(*) FROM key WHERE user = ?", (name,)) or (0,)
        return User(name, (name, *(team for (team,) in teams)), facts[0], keys[0])

    def _add(self, name: str, *, team: bool) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot name a user or a team: lower-case letters, digits, '-' and '_', at most 64"
            )
        if self._kind(name) is not None:
            raise UsageError(f"there is a {self._kind(name)} {name!r} already")
        self._db.run("INSERT INTO entity (name, team, created) VALUES (?, ?, ?)", (name, int(team), time.time()))

    def _known(self, name: str, *, team: bool) -> None:
        wanted = "team" if team else "user"
        if self._kind(name) != wanted:
            raise NotFoundError(f"there is no {wanted} {name!r} on this server")

    def _kind(self, name: str) -> str | None:
        row = self._db.row("SELECT team FROM entity WHERE name = ?", (name,))
        return None if row is None else ("team" if row[0] else "user")


def _digest(key: str) -> str:
    with contextlib.suppress(UnicodeEncodeError):
        return hashlib.sha256(key.encode()).hexdigest()
    return ""
