"""The training process's side: learns where event files are written and hands the folders over. No data passes here."""

from __future__ import annotations

import gc
import os
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tracker_core.integration import Unsupported, patched, takes
from tracker_integrations.tensorboard.place import SESSION, is_excluded, split_phases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

TAIL = "tensorboard"


_DRAIN = 2.0
"""Seconds that the last run to leave gives a writer whose queue is still full."""


@takes("root_logdir", "exclude")
@contextmanager
def sync_tensorboard(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Follows the folder of every writer made while the context is open or before it.

    `module` defines the class `EventFileWriter`, on which torch's, tensorboardX's and TensorBoard's own writers
    stand. Options: `root_logdir`, the folder that tags are named relative to; `exclude`, a folder or a list of them,
    wildcards allowed, whose writers are left alone.
    """
    writer_class = getattr(module, "EventFileWriter", None)
    if writer_class is None:
        raise Unsupported(f"{module.__name__} has no EventFileWriter")
    folders = _Folders(sink)
    _open.append(folders)
    writers: weakref.WeakSet[Any] = weakref.WeakSet()

    def made(call: Any, writer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call(*args, **kwargs)
        writers.add(writer)
        folders.add(writer.get_logdir())

    try:
        existing = [each for each in gc.get_referrers(writer_class) if type(each) is writer_class and not _closed(each)]
        for writer in existing:
            writers.add(writer)
            if writer not in _mirrored:
                folders.add(writer.get_logdir())
        for writer in existing:
            if writer in _mirrored:
                folders.add_earlier(writer, _mirrored[writer])
        with patched(writer_class, "__init__", made):
            yield
    finally:
        for writer in writers:
            _mirrored[writer] = folders.prefix_of(writer)
        _open.remove(folders)
    global _since  # noqa: PLW0603 - what this run has seen is not the next one's
    _since = time.time()
    for writer in writers:
        _drain(writer)


class _Folders:
    """The folders handed over for one class of writers, and how their tags are called."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._since = _since
        self._process = os.getpid()
        self._earlier: list[tuple[Any, str, int]] = []
        self.handed: dict[str, str] = {}
        """The real path of each folder, and the prefix of its tags."""

    def add(self, logdir: Any) -> None:
        folder = _absolute(os.fspath(logdir))
        if self._is_known(folder):
            return
        for writer, prefix, size in self._earlier:
            # An earlier run's writer that is written in this run, too, is one of its writers.
            if _size(writer) != size:
                self._known(_absolute(os.fspath(writer.get_logdir())), prefix)
        self._follow(folder, self._prefix(folder))

    def add_earlier(self, writer: Any, prefix: str) -> None:
        """Follow a writer that an earlier run of this process has mirrored, and that nobody has closed.

        Few of them are written again, so they have no part in how the tags of others are called.
        """
        folder = _absolute(os.fspath(writer.get_logdir()))
        if not self._is_known(folder):
            self._earlier.append((writer, prefix, _size(writer)))
            self._follow(folder, prefix, known=False)

    def prefix_of(self, writer: Any) -> str:
        """The prefix of a writer's tags, whose folder may be read with one above it."""
        for each, prefix, _ in self._earlier:
            if each is writer:
                return prefix
        real = _real(_absolute(os.fspath(writer.get_logdir())))
        above = [each for each in _handed() if real == each or real.startswith(f"{each}/")]
        if not above:
            return ""  # it is left out
        nearest = max(above, key=len)
        parts = [part for part in real[len(nearest) :].split("/") if part and not SESSION.fullmatch(part)]
        return "/".join([_handed()[nearest].rstrip("/"), *parts, ""]).lstrip("/")

    def _follow(self, folder: str, prefix: str, *, known: bool = True) -> None:
        excluded = self._excluded()
        if is_excluded(folder, excluded):
            return
        # A folder above others that are followed already would have their files read twice.
        below = [each for each in _handed() if each.startswith(f"{_real(folder)}/")]
        options = {"prefix": prefix, "since": self._since, "exclude": [*excluded, *below], "process": self._process}
        self._sink.follow(TAIL, folder, **options)
        if known:
            self._known(folder, prefix)

    def _known(self, folder: str, prefix: str) -> None:
        self.handed[_real(folder)] = prefix

    def _is_known(self, folder: str) -> bool:
        real = _real(folder)
        return any(real == each or real.startswith(f"{each}/") for each in _handed())

    def _excluded(self) -> list[str]:
        given = self._sink.options.get("exclude", [])
        return [_absolute(os.fspath(each)) for each in ([given] if isinstance(given, (str, os.PathLike)) else given)]

    def _prefix(self, folder: str) -> str:
        """Empty for the first folder, and the way from what both have in common for another one.

        Folders of phases belong to the folder that they lie in, whose name is that of all of them.
        """
        root = self._sink.options.get("root_logdir")
        if root is not None:
            relative = os.path.relpath(folder, _absolute(os.fspath(root)))
            return "" if relative.startswith(".") else f"{relative}/"
        real = _real(folder)
        owner, phases = split_phases(real)
        known = {split_phases(each)[0]: prefix for each, prefix in _handed().items()}
        if owner in known:
            for each, prefix in _handed().items():
                base, own = split_phases(each)
                if base == owner:
                    return f"{prefix.removesuffix(own)}{phases}"
        alike = [each for each in known if ("://" in each) == ("://" in owner)]
        if not known:
            return phases
        return f"{os.path.relpath(owner, os.path.commonpath([*alike, os.path.dirname(owner)]))}/{phases}"  # noqa: PTH120 - may be an address


def _handed() -> dict[str, str]:
    return {real: prefix for folders in _open for real, prefix in folders.handed.items()}


_mirrored: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
"""The writers of runs that are over, and the prefix of their tags there."""


_open: list[_Folders] = []
"""Those of tensorboardX and of the others, which may write side by side: their tags must not meet either."""


def _absolute(folder: str) -> str:
    """At once: the process may change its folder, and the reader has another one."""
    if "://" in folder:
        return folder.rstrip("/")
    return os.path.abspath(folder)  # noqa: PTH100 - Path.absolute() keeps `..`


def _real(folder: str) -> str:
    """Two paths to one folder are the same folder."""
    return folder if "://" in folder else os.path.realpath(folder)


def _size(writer: Any) -> int:
    """The bytes in a writer's folder, once it has brought there what it holds; 0 for a folder somewhere else."""
    with suppress(Exception):  # whatever a writer of somebody's own says to it
        writer.flush()
    folder = os.fspath(writer.get_logdir())
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return 0


def _drain(writer: Any) -> None:
    """Brings what the writer holds into its file. torch's `flush` waits for its queue; tensorboardX's does not, and
    an event can be between its three stages, so its queue must be seen empty a few times.
    """
    if _closed(writer):
        return
    queue = getattr(writer, "_event_queue", None)
    end, seen = time.monotonic() + _DRAIN, 0
    while queue is not None and seen < 3 and time.monotonic() < end:
        seen = seen + 1 if queue.empty() and not getattr(queue, "_buffer", ()) else 0
        time.sleep(0.01)
    with suppress(OSError):  # closed meanwhile, thus written
        writer.flush()


def _closed(writer: Any) -> bool:
    return bool(getattr(writer, "_closed", False) or getattr(getattr(writer, "_async_writer", None), "_closed", False))


def _process_start() -> float:
    """When this process began: what is older in a folder is another run's."""
    import psutil

    return float(psutil.Process().create_time())


_since = _process_start()
