"""The tails of a run: what follows files that a framework writes, asked for by `Tail` records."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core import _records as records
from tracker_core._journal import ROW
from tracker_core._values import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker_core._folder import RunFolder
    from tracker_core._journal import Writer
    from tracker_core.integration import Tail

GROUP = "tracker.tail"


class JournalSink:
    """Where tails put what they read: the background process's own journal."""

    def __init__(self, writer: Writer, folder: RunFolder) -> None:
        self._writer = writer
        self._folder = folder

    @property
    def files(self) -> Path:
        return self._folder.files

    def row(self, data: dict[str, Any], step: int, time: float) -> None:
        kinds = "".join(map(_kind, data.values()))
        if kinds and "o" not in kinds:
            key_set = self._writer.key_set(tuple(data), kinds)
            self._writer.append(key_set.pack(ROW, key_set.id, step, time, *data.values()))
            return
        self._writer.write(records.Row(time=time, step=step, data=plain(data)))

    def record(self, record: records.Record) -> None:
        self._writer.write(record)


def _kind(value: Any) -> str:
    """How a row of numbers packs a value; "o" for what it cannot hold."""
    if type(value) is float:
        return "d"
    return "q" if type(value) is int and -(1 << 63) <= value < 1 << 63 else "o"


class Tails:
    """Every tail that was asked for, by name and source: asking twice makes one."""

    def __init__(self, sink: JournalSink, guard: Callable[[str, Callable[[], Any]], Any], cwd: str) -> None:
        self._sink = sink
        self._guard = guard
        self._cwd = cwd
        self._tails: dict[tuple[str, str], Tail | None] = {}

    def __bool__(self) -> bool:
        return any(self._tails.values())

    def add(self, record: records.Tail) -> None:
        """Starts what `record` asks for; a tail that nobody provides, or that cannot start, is told in the log."""
        source = record.source if "://" in record.source else str(Path(self._cwd, record.source))
        key = (record.tail, source)
        if key not in self._tails:
            make = partial(make_tail, record.tail, source, record.options)
            self._tails[key] = self._guard(f"tail {record.tail} of {source}", make)

    def poll(self) -> int:
        """Lets every tail read once; how many things they found."""
        return sum(
            self._guard(f"tail {name} of {source}", partial(tail.poll, self._sink)) or 0
            for (name, source), tail in self._tails.items()
            if tail is not None
        )

    def close(self) -> None:
        for (name, source), tail in self._tails.items():
            if tail is not None:
                self._guard(f"tail {name} of {source}", partial(tail.close, self._sink))
        self._tails.clear()


def make_tail(name: str, source: str, options: dict[str, Any]) -> Tail:
    """The tail registered under `name`. Raises LookupError when nobody provides it."""
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=GROUP, name=name):
        factory: Callable[[str, dict[str, Any]], Tail] = entry_point.load()
        return factory(source, options)
    raise LookupError(f"no installed package provides the tail {name!r} (searched {len(sys.path)} folders)")
