"""One process's pen on a run: the hot path of `log`, the run's clock and its current step."""

from __future__ import annotations

import struct
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from tracker_core import _deferred, _metrics, _row
from tracker_core import _records as records
from tracker_core._errors import Error, UsageError
from tracker_core._journal import ROW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tracker_core._journal import Writer
    from tracker_core._past import Past

    _Rendered = tuple[tuple[str, ...], Literal["minimize", "maximize"] | None]

_LAYOUT_LIMIT = 4096
_PATIENCE = 10.0


class _Layout:
    """The rows that have the same names and types: how they are packed, and the last of them."""

    __slots__ = ("aggregates", "names", "pack", "set_id", "settled", "types", "values")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.types: tuple[type, ...] | None = None
        self.pack: Callable[..., bytes] = bytes
        self.set_id = 0
        self.values: tuple[Any, ...] = ()
        self.settled: tuple[Any, ...] = ()
        self.aggregates: list[tuple[int, _metrics.Aggregate]] = []


class Logbook:
    """Writes rows and records to one journal. Safe from several threads and from signal handlers.

    `reopen` gives the journal when there is none yet: in a forked child, or on a rank that waits for the run to be
    known (then None: rows wait). Without `files` no media are kept. `latest` receives the newest value of
    every key when `settle` is called; `recount` reads the run where that takes more than its newest rows. No record is
    older than `after`.
    """

    def __init__(
        self,
        writer: Writer | None,
        reopen: Callable[[], Writer | None],
        *,
        definitions: dict[str, records.Metric],
        files: Callable[[], Path] | None,
        after: float = 0.0,
    ) -> None:
        self.step = 0
        self.latest: dict[str, Any] = {}
        self.aggregates: dict[str, _metrics.Aggregate] = {}
        self.definitions = definitions
        self.closed = False
        self.last_steps: dict[str, int] = {}
        """The highest step of every key that `log_beside` wrote, in this or an earlier attempt."""
        self._writer = writer
        self._reopen = reopen
        self.files = files
        self._lock = threading.RLock()
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._variants: dict[tuple[Any, ...], _Layout] = {}
        self._order: dict[_Layout, None] = {}
        self._newest: _Layout | None = None
        self.waiting: list[records.Record] = []
        """What was written while there was no journal."""
        self._late = _deferred.Queue()
        self._append: Callable[[bytes], None] = writer.append if writer else _never
        self._now = after
        self._shift = 0.0
        self.recount: Callable[[], Past] | None = None
        """Reads the run's journals."""
        self._stale: set[str] = set()
        self._rendered: dict[str, _Rendered] = {}

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        assert self._writer is not None
        return self._writer.path

    @property
    def writer(self) -> Writer | None:
        return self._writer

    def locked(self) -> threading.RLock:
        """For who must see or change what the logbook holds while nothing is written."""
        return self._lock

    def log(  # noqa: C901 - one function because each call costs
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """See `Run.log`. The first lines are the path of nearly every call: no allocation beyond the row itself."""
        layout = self._layouts.get(tuple(data)) if type(data) is dict else None
        if layout is not None:
            values = tuple(data.values())
            if layout.types == tuple(map(type, values)) and (step is None or type(step) is int):
                with self._lock:
                    now = time.time() + self._shift
                    if now < self._now:
                        now = self._set_back(now)
                    at = self.step if step is None else step
                    try:
                        body = layout.pack(ROW, layout.set_id, at, now, *values)
                    except struct.error:  # an int beyond 64 bits
                        pass
                    else:
                        self._now = now
                        self._append(body)
                        layout.values = values
                        if step is None:
                            if commit is not False:
                                self.step = at + 1
                        else:
                            self._pass(at, commit)
                        if layout is not self._newest:
                            self._renew(layout)
                        if layout.aggregates:
                            for index, aggregate in layout.aggregates:
                                aggregate.add(values[index], at)
                        return
        self._log_any(data, step, commit)

    def mark(self) -> object:
        """An object that changes when a row is written."""
        return self._newest.values if self._newest is not None else None

    def log_beside(self, data: Mapping[str, Any], step: int) -> None:
        """As `log` with a step, leaving the current step where it is."""
        data = _row.check(data)
        at = _row.step(step)
        self._log_at(data, at)
        last = self.last_steps
        for name in data:
            if at > last.get(name, -1):
                last[name] = at

    def now(self) -> float:
        """Seconds since the epoch, never falling: a clock that is set back goes on from where it was."""
        with self._lock:
            now = time.time() + self._shift
            if now < self._now:
                now = self._set_back(now)
            self._now = now
            return now

    def write(self, record: records.Record) -> None:
        """Writes one record; UsageError when the run is finished."""
        with self._lock:
            self._check_open()
            if (writer := self._ready()) is not None:
                writer.write(record)
            else:
                self.waiting.append(record)

    def redefined(self) -> None:
        """After `settle`, and after `definitions` changed: what is logged from now on obeys them."""
        with self._lock:
            self._settle_written()
            self._layouts.clear()
            self._variants.clear()
            for name in {*self.latest, *self.aggregates}:
                rendered = _rendered(_metrics.find(self.definitions, name))
                if rendered != self._rendered.get(name, _PLAIN):
                    self._stale.add(name)
                    self._rendered[name] = rendered
                if not rendered[0]:
                    self.aggregates.pop(name, None)

    def take_over(
        self,
        last_step: int | None,
        latest: dict[str, Any],
        aggregates: dict[str, _metrics.Aggregate],
        last_steps: dict[str, int],
    ) -> None:
        """Goes on where an earlier attempt ended."""
        self.last_steps.update(last_steps)
        self.step = 0 if last_step is None else last_step + 1
        self.latest.update(latest)
        self.aggregates.update(aggregates)
        self._rendered.update(
            {name: _rendered(_metrics.find(self.definitions, name)) for name in (*latest, *aggregates)}
        )

    def use(self, writer: Writer) -> None:
        """From now on `writer` gets what is written, what has waited first."""
        with self._lock:
            if self._writer is not None:
                return
            self._writer = writer
            self._append = writer.append
            waiting, self.waiting = self.waiting, []
            for record in waiting:
                writer.write(record)

    def settle(self) -> None:
        """Brings `latest` up to date. Waits for an accelerator that still works on a logged number."""
        self._wait(self._late.all)
        with self._lock:
            self._catch_up()
            self._settle_written()
            if self._stale or any(aggregate.replaced for aggregate in self.aggregates.values()):
                self._count_again()

    def sync(self) -> None:
        """Brings everything logged to the disk. Waits as `settle` does."""
        self._wait(self._late.all)
        with self._lock:
            self._catch_up()
            if self._writer is not None:
                self._writer.sync()

    def forget(self, reopen: Callable[[], Writer | None]) -> None:
        """In a forked child: leaves the parent's journal alone; the next write opens one of its own."""
        self._lock = threading.RLock()  # the parent's may have been held at the fork
        if self._writer is not None:
            self._writer.abandon()
        self._writer = None
        self._append = _never
        self._reopen = reopen
        self.waiting = []  # the parent's, which writes them itself
        self._late.clear()
        self._layouts.clear()
        self._variants.clear()

    def close(self) -> int:
        """Settles and closes the journal; logging is an error from here on. Returns how many records were lost.

        Waits a while for an accelerator, but not for ever: one that hangs must not keep the process from ending.
        """
        self._wait(self._late.all, _PATIENCE)
        with self._lock:
            if self.closed:
                return 0
            self._catch_up()
            self._settle_written()
            self._late.give_up()
            self.closed = True
            self._append = _never
            self._layouts.clear()
            if self._writer is None:
                return len(self.waiting)
            self._writer.close()
            return self._writer.lost()

    def _log_any(self, data: Mapping[str, Any], step: Any, commit: bool | None) -> None:
        data = _row.check(data)
        given = None if step is None else _row.step(step)
        with self._lock:
            self._check_open()
            self._ready()  # the run that a rank joins decides at which step it goes on
            at = min(self.step, _row.STEPS[-1]) if given is None else given
            self._pass(at, commit if given is not None else commit is not False)
        self._log_at(data, at)

    def _log_at(self, data: Mapping[str, Any], step: int) -> None:
        # Not under the lock: a video takes longer than others may wait.
        row, late, numeric = _row.collect(data, step, self.files)
        steps = self._missing_steps((*row, *late))
        if self._late:
            self._wait(lambda: self._late.before({*row, *steps}))
        with self._lock:
            self._check_open()
            self._catch_up()
            self._add_steps(row, steps)
            if late:
                self._defer(late, step)
                data = row
            if row:
                self._write_row(row, step, self.now(), data if numeric else None)

    def render(self, key: str, value: Any) -> Any:
        """`value` as plain data for the summary's `key`; media in it are kept at the current step."""
        return _row.render(key, value, self.step, self.files)

    def _defer(self, late: dict[str, _deferred.Deferred], step: int) -> None:
        """Keeps part of a row until its numbers have arrived, which the calls after this one look for."""
        self._late.add(_deferred.Part(step, self.now(), late))
        # A plain number under one of these names may not overtake them: its next row does not take the short path.
        for names in [names for names in self._layouts if not late.keys().isdisjoint(names)]:
            del self._layouts[names]

    def _wait(self, choose: Callable[[], list[_deferred.Part]], patience: float | None = None) -> None:
        with self._lock:
            parts = choose()
        _deferred.wait(parts, patience)

    def _catch_up(self) -> None:
        """Writes the late parts of rows that have arrived."""
        for part in self._late.arrived():
            if row := part.read():
                self._write_row(row, part.step, part.time, row)

    def _settle_written(self) -> None:
        for layout in self._order:
            if layout.values is layout.settled:
                continue
            layout.settled = layout.values
            for name, value in zip(layout.names, layout.values, strict=True):
                self._settle_one(name, value)

    def _add_steps(self, row: dict[str, Any], steps: set[str]) -> None:
        """Adds the step metrics that the row's metrics are drawn over, with their newest values."""
        for name in steps:
            self._settle_written()
            if name in self.latest:
                row[name] = self.latest[name]

    def _missing_steps(self, names: tuple[str, ...]) -> set[str]:
        """The step metrics that rows of these names are to get and do not have themselves."""
        if not self.definitions:
            return set()
        found = [_metrics.find(self.definitions, name) for name in names]
        wanted = {metric.step_metric for metric in found if metric is not None and metric.step_sync}
        return {name for name in wanted if name is not None and name not in names}

    def _write_row(self, row: dict[str, Any], step: int, now: float, data: Mapping[str, Any] | None) -> None:
        """Writes a checked row; `data`, when it is all numbers, is what the next call will look like."""
        layout = self._layout(row, data) if data is not None else None
        values = tuple(row.values())
        if layout is not None and layout.types is not None:
            self._append(layout.pack(ROW, layout.set_id, step, now, *values))
        else:
            layout = None if data is not None else self._loose(row)
            self._write_any(records.Row(time=now, step=step, data=row))
        if layout is None:
            self._settle_written()
            for name, value in row.items():
                self._settle_one(name, value)
            return
        layout.values = values
        self._renew(layout)
        for index, aggregate in layout.aggregates:
            aggregate.add(values[index], step)

    def _write_any(self, record: records.Row) -> None:
        if (writer := self._ready()) is None:
            self.waiting.append(record)
            return
        writer.write(_row.shrink(record))

    def _layout(self, row: dict[str, Any], data: Mapping[str, Any]) -> _Layout | None:
        """The packed layout of a row of numbers, remembered under the names and types that `data` has."""
        names = tuple(row)
        kinds = "".join("d" if type(value) is float else "q" if type(value) is int else "?" for value in row.values())
        layout = self._variants.get((names, kinds))
        if layout is None:
            writer = self._ready()
            if writer is None or len(self._variants) >= _LAYOUT_LIMIT:
                return None
            layout = _Layout(names)
            key_set = writer.key_set(names, kinds)
            layout.set_id, layout.pack = key_set.id, key_set.pack
            layout.aggregates = [(i, found) for i, name in enumerate(names) if (found := self._aggregate(name))]
            layout.types = tuple(_TYPES[kind] for kind in kinds)
            self._variants[names, kinds] = layout
        types = tuple(map(type, data.values()))
        short = tuple(data) == names and all(map(_packs_as, types, kinds)) and not self._missing_steps(names)
        # The short path looks for no late numbers, so it must not be open to their names.
        if short and not self._late.before(names):
            layout.types = types
            self._layouts[names] = layout
        return layout

    def _loose(self, row: dict[str, Any]) -> _Layout | None:
        names = tuple(row)
        layout = self._variants.get((names, None))
        if layout is None and len(self._variants) < _LAYOUT_LIMIT:
            layout = self._variants[names, None] = _Layout(names)
            layout.aggregates = [(i, found) for i, name in enumerate(names) if (found := self._aggregate(name))]
        return layout

    def _aggregate(self, name: str) -> _metrics.Aggregate | None:
        if not _metrics.aggregated(_metrics.find(self.definitions, name)):
            return None
        return self.aggregates.setdefault(name, _metrics.Aggregate())

    def _settle_one(self, name: str, value: Any) -> None:
        aggregate = self.aggregates.get(name)
        if aggregate is None:
            self.latest[name] = float(value) if isinstance(value, float) else value
            return
        rendered = self._rendered.get(name)
        if rendered is None:
            rendered = self._rendered[name] = _rendered(_metrics.find(self.definitions, name))
        if parts := aggregate.summary(*rendered):
            self.latest[name] = parts
        else:
            self.latest.pop(name, None)

    def _count_again(self) -> None:
        """Read from the run's journals what its newest rows do not tell: values that were logged before their metric
        was defined, and those that were replaced at their step."""
        if self.recount is None or self._writer is None or self.closed:
            return
        try:
            self._writer.sync()
            past = self.recount()
        except (OSError, Error):
            return  # the folder is gone, or cannot be read
        for name in self._stale:
            self._aggregate(name)
        for name, aggregate in self.aggregates.items():
            aggregate.become(past.aggregates.get(name, _metrics.Aggregate()))
        for name in (*self._stale, *self.aggregates):
            if name in past.latest:
                self.latest[name] = past.latest[name]
            else:
                self.latest.pop(name, None)
        self._stale.clear()

    def _renew(self, layout: _Layout) -> None:
        """Makes `layout` the newest, so that keys it shares with others settle to its values."""
        self._order.pop(layout, None)
        self._order[layout] = None
        self._newest = layout

    def _pass(self, at: int, commit: bool | None) -> None:
        after = at + 1 if commit else at
        self.step = max(self.step, after)

    def _ready(self) -> Writer | None:
        if self._writer is None and not self.closed and (writer := self._reopen()) is not None:
            self.use(writer)
        return self._writer

    def _set_back(self, now: float) -> float:
        """The clock was set back, or ticks coarsely: go on from the last time."""
        self._shift += self._now - now
        return self._now

    def _check_open(self) -> None:
        if self.closed:
            raise UsageError("this run is finished: call init() for a new one, or init(resume=...) to go on with it")


def _rendered(metric: records.Metric | None) -> _Rendered:
    kinds = _metrics.aggregated(metric)
    return kinds, metric.goal if metric is not None and kinds else None


_PLAIN: _Rendered = ((), None)

_TYPES: dict[str, type] = {"d": float, "q": int, "?": bool}


def _packs_as(given: type, kind: str) -> bool:
    """Whether `struct` packs such a value exactly: numpy's float64 is a float, an IntEnum's member no plain int."""
    return given is _TYPES[kind] or (kind == "d" and issubclass(given, float))


def _never(_: bytes) -> None:
    raise AssertionError("no journal is open")
