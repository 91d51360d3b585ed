"""What lies elsewhere: in buckets, and on the web."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from tracker_core import _bucket, _http, _notice
from tracker_core._artifacts.version import Entry, checked_path
from tracker_core._errors import CommError, Error, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WEB = ("http", "https")


class Stream(NamedTuple):
    """A content from byte `start` on; `size` is that of the whole, None where it is not told."""

    start: int
    size: int | None
    tag: str
    pieces: Iterator[bytes]


def reachable(address: str) -> bool:
    """Whether we know how to fetch from such an address."""
    return _scheme(address) in _bucket.SCHEMES or _scheme(address) in _WEB


def checked(address: str) -> str:
    """`address`, unless it would put a password into the artifact."""
    parts = urlsplit(address)
    if parts.scheme in _WEB and parts.password:
        raise UsageError(
            f"the address at {parts.hostname} holds a password: put it into ~/.netrc and leave it out here"
        )
    return address


def look(address: str, name: str | None, most: int) -> list[Entry]:
    """The entry for what lies at `address`, or one for each object below it, with sizes and tags.

    Where the place cannot be asked, a warning says so and the address is all that is kept. Raises FileNotFoundError,
    and UsageError for more than `most` objects.
    """
    try:
        if _scheme(address) in _WEB:
            found = _http.look(address)
            return [Entry(_path(address, name), "", found.size or 0, address, found.tag)]
        return _objects(address, name, most)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is nothing at {address}") from None
    except CommError as problem:
        _notice.mention(f"{address} is kept as an address alone, without size and tag: {problem}")
        return [bare(address, name)]


def bare(address: str, name: str | None) -> Entry:
    """The entry for an address that is not asked."""
    return Entry(_path(address, name), ref=address)


def read(entry: Entry, start: int) -> Stream:
    """Its content from byte `start` on, or from the beginning where that cannot be.

    Raises FileNotFoundError, CommError, or Error when the content is another one now; reading raises CommError.
    """
    if _scheme(entry.ref) in _WEB:
        stream = Stream(*_http.read(entry.ref, start, entry.etag))
    else:
        stream = Stream(*_bucket.read(entry.ref, start, entry.version))
    if changed := _difference(entry, stream.size, stream.tag):
        raise Error(f"{entry.ref} has changed since {entry.path!r} was made a reference to it: {changed}")
    return stream


def problem(entry: Entry) -> str:
    """What is wrong with the place that an entry refers to, in a few words; empty when it is as it was."""
    try:
        if _scheme(entry.ref) in _WEB:
            web = _http.look(entry.ref)
            return _difference(entry, web.size, web.tag)
        version = f"?versionId={entry.version}" if entry.version and "?versionId=" not in entry.ref else ""
        found = _bucket.look(entry.ref + version)
        return _difference(entry, found.size, found.tag)
    except FileNotFoundError:
        return "there is nothing any more"
    except CommError as error:
        return f"it cannot be asked ({error})"


def _objects(address: str, name: str | None, most: int) -> list[Entry]:
    is_folder = address.endswith("/") or not _key(address)
    if not is_folder:
        try:
            return [_entry(_bucket.look(address), _path(address, name))]
        except FileNotFoundError:
            is_folder = True
    root = address if address.endswith("/") else f"{address}/"
    found = list(itertools.islice(_bucket.below(address), most + 1))
    if not found:
        raise FileNotFoundError(address)
    if len(found) > most:
        raise UsageError(f"{address} holds more than {most} objects: add_reference(max_objects=...) allows more")
    # Some tools leave an empty object where others see a folder.
    folders = {root.rstrip("/"), *(above for one in found for above in _above(one.address))}
    prefix = f"{name}/" if name else ""
    return [_entry(one, prefix + one.address[len(root) :]) for one in found if one.address not in folders]


def _above(address: str) -> Iterator[str]:
    while (address := address.rpartition("/")[0]).count("/") > 2:
        yield address


def _entry(found: _bucket.Object, path: str) -> Entry:
    return Entry(checked_path(path), "", found.size, found.address, found.tag, found.version)


def _difference(entry: Entry, size: int | None, tag: str) -> str:
    if entry.etag and tag != entry.etag:
        return f"its tag is {tag or 'none'}, not {entry.etag}"
    if entry.size and size is not None and size != entry.size:
        return f"it has {size} bytes, not {entry.size}"
    return ""


def _path(address: str, name: str | None) -> str:
    if name is not None:
        return checked_path(name)
    if _scheme(address) in _WEB:
        parts = urlsplit(address)
        return checked_path(unquote(parts.path).rstrip("/").rpartition("/")[2] or parts.hostname or "file")
    return checked_path(_key(address).rstrip("/").rpartition("/")[2] or address.partition("://")[2].partition("/")[0])


def _key(address: str) -> str:
    """What stands after the bucket. Keys are no addresses: a '?' or '#' in them is a letter like any other."""
    return address.partition("://")[2].partition("/")[2].partition("?versionId=")[0]


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()
