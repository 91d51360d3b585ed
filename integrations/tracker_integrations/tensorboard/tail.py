"""Follows a folder of event files from the background process of a run, without TensorFlow or TensorBoard."""

from __future__ import annotations

import functools
import logging
import posixpath
import re
import time
from typing import TYPE_CHECKING, Any

from tracker_core.integration import records
from tracker_integrations.tensorboard import event as events
from tracker_integrations.tensorboard.content import Converter
from tracker_integrations.tensorboard.place import Entry, is_excluded, place
from tracker_integrations.tensorboard.record import Damaged, RecordFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tracker_core.integration import TailSink

_log = logging.getLogger("tracker")

_PART = 5000
"""Events read in one poll, so that a huge folder does not keep the process from its other work."""

# `add_hparams` makes one sub-folder a session and names it by the time, which would be a new prefix every time.
SESSION = re.compile(r"\d{9,}\.\d+")


class EventTail:
    """All event files in and below a folder, each tag at its own steps and wall times.

    Options: `prefix` goes before every tag; a sub-folder's path goes between. `since` (Unix seconds) leaves out
    what was written before: files not touched since, and older events of those that were. `folders` are the only
    ones to read, relative to the source; `exclude` has patterns of whole paths of folders to leave out; `done` says
    of a file how many bytes of it are known already.
    """

    def __init__(self, source: str, options: Mapping[str, Any]) -> None:
        self._source = source.rstrip("/")
        self._place = place(source)
        self._prefix = str(options.get("prefix", ""))
        self._since = float(options.get("since", 0.0))
        self._exclude: list[str] = list(options.get("exclude", ()))
        self._done: Mapping[str, int] = options.get("done", {})
        self._folders: Collection[str] | None = options.get("folders")
        self._files: dict[str, _EventFile] = {}
        self._damaged: set[str] = set()
        self._replaced: set[str] = set()
        self._config: dict[str, Any] = {}
        self._next = 0.0

    @property
    def read(self) -> dict[str, int]:
        """How far each file was read: what to give as `done` to leave that out."""
        return {path: file.records.offset for path, file in self._files.items()}

    def poll(self, sink: TailSink) -> int:
        if self._place.pause and time.monotonic() < self._next:
            return 0
        count = 0
        for entry in self._found():
            file = self._files.get(entry.path)
            if file is None:
                file = self._files[entry.path] = self._file(entry)
            elif file.is_replaced(entry):
                self._begin_again(file)
            if file.path in self._damaged or entry.size <= file.records.offset:
                continue
            for event in self._events(file, sink):
                self._put(event, file, sink)
                count += 1
                if count >= _PART:
                    return count
        self._next = time.monotonic() + self._place.pause
        return count

    def close(self, sink: TailSink) -> None:
        """Reads what was left for later, and keeps what TensorBoard's projector has in files of its own, which no
        event mentions.
        """
        self._next = 0.0
        while self._place.pause and self.poll(sink):
            self._next = 0.0
        entries = [entry for entry in self._place.entries() if self._is_ours(entry)]
        projected = [
            posixpath.dirname(entry.path) for entry in entries if entry.path.endswith("projector_config.pbtxt")
        ]
        for path in (entry.path for entry in entries):
            if path.endswith((".pbtxt", ".tsv", ".png", ".bytes")) and any(_is_below(path, each) for each in projected):
                _keep(sink, f"tensorboard/{path}", b"".join(self._place.read(path, 0)))

    def _file(self, entry: Entry) -> _EventFile:
        read = functools.partial(self._place.read, entry.path)
        return _EventFile(entry, read, self._prefix_of(entry.path), self._since, self._done.get(entry.path, 0))

    def _begin_again(self, file: _EventFile) -> None:
        """What was read stays. Where the file is a shorter copy of itself, the same points are written once more."""
        if file.path not in self._replaced:
            _log.warning("tracker: %s was cut or replaced by another file; it is read from its beginning", file.path)
        self._replaced.add(file.path)
        self._damaged.discard(file.path)
        file.begin_again()

    def _found(self) -> Iterator[Entry]:
        for entry in self._place.entries():
            name = posixpath.basename(entry.path)
            if "tfevents" not in name or name.endswith(".profile-empty") or not self._is_ours(entry):
                continue
            if entry.path in self._files or entry.changed is None or entry.changed >= self._since:
                yield entry

    def _is_ours(self, entry: Entry) -> bool:
        folder = posixpath.dirname(entry.path)
        if self._folders is not None and folder not in self._folders:
            return False
        return not self._exclude or not is_excluded(f"{self._source}/{folder}".rstrip("/"), self._exclude)

    def _prefix_of(self, path: str) -> str:
        parts = [part for part in path.split("/")[:-1] if not SESSION.fullmatch(part)]
        return "/".join([*([self._prefix.rstrip("/")] if self._prefix else []), *parts, ""])

    def _events(self, file: _EventFile, sink: TailSink) -> Iterator[events.Event]:
        lost = file.records.lost
        try:
            yield from file.events()
        except Damaged as damage:
            if file.records.is_another():  # written anew since the last look, and longer by now
                self._begin_again(file)
                yield from self._events(file, sink)
                return
            self._damaged.add(file.path)
            _log.warning("tracker: %s is %s; what follows in it is not mirrored", file.path, damage)
            sink.record(records.Gap(time=file.time, lost=1, reason=f"{posixpath.basename(file.path)} is {damage}"))
        if file.records.lost > lost:
            reason = f"damaged records in {posixpath.basename(file.path)}"
            sink.record(records.Gap(time=file.time, lost=file.records.lost - lost, reason=reason))

    def _put(self, event: events.Event, file: _EventFile, sink: TailSink) -> None:
        row: dict[str, Any] = {}
        for value in event.values:
            if value.plugin == "hparams":
                self._configure(events.hyperparameters(value.plugin_content), event.wall_time, sink)
                continue
            if value.tag == "custom_scalars__config__" and isinstance(value.content, events.Tensor):
                _keep(sink, f"tensorboard/{file.prefix}custom_scalars.pb", b"".join(value.content.values))
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

    def __init__(
        self, entry: Entry, read: Callable[[int], Iterator[bytes]], prefix: str, since: float, done: int
    ) -> None:
        self.path = entry.path
        self.prefix = prefix
        self.time = since
        self._read = read
        self._number = entry.number
        self._since = since
        self._done = done if done <= entry.size else 0
        self.begin_again()

    def begin_again(self) -> None:
        self.records = RecordFile(self._read)
        self.converter = Converter(self.prefix)
        self._shared = False

    def is_replaced(self, entry: Entry) -> bool:
        """Whether it is not what was read any more, as far as that can be told without reading.

        A file that another was moved to may go on where the one before ended: so do those who copy folders.
        """
        moved, self._number = entry.number != self._number, entry.number
        return entry.size < self.records.offset or (moved and self.records.is_another())

    def events(self) -> Iterator[events.Event]:
        """The new events. What is no event is left out."""
        for data in self.records.records():
            try:
                event = events.event(data)
            except (ValueError, IndexError):
                self.records.lost += 1
                continue
            if event.version:
                # Begun by an earlier process or run, whose events are not ours.
                self._shared = self._shared or event.wall_time < self._since
                continue
            if self._shared and event.wall_time < self._since:
                continue
            self.time = event.wall_time
            if self.records.offset <= self._done:
                self.converter.remember(event.values)
                continue
            yield event


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _keep(sink: TailSink, path: str, data: bytes) -> None:
    target = sink.files / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    sink.record(records.File(time=time.time(), path=path, size=len(data)))
