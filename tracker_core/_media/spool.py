"""Media that wait to be encoded: raw arrays in a run's `spool/`, taken up outside the training process.

A job is one file, renamed into place when complete: u32 length of a msgpack header, the header, the raw array.
Whoever drains holds the file's lock, so the background process and a late `finish` never do one job twice; a job
goes when its file stands under `files/`, so a killed encoder's work is done again by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from tracker_core import _records as records
from tracker_core._media.array import Array, raw
from tracker_core._media.place import Place, contained, hashed, move

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LENGTH = 4


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One array and what becomes of it. `path` is relative to `files/`."""

    path: str
    encoder: Literal["image", "video", "audio"]
    options: dict[str, Any]
    dtype: str
    shape: tuple[int, ...]


_decoder = msgspec.msgpack.Decoder(Job)


def defer(
    place: Place, folder: str, suffix: str, encoder: Literal["image", "video", "audio"], array: Array, **options: object
) -> dict[str, Any]:
    """Leaves `array` to be encoded and returns the `path` where the file will stand.

    The name hashes the raw input and the options, as the encoded bytes are not known yet.
    """
    array = np.ascontiguousarray(array)
    digest = hashlib.sha256(msgspec.msgpack.encode((array.dtype.str, array.shape, options)))
    digest.update(raw(array))
    name = digest.hexdigest()
    path = place.path(folder, name, suffix)
    if not (place.files / path).exists():
        job = Job(path=path, encoder=encoder, options=options, dtype=array.dtype.str, shape=array.shape)
        _put(place, f"{time.time_ns():020d}-{name[:20]}.job", msgspec.msgpack.encode(job), array)
    return {"path": path}


def _put(place: Place, name: str, header: bytes, array: Array) -> None:
    with place.temporary() as temporary:
        with temporary.open("xb", buffering=0) as file:
            file.write(len(header).to_bytes(_LENGTH, "little") + header)
            left = raw(array)
            while left:
                left = left[file.write(left) :]
        temporary.replace(place.spool / name)


def waiting(run: Path) -> list[Path]:
    """The jobs of a run folder, oldest first."""
    return sorted((run / "spool").glob("*.job"))


def drain(run: Path, report: Callable[[records.File], None] | None = None) -> int:
    """Encodes what waits in the run folder `run` and returns how many jobs were taken up.

    `report` gets a record for each file: with its sha256 and size, or with `error` when it cannot be encoded; the
    raw array of the latter stays in the spool as `*.failed`. Jobs that another process holds are left to it.
    """
    done = 0
    for path in waiting(run):
        with _claimed(path) as claimed:
            if claimed:
                outcome = _work(run, path)
                if outcome is not None and report is not None:
                    report(outcome)
                done += 1
    _sweep(run)
    return done


def _sweep(run: Path) -> None:
    """Removes what processes that were killed left half written."""
    for path in (run / "spool").glob("*.tmp"):
        if not _lives(path.name.partition("-")[0]):
            path.unlink(missing_ok=True)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:  # somebody else's process
        return True
    except (ProcessLookupError, ValueError):
        return False
    return True


@contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Holds the job's lock; false when somebody else has it or has already done the job."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        # Whoever held the lock before may have finished the job since it was listed.
        yield _locked(fd) and os.fstat(fd).st_nlink > 0
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)  # closing is not enough where a forked child shares the open file
        os.close(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _work(run: Path, path: Path) -> records.File | None:
    """Does one job and removes it; None for one that cannot even be read."""
    job = None
    try:
        job, array = _read(path)
        target = run / "files" / job.path
        if not target.exists():
            _encode(job, array, target, Place(run / "files", "", 0))
        digest, size = hashed(target)
    except Exception as problem:  # noqa: BLE001 - one picture that no encoder takes must not stop the others
        path.rename(path.with_suffix(".failed"))
        error = f"{type(problem).__name__}: {problem}"
        return records.File(time=time.time(), path=job.path, error=error) if job is not None else None
    path.unlink()
    return records.File(time=time.time(), path=job.path, sha256=digest, size=size)


def _read(path: Path) -> tuple[Job, Array]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        job = _decoder.decode(file.read(length))
    if not contained(job.path):
        raise ValueError(f"{job.path!r} is no place for media")
    if 0 in job.shape:
        return job, np.empty(job.shape, job.dtype)
    return job, np.memmap(path, job.dtype, "r", _LENGTH + length, job.shape)


def _encode(job: Job, array: Array, target: Path, place: Place) -> None:
    encoder = importlib.import_module(f"tracker_core._media.{job.encoder}")
    with place.temporary() as temporary:
        encoder.encode(array, job.options, temporary)
        move(temporary, target)
