"""The training process's side: learns where event files are written and hands the folders over. No data passes here."""

from __future__ import annotations

import gc
import os
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tracker_core.integration import Unsupported, patched, takes
from tracker_integrations.tensorboard.place import is_excluded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

TAIL = "tensorboard"

# Sub-folders by which frameworks tell phases apart: their name belongs to the tags even when there is only one.
PHASES = {"train", "training", "validation", "val", "valid", "eval", "evaluation", "test"}

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
        for existing in gc.get_referrers(writer_class):
            if type(existing) is writer_class and not _closed(existing):
                writers.add(existing)
                folders.add(existing.get_logdir())
        with patched(writer_class, "__init__", made):
            yield
    finally:
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
        self.handed: list[str] = []

    def add(self, logdir: Any) -> None:
        folder = _absolute(os.fspath(logdir))
        excluded = self._excluded()
        if is_excluded(folder, excluded):
            return
        known = [each for folders in _open for each in folders.handed]
        if any(folder == each or folder.startswith(f"{each}/") for each in known):
            return
        prefix = self._prefix(folder, known)
        self._sink.follow(TAIL, folder, prefix=prefix, since=self._since, exclude=excluded)
        self.handed.append(folder)

    def _excluded(self) -> list[str]:
        given = self._sink.options.get("exclude", [])
        return [_absolute(os.fspath(each)) for each in ([given] if isinstance(given, (str, os.PathLike)) else given)]

    def _prefix(self, folder: str, known: list[str]) -> str:
        root = self._sink.options.get("root_logdir")
        if root is not None:
            relative = os.path.relpath(folder, _absolute(os.fspath(root)))
            return "" if relative.startswith(".") else f"{relative}/"
        parent, name = os.path.split(folder)
        if name.lower() in PHASES:
            return f"{name}/"
        if not known:
            return ""
        alike = [each for each in known if ("://" in each) == ("://" in folder)]
        return f"{os.path.relpath(folder, os.path.commonpath([*alike, parent]))}/"


_open: list[_Folders] = []
"""Those of tensorboardX and of the others, which may write side by side: their tags must not meet either."""


def _absolute(folder: str) -> str:
    """At once: the process may change its folder, and the reader has another one."""
    if "://" in folder:
        return folder.rstrip("/")
    return os.path.abspath(folder)  # noqa: PTH100 - Path.absolute() keeps `..`


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
