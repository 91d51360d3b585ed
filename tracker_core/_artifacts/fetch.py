"""Files of a version in a folder of the user's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from tracker_core._artifacts.objects import hashed
from tracker_core._artifacts.version import checked_path
from tracker_core._errors import Error, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker_core._artifacts.objects import Objects
    from tracker_core._artifacts.version import Entry


def fetch(entry: Entry, objects: Objects, root: Path, *, skip_missing: bool = False) -> Path:
    """Puts one file below `root`, unless it lies there already; returns its path.

    An interrupted download leaves no half file, so one that is started again goes on with what is missing. Raises
    NotFoundError when the content is gone, or lies where only another tool can get it, unless `skip_missing`.
    """
    target = root / checked_path(entry.path)
    if entry.sha256 and target.is_file() and target.stat().st_size == entry.size and hashed(target)[0] == entry.sha256:
        return target
    if entry.ref:
        _fetch_reference(entry, target, skip_missing=skip_missing)
        return target
    try:
        objects.place(entry.sha256, target)
    except FileNotFoundError:
        raise NotFoundError(f"the content of {entry.path!r} is not in {objects.folder}") from None
    return target


def fetch_all(entries: Sequence[Entry], objects: Objects, root: Path, *, skip_missing: bool) -> None:
    """Puts all of `entries` below `root`; other files there stay."""
    root.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        fetch(entry, objects, root, skip_missing=skip_missing)


def differences(entries: Iterable[Entry], root: Path) -> list[str]:
    """What differs between `entries` and the files below `root`, a line each."""
    found = []
    wanted = {entry.path: entry for entry in entries}
    for path, entry in wanted.items():
        place = root / checked_path(path)
        if not place.is_file():
            found.append(f"{path} is missing")
        elif entry.sha256 and hashed(place)[0] != entry.sha256:
            found.append(f"{path} has another content")
    return [*found, *(f"{path} does not belong to it" for path in strangers(wanted, root))]


def spoilt(entries: Iterable[Entry], objects: Objects) -> list[str]:
    """What is lost or changed of the contents that are kept, a line each."""
    found = []
    for entry in entries:
        if entry.ref:
            continue
        path = objects.path(entry.sha256)
        if not path.is_file():
            found.append(f"{entry.path} is lost")
        elif hashed(path)[0] != entry.sha256:
            found.append(f"{entry.path} is damaged")
    return found


def strangers(wanted: Iterable[str], root: Path) -> list[str]:
    """Files below `root` that are none of `wanted`."""
    known = set(wanted)
    present = (path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in present if path not in known]


def _fetch_reference(entry: Entry, target: Path, *, skip_missing: bool) -> None:
    address = urlparse(entry.ref)
    source = Path(unquote(address.path))
    if address.scheme != "file" or not source.is_file():
        if skip_missing:
            return
        raise NotFoundError(
            f"{entry.path!r} is a reference to {entry.ref}, which cannot be fetched from here; "
            "download(allow_missing_references=True) leaves it out"
        )
    if entry.sha256 and hashed(source)[0] != entry.sha256:
        raise Error(f"{source} has changed since {entry.path!r} was made a reference to it")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
