"""What a process appends its records to."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Protocol

from tracker_core._journal.format import SEGMENT_SIZE, Header, KeySet
from tracker_core._journal.journal import Journal
from tracker_core._journal.liveness import claim
from tracker_core._journal.mount import maps_are_safe

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core import _records as records
    from tracker_core._folder import RunFolder

_NO_MAPS = (errno.ENODEV, errno.EINVAL, errno.EACCES, errno.EOPNOTSUPP)


class Writer(Protocol):
    """Writes one journal. Safe to call from threads, signal handlers and destructors.

    Nothing here raises because of the disk: a full one is warned about once, then records wait in memory, and
    what does not fit there is counted and told by a `Gap` record as soon as there is room. After `close` and
    `abandon` every record counts as lost.
    """

    path: Path
    """The journal's segment 0."""
    label: str

    def key_set(self, names: tuple[str, ...], kinds: str, stream: records.Stream = "metrics") -> KeySet:
        """The key set of these keys; the same object for the same arguments."""
        ...

    def append(self, body: bytes) -> None:
        """Appends one frame, given as its type and payload."""
        ...

    def write(self, record: records.Record) -> None: ...

    def sync(self) -> None:
        """Waits until everything written so far is on the disk, which no dying process needs but a power cut does."""
        ...

    def close(self) -> None:
        """Ends the journal and gives its lock back. Does not wait for the disk; `sync` does."""
        ...

    def abandon(self) -> None:
        """Forgets the journal without touching it: it belongs to the process that this one was forked from."""
        ...

    def lost(self) -> int:
        """How many records could not be kept."""
        ...


def open_writer(
    folder: RunFolder,
    label: str,
    *,
    run: str,
    attempt: int,
    buffered: bool | None = None,
    segment_size: int = SEGMENT_SIZE,
) -> Writer:
    """Begins a journal of this process in `folder`. A taken label gets `~2`, `~3` ... behind it.

    `buffered` chooses between a memory map and a buffer with a thread; None asks the file system. Raises OSError
    when the journal cannot be made.
    """
    path, label, lock = claim(folder.path, attempt, label)
    header = Header(run=run, label=label, attempt=attempt, pid=os.getpid(), host=os.uname().nodename, time=time.time())
    mapped = maps_are_safe(folder.path) if buffered is None else not buffered
    try:
        try:
            return Journal(path, lock, header, buffered=not mapped, segment_size=segment_size)
        except OSError as error:
            if buffered is not None or not mapped or error.errno not in _NO_MAPS:
                raise
            os.truncate(path, 0)
            return Journal(path, lock, header, buffered=True, segment_size=segment_size)
    except BaseException:
        lock.close()
        path.unlink(missing_ok=True)
        raise
