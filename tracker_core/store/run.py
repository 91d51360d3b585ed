"""What lists show of a run."""

from __future__ import annotations

import copy
import math
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core import _records as records
from tracker_core.store.damage import Damage
from tracker_core.store.summary import Summary

if TYPE_CHECKING:
    from tracker_core._snapshot import Attempt, Snapshot


class Life(msgspec.Struct, frozen=True, array_like=True):
    """One attempt. Times in seconds since the epoch; `end` is None while nobody knows it."""

    number: int
    start: float
    end: float | None
    state: records.State
    exit_code: int | None
    signal: str | None
    mode: records.Mode
    rewind: int | None
    origin: float
    """The moment that its `_runtime` counts from: its start, less what earlier attempts ran."""


class Card(msgspec.Struct, frozen=True, array_like=True):
    """A run but for config, summary and metadata. `updated` is when its last record was written."""

    id: str
    project: str
    entity: str
    name: str
    notes: str
    tags: tuple[str, ...]
    group: str
    job_type: str
    state: records.State
    exit_code: int | None
    signal: str | None
    start: float
    updated: float
    lost: int
    archived: str | None
    fork: records.Fork | None
    attempts: tuple[Life, ...]
    alerts: tuple[records.Alert, ...]
    metrics: dict[str, records.Metric]
    color: str = ""
    damage: Damage = Damage()

    @property
    def end(self) -> float | None:
        """When the last attempt ended; None while one goes on."""
        ends = [attempt.end for attempt in self.attempts]
        return None if None in ends else max((end for end in ends if end is not None), default=None)


class Run:
    """A run as it stood when it was read. `number` is the store's name for it, `version` rises with every change."""

    def __init__(self, number: int, folder: str, version: int, blobs: tuple[bytes, bytes, bytes]) -> None:
        self.number = number
        self.folder = folder
        self.version = version
        card, self._config, self._summary = blobs
        self.card: Card = _cards.decode(card)

    def renamed(self, run_id: str, state: records.State) -> Run:
        """The same run under another id and state."""
        other = copy.copy(self)
        other.card = msgspec.structs.replace(self.card, id=run_id, state=state)
        return other

    @cached_property
    def config(self) -> dict[str, Any]:
        """Shared by all who ask; `decode_config` gives one to change."""
        return self.decode_config()

    def decode_config(self) -> dict[str, Any]:
        config: dict[str, Any] = records.decode_as(self._config, dict[str, Any])
        return config

    @cached_property
    def flat(self) -> dict[str, Any]:
        """The summary by joined names."""
        flat: dict[str, Any] = records.decode_as(self._summary, dict[str, Any])
        return flat

    @property
    def summary(self) -> Summary:
        return Summary(self.flat)

    def __repr__(self) -> str:
        return f"<Run {self.card.project}/{self.card.id} {self.card.name!r} {self.card.state}>"


_LAST_YEAR = 9999

_cards = msgspec.msgpack.Decoder(Card)


def card(snapshot: Snapshot, state: records.State, updated: float, ends: dict[int, float], damage: Damage) -> Card:
    """`ends` tells when each attempt wrote its last row or record, for those that never said that they end."""
    last = snapshot.last
    return Card(
        id=snapshot.id,
        project=snapshot.project,
        entity=snapshot.entity,
        name=snapshot.name or snapshot.id,
        notes=snapshot.notes,
        tags=snapshot.tags,
        group=snapshot.group,
        job_type=snapshot.job_type,
        state=state,
        exit_code=snapshot.exit_code,
        signal=last.signal if last else None,
        start=snapshot.start,
        updated=updated,
        lost=snapshot.lost,
        archived=snapshot.archived,
        fork=snapshot.fork,
        attempts=tuple(_lives(snapshot, state, ends)),
        alerts=tuple(sorted(snapshot.alerts, key=lambda alert: alert.time)),
        metrics=snapshot.metrics,
        color=snapshot.color,
        damage=damage,
    )


_CYCLE = 12_622_780_800
"""Seconds of 400 years, after which the calendar repeats."""


def iso(time: float) -> str:
    """As lists and filters show a time: UTC, to the second. Years beyond 9999 have a sign and six digits or more.

    Empty for what is no time at all.
    """
    if not math.isfinite(time):
        return ""
    cycles, rest = divmod(math.floor(time), _CYCLE)
    moment = datetime.fromtimestamp(rest, timezone.utc)
    year = moment.year + 400 * cycles
    shown = f"{year:04d}" if 0 <= year <= _LAST_YEAR else f"{year:+07d}"
    return f"{shown}-{moment:%m-%dT%H:%M:%S}Z"


def _lives(snapshot: Snapshot, state: records.State, ends: dict[int, float]) -> list[Life]:
    lives = []
    ran = 0.0
    origins: dict[int, float] = {}
    attempts: list[Attempt] = [snapshot.attempts[number] for number in sorted(snapshot.attempts)]
    for attempt in attempts:
        newest = attempt is snapshot.last
        goes_on = state == "running" and attempt.state == "running" and (newest or attempt.beside is not None)
        end = attempt.end
        if end is None and not goes_on:
            end = max(attempt.start, ends.get(attempt.number, attempt.start))
        lives.append(
            Life(
                attempt.number,
                attempt.start,
                end,
                _settled(attempt, state) if newest or goes_on else _settled(attempt, "crashed"),
                attempt.exit_code,
                attempt.signal,
                attempt.mode,
                attempt.rewind,
                attempt.start - ran if attempt.beside is None else origins.get(attempt.beside, attempt.start),
            )
        )
        origins[attempt.number] = lives[-1].origin
        if end is not None and attempt.beside is None:
            ran += end - attempt.start
    return lives


def _settled(attempt: Attempt, silent: records.State) -> records.State:
    """The state of an attempt; `silent` where it never said that it ended."""
    return silent if attempt.state == "running" else attempt.state
