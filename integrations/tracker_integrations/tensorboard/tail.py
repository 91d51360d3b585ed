"""Follows a folder of event files from the background process of a run, without TensorFlow or TensorBoard."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core.integration import records
from tracker_integrations.tensorboard import event as events
from tracker_integrations.tensorboard.content import Converter
from tracker_integrations.tensorboard.record import Damaged, RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tracker_core.integration import TailSink

_log = logging.getLogger("tracker")

_PART = 5000
"""Events read in one poll, so that a huge folder does not keep the process from its other work."""

# `add_hparams` makes one sub-folder a session and names it by the time, which would be a new prefix every time.
_SESSION = re.compile(r"\d{9,}\.\d+")


class EventTail:
    """All event files in and below a folder, each tag at its own steps and wall times.

    Options: `prefix` goes before every tag; a sub-folder's path goes between. `since` (Unix seconds) leaves out
    what was written before: files not touched since, and older events of those that were.
    """

    def __init__(self, source: str, options: Mapping[str, Any]) -> None:
        self._folder = Path(source)
        self._prefix = str(options.get("prefix", ""))
        self._since = float(options.get("since", 0.0))
        self._files: dict[Path, _EventFile] = {}
        self._damaged: set[Path] = set()
        self._config: dict[str, Any] = {}

    def poll(self, sink: TailSink) -> int:
        count = 0
        for path, size in self._found():
            file = self._files.get(path)
            if file is None:
                file = self._files[path] = _EventFile(path, self._prefix_of(path), self._since)
            if path in self._damaged or size <= file.records.offset:
                continue
            for event in self._events(file, sink):
                self._put(event, file, sink)
                count += 1
                if count >= _PART:
                    return count
        return count

    def close(self, sink: TailSink) -> None:
        """Keeps what TensorBoard's projector has in files of its own, which no event mentions."""
        for path in sorted(self._folder.rglob("projector_config.pbtxt")):
            for file in sorted(path.parent.rglob("*")):
                if file.is_file() and file.suffix in (".pbtxt", ".tsv", ".png", ".bytes"):
                    _keep(sink, f"tensorboard/{file.relative_to(self._folder).as_posix()}", file.read_bytes())

    def _found(self) -> Iterator[tuple[Path, int]]:
        """Event files and their sizes, by name: the order in which one writer made them."""
        for folder, folders, names in os.walk(self._folder):
            folders.sort()
            for name in sorted(names):
                if "tfevents" not in name or name.endswith(".profile-empty"):
                    continue
                path = Path(folder, name)
                try:
                    status = path.stat()
                except FileNotFoundError:
                    continue
                if path in self._files or status.st_mtime >= self._since:
                    yield path, status.st_size

    def _prefix_of(self, path: Path) -> str:
        parts = [part for part in path.parent.relative_to(self._folder).parts if not _SESSION.fullmatch(part)]
        return "/".join([*([self._prefix.rstrip("/")] if self._prefix else []), *parts, ""])

    def _events(self, file: _EventFile, sink: TailSink) -> Iterator[events.Event]:
        lost = file.records.lost
        try:
            yield from file.events()
        except Damaged as damage:
            self._damaged.add(file.records.path)
            _log.warning("tracker: %s is %s; what follows in it is not mirrored", file.records.path, damage)
            sink.record(records.Gap(time=file.time, lost=1, reason=f"{file.records.path.name} is {damage}"))
        if file.records.lost > lost:
            reason = f"damaged records in {file.records.path.name}"
            sink.record(records.Gap(time=file.time, lost=file.records.lost - lost, reason=reason))

    def _put(self, event: events.Event, file: _EventFile, sink: TailSink) -> None:
        row: dict[str, Any] = {}
        for value in event.values:
            if value.plugin == "hparams":
                self._configure(events.hyperparameters(value.plugin_content), event.wall_time, sink)
                continue
            try:
                row.update(file.converter.convert(value, event.step, sink.files))
            except Exception as error:  # noqa: BLE001 - one value that cannot be shown must not end the mirroring
                _log.warning("tracker: %s of TensorBoard is not mirrored: %s", value.tag, error)
        if row:
            sink.row(row, event.step, event.wall_time)
        if event.graph:
            _keep(sink, f"tensorboard/{file.prefix}graph.pb", event.graph)

    def _configure(self, values: dict[str, Any], time: float, sink: TailSink) -> None:
        new = {key: value for key, value in values.items() if key not in self._config or self._config[key] != value}
        if new:
            self._config.update(new)
            sink.record(records.Config(time=time, set=new))


class _EventFile:
    """One file being read."""

    def __init__(self, path: Path, prefix: str, since: float) -> None:
        self.records = RecordFile(path)
        self.prefix = prefix
        self.converter = Converter(prefix)
        self.time = since
        self._since = since
        self._shared = False

    def events(self) -> Iterator[events.Event]:
        """The new events. What is no event is left out."""
        for data in self.records.records():
            try:
                event = events.event(data)
            except (ValueError, IndexError):
                self.records.lost += 1
                continue
            if event.version and event.wall_time < self._since:
                self._shared = True  # begun by an earlier process or run; its events are not ours
            if self._shared and event.wall_time < self._since:
                continue
            self.time = event.wall_time
            yield event


def _keep(sink: TailSink, path: str, data: bytes) -> None:
    import time

    target = sink.files / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    sink.record(records.File(time=time.time(), path=path, size=len(data)))
