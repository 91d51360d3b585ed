"""What media are made from when it is no array: files, open files and bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection


def is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))


def path_of(value: str | os.PathLike[str], suffixes: Collection[str], what: str) -> tuple[Path, str]:
    """The file and its suffix, of those that `what` comes in ("tar.gz"-like ones first).

    Raises UsageError for another suffix or an address, FileNotFoundError when there is no such file.
    """
    path = here(value, what)
    suffix = next((known for known in suffixes if path.name.lower().endswith(f".{known}")), None)
    if suffix is None:
        raise UsageError(f"{what} comes in files of type {', '.join(suffixes)}; not {path.name[:200]!r}")
    if not path.is_file():
        raise FileNotFoundError(f"{what}: there is no file {str(path)[:200]!r}")
    return path, suffix


def here(value: str | os.PathLike[str], what: str) -> Path:
    """The path that `value` is. Raises UsageError for an address."""
    text = os.fspath(value)
    if "://" in text:
        raise UsageError(f"{what} is logged from a file or an array, not from the address {text[:200]}")
    return Path(text)


def read_bytes(value: Any) -> bytes | None:
    """The content of bytes or of an open file, from its start where it can go back; None for anything else."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not hasattr(value, "read"):
        return None
    if hasattr(value, "seek") and value.seekable():
        value.seek(0)
    data = value.read()
    return data.encode() if isinstance(data, str) else bytes(data)
