"""Follows a folder of event files from the background process of a run, without TensorFlow or TensorBoard.

`EventTail` looks for files and reads them, `_EventFile` is one of them, and `steps.Steps` says at which step a value is
recorded, and what a restart takes back.
"""

from __future__ import annotations

import functools
import logging
import os
import posixpath
import re
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from tracker_core.integration import records
from tracker_integrations.tensorboard import event as events
from tracker_integrations.tensorboard.content import Converter
from tracker_integrations.tensorboard.place import SESSION, Entry, is_excluded, place
from tracker_integrations.tensorboard.record import Damaged, RecordFile
from tracker_integrations.tensorboard.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from tracker_core.integration import TailSink

_log = logging.getLogger("tracker")

_PART = 5000
"""Events read in one poll, so that a huge folder does not keep the process from its other work."""

_WRITER = re.compile(r"tfevents\.\d+\.(.+)\.(\d+)\.\d+")
"""The host and process that a writer, but tensorboardX's, has in the name of its file."""


class EventTail:
    """All event files in and below a folder, each tag at its own steps and wall times.

    Options: `prefix` goes before every tag; a sub-folder's path goes between. `since` (Unix seconds) leaves out
    what was written before: files not touched since, and older events of those that were. `folders` are the only
    ones to read, relative to the source; `exclude` has patterns of whole paths of folders to leave out; `done` says
    of a file how many bytes of it are known already; `process` is the one that files are mirrored for: those that
    another one writes, which is not its child, are left out.
    """

    def __init__(self, source: str, options: Mapping[str, Any]) -> None:
        self._source = source.rstrip("/")
        self._place = place(source)
        self._prefix = str(options.get("prefix", ""))
        self._since = float(options.get("since", 0.0))
        self._exclude: list[str] = list(options.get("exclude", ()))
        self._done: Mapping[str, int] = options.get("done", {})
        self._folders: Collection[str] | None = options.get("folders")
        self._process: int | None = options.get("process")
        self._files: dict[str, _EventFile] = {}
        self._steps: dict[str, Steps] = {}
        self._counts: dict[str, int | None] = {}  # sessions of `add_hparams` share their keys
        self._left_out: set[str] = set()
        self._damaged: set[str] = set()
        self._replaced: set[str] = set()
        self._warned: set[str] = set()
        self._config: dict[str, Any] = {}
        self._axes: dict[str, bool] = {}
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
            try:
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
            except OSError as error:  # one file that is gone or cannot be read does not keep the others from being read
                self._warn(entry.path, error)
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
                try:
                    _keep(sink, f"tensorboard/{path}", b"".join(self._place.read(path, 0)))
                except OSError as error:
                    self._warn(path, error)

    def _warn(self, path: str, error: OSError) -> None:
        if path not in self._warned:
            self._warned.add(path)
            _log.warning("tracker: %s cannot be read, and is not mirrored: %s", path, error)

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
        for entry in self._event_files():
            if entry.path in self._files:
                yield entry
            elif entry.path in self._left_out or not (entry.changed is None or entry.changed >= self._since):
                continue
            elif self._is_of_another_process(entry.path):
                self._left_out.add(entry.path)
            else:
                yield entry

    def _event_files(self) -> Iterator[Entry]:
        for entry in self._place.entries():
            name = posixpath.basename(entry.path)
            if "tfevents" in name and not name.endswith(".profile-empty") and self._is_ours(entry):
                yield entry

    def _is_of_another_process(self, path: str) -> bool:
        """Whether a living process writes the file that has nothing to do with the run: two runs may share a folder."""
        writer = _WRITER.search(posixpath.basename(path))
        if self._process is None or writer is None or writer[1] != socket.gethostname():
            return False
        number = int(writer[2])
        return number not in (self._process, os.getpid()) and _is_stranger(number, self._process)

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
            for event, wanted in file.events():
                if self._obey(event, file, sink, wanted=wanted) and wanted:
                    yield event
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

    def _obey(self, event: events.Event, file: _EventFile, sink: TailSink, *, wanted: bool) -> bool:
        """Note what the event means for its folder, whether it is mirrored or not; False for one that is taken back."""
        steps = self._steps.setdefault(posixpath.dirname(file.path), Steps(self._counts))
        if event.starts and steps.starts_again(file.path, file.records.offset):
            keys = self._purge(event, file, steps, wanted=wanted)
            if keys and wanted:
                sink.record(records.Purge(time=event.wall_time, step=event.step, names=_names(keys, file.prefix)))
        keys = {file.converter.key(value) for value in event.values if value.content is not None}
        if wanted and keys and (orphans := steps.orphans(event, keys)):
            sink.record(records.Purge(time=event.wall_time, step=event.step, names=_names(orphans, file.prefix)))
        steps.add(file.path, event, keys)
        if not wanted and self._done:  # mirrored before
            for key in keys:
                steps.step_of(file.path, key, event.step)
        return not (keys and steps.is_taken_back(file.path, event.step))

    def _purge(self, event: events.Event, file: _EventFile, steps: Steps, *, wanted: bool) -> set[str]:
        """Take back what the files before this one say of this step and later ones, as TensorBoard does."""
        folder = posixpath.dirname(file.path)
        for entry in self._event_files():  # of an earlier run, or attempt of this run, that were left out
            if posixpath.dirname(entry.path) == folder and entry.path < file.path and entry.path not in self._files:
                self._remember(entry, steps)
        keys = steps.purge(file.path, event.step)
        for path, later in self._files.items():  # the record will hide rows of these as well
            if wanted and posixpath.dirname(path) == folder and path > file.path and later.records.offset:
                steps.forget(path)
                later.begin_again()
        return keys

    def _remember(self, entry: Entry, steps: Steps) -> None:
        file = self._file(entry)
        try:
            for event, _ in file.events():
                steps.add(file.path, event, {file.converter.key(value) for value in event.values})
        except (Damaged, OSError):
            return

    def _put(self, event: events.Event, file: _EventFile, sink: TailSink) -> None:
        rows: dict[int, dict[str, Any]] = {}
        steps = self._steps[posixpath.dirname(file.path)]
        for value in event.values:
            if value.plugin == "hparams":
                self._configure(events.hyperparameters(value.plugin_content), event.wall_time, sink)
                continue
            if value.tag == "custom_scalars__config__" and isinstance(value.content, events.Tensor):
                _keep(sink, f"tensorboard/{file.prefix}custom_scalars.pb", b"".join(value.content.values))
                continue
            step = steps.step_of(file.path, file.converter.key(value), event.step)
            try:
                part = file.converter.convert(value, step, sink.files)
            except Exception as error:  # noqa: BLE001 - one value that cannot be shown must not end the mirroring
                _log.warning("tracker: %s of TensorBoard is not mirrored: %s", value.tag, error)
                continue
            if part:
                rows.setdefault(step, {}).update(part)
        for step, row in rows.items():
            sink.row(self._with_axis(row, step, event.wall_time, file.prefix, sink), step, event.wall_time)
        if event.graph:
            _keep(sink, f"tensorboard/{file.prefix}graph.pb", event.graph)
        elif event.meta_graph:
            _keep(sink, f"tensorboard/{file.prefix}meta_graph.pb", event.meta_graph)
        if event.profile is not None:
            name = re.sub(r"[^\w.-]", "_", event.profile[0]) or "step"
            _keep(sink, f"tensorboard/{file.prefix}run_metadata/{name}.pb", event.profile[1])

    def _with_axis(self, row: dict[str, Any], step: int, at: float, prefix: str, sink: TailSink) -> dict[str, Any]:
        """The row with its step as the metric `global_step`, unless the writer has a tag of that name itself."""
        axis = f"{prefix}global_step"
        if axis in row:
            self._axes[axis] = False
        elif axis not in self._axes:
            self._axes[axis] = True
            sink.record(records.Metric(time=at, name=axis, hidden=True))
        return {**row, axis: step} if self._axes[axis] else row

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

    def events(self) -> Iterator[tuple[events.Event, bool]]:
        """The new events, and whether each is to be mirrored. What is no event is left out."""
        for data in self.records.records():
            try:
                event = events.event(data)
            except (ValueError, IndexError, struct.error):
                self.records.lost += 1
                continue
            if event.version:
                # Begun by an earlier process or run, whose events are not ours.
                self._shared = self._shared or event.wall_time < self._since
                yield event, False
                continue
            if self._shared and event.wall_time < self._since:
                yield event, False
                continue
            self.time = event.wall_time
            yield event, self.records.offset > self._done


def _names(keys: Iterable[str], prefix: str) -> tuple[str, ...]:
    """The keys of the rows with these keys, whose media may be several."""
    return tuple(sorted({*keys, *(f"{key}/*" for key in keys), f"{prefix}global_step"}))


_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK")
_LAUNCH = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "SLURM_STEP_ID")


def _is_stranger(process: int, owner: int) -> bool:
    """Whether a process is neither a descendant of the other nor a rank of the same launch."""
    import psutil

    try:
        other = psutil.Process(process)
        if any(parent.pid == owner for parent in other.parents()):
            return False
        mine, theirs = psutil.Process(owner).environ(), other.environ()
    except psutil.Error:
        return False  # it is over: a child of the run's process, as far as anybody can tell
    ranks = all(any(name in environment for name in _RANKS) for environment in (mine, theirs))
    return not (ranks and all(mine.get(name) == theirs.get(name) for name in _LAUNCH))


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _keep(sink: TailSink, path: str, data: bytes) -> None:
    target = sink.files / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    sink.record(records.File(time=time.time(), path=path, size=len(data)))
