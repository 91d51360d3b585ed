"""Files of a version in a folder of the user's."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from tracker_core._artifacts import cache, reference
from tracker_core._artifacts.objects import hashed
from tracker_core._artifacts.version import checked_path
from tracker_core._errors import CommError, Error, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from tracker_core._artifacts.objects import Objects
    from tracker_core._artifacts.version import Entry


def fetch_all(
    entries: Sequence[Entry],
    objects: Objects,
    root: Path,
    *,
    skip_missing: bool = False,
    skip_cache: bool | None = None,
) -> None:
    """Puts files below `root`, those left out that lie there already; other files there stay.

    An interrupted download leaves no half file, so one that is started again goes on with what is missing. Raises
    NotFoundError when a content is gone or cannot be had, unless it is a reference and `skip_missing`.
    """
    root.mkdir(parents=True, exist_ok=True)
    with _cache_for(entries) as fetched:
        for entry in entries:
            target = root / checked_path(entry.path)
            if _is_there(entry, target):
                continue
            if entry.ref:
                _fetch_reference(entry, target, fetched, skip_missing=skip_missing, keep=not skip_cache)
            else:
                _fetch_content(entry, target, objects)


def _cache_for(entries: Iterable[Entry]) -> AbstractContextManager[cache.Cache | None]:
    return cache.of_user() if any(reference.reachable(entry.ref) for entry in entries) else nullcontext()


def _is_there(entry: Entry, target: Path) -> bool:
    if not entry.sha256 or not target.is_file() or target.stat().st_size != entry.size:
        return False
    return hashed(target)[0] == entry.sha256


def _fetch_content(entry: Entry, target: Path, objects: Objects) -> None:
    try:
        objects.place(entry.sha256, target)
    except FileNotFoundError:
        raise NotFoundError(f"the content of {entry.path!r} is not in {objects.folder}") from None


def differences(entries: Iterable[Entry], root: Path) -> list[str]:
    """What differs between `entries` and the files below `root`, a line each. References are fetched to know."""
    found = []
    wanted = {entry.path: entry for entry in entries}
    with _cache_for(wanted.values()) as fetched:
        for path, entry in wanted.items():
            place = root / checked_path(path)
            if not place.is_file():
                found.append(f"{path} is missing")
            elif entry.size and place.stat().st_size != entry.size:
                found.append(f"{path} has another content")
            elif problem := _problem(entry, place, fetched):
                found.append(f"{path} {problem}")
    return [*found, *(f"{path} does not belong to it" for path in strangers(wanted, root))]


def spoilt(entries: Iterable[Entry], objects: Objects) -> list[str]:
    """What is lost or changed of the contents that are kept, and of the places that are referred to, a line each."""
    found = []
    for entry in entries:
        if entry.ref:
            if problem := _place_problem(entry):
                found.append(f"{entry.path} refers to {entry.ref}: {problem}")
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


def _problem(entry: Entry, place: Path, fetched: cache.Cache | None) -> str:
    """What is wrong with a file that should hold what `entry` names; empty when nothing is."""
    if entry.sha256:
        return "" if hashed(place)[0] == entry.sha256 else "has another content"
    if fetched is None or not reference.reachable(entry.ref):
        return ""
    try:
        sha256 = fetched.fetched(entry)[1]
    except (FileNotFoundError, Error) as error:
        return f"cannot be compared: {error}"
    return "" if hashed(place)[0] == sha256 else "has another content"


def _place_problem(entry: Entry) -> str:
    if reference.reachable(entry.ref):
        return reference.problem(entry)
    source = _local(entry)
    if source is None:
        return ""
    if not source.is_file():
        return "there is nothing any more"
    return "it has another content" if entry.sha256 and hashed(source)[0] != entry.sha256 else ""


def _fetch_reference(
    entry: Entry, target: Path, fetched: cache.Cache | None, *, skip_missing: bool, keep: bool
) -> None:
    try:
        if fetched is not None and reference.reachable(entry.ref):
            fetched.place(entry, target, keep=keep)
        else:
            _copy(entry, target)
    except (FileNotFoundError, CommError) as problem:
        if not skip_missing:
            raise NotFoundError(
                f"{entry.path!r} is a reference to {entry.ref}, which cannot be fetched: {problem}; "
                "download(allow_missing_references=True) leaves it out"
            ) from None


def _copy(entry: Entry, target: Path) -> None:
    source = _local(entry)
    if source is None:
        raise CommError("nobody here knows how to fetch from there")
    if not source.is_file():
        raise FileNotFoundError("there is no such file")
    if entry.sha256 and hashed(source)[0] != entry.sha256:
        raise Error(f"{source} has changed since {entry.path!r} was made a reference to it")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _local(entry: Entry) -> Path | None:
    """The file of this machine that is referred to, if it is one."""
    address = urlparse(entry.ref)
    return Path(unquote(address.path)) if address.scheme == "file" else None
