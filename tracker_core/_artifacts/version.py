"""What a version of an artifact is on the disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from tracker_core import _texts
from tracker_core._errors import UsageError
from tracker_core._file_tree import portable_name

LONGEST_NAME = 128
LONGEST_PART = 255
_LONGEST_FOLDER = 240  # leaves room for the number of a version
LONGEST_PATH = 2048

_DRIVE = re.compile(r"[a-zA-Z]:")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file at `path` (`/` between its parts). With `ref` it lies elsewhere and only its address is kept.

    Of what lies in a bucket or on the web, `etag` and `version` are what that place says of its content.
    """

    path: str
    sha256: str = ""
    size: int = 0
    ref: str = ""
    etag: str = ""
    version: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times are seconds since the Unix epoch. `run` is "project/id" of the run that made it, `source` the version
    that it is another name of."""

    type: str
    number: int
    digest: str
    created: float
    description: str | None = None
    metadata: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    expires: float | None = None
    run: str = ""
    source: str = ""
    size: int = 0
    entries: tuple[Entry, ...] = ()


class Head(msgspec.Struct, frozen=True):
    """What tells versions apart."""

    type: str
    number: int
    digest: str
    size: int = 0
    created: float = 0.0
    run: str = ""
    source: str = ""


encode = msgspec.json.Encoder(enc_hook=_texts.represented).encode
decode = msgspec.json.Decoder(Version).decode
decode_head = msgspec.json.Decoder(Head).decode


def digest_of(entries: Iterable[Entry]) -> str:
    """sha256 over the sorted paths, each with its content, or with its address and what that said of it."""
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: entry.path):
        digest.update(msgspec.msgpack.encode([entry.path, entry.sha256 or f"{entry.ref}{entry.version or entry.etag}"]))
    return digest.hexdigest()


def checked_name(name: Any) -> str:
    """`name` when it can name an artifact; UsageError otherwise."""
    if not isinstance(name, str) or not _is_name(name):
        raise UsageError(
            f"artifact name {name!r:.200} must be a text of at most {LONGEST_NAME} letters, without '/', ':', '\\', "
            "line ends, and blanks around it"
        )
    if len(quoted(name).encode()) > _LONGEST_FOLDER:
        raise UsageError(f"artifact name {name!r:.200} is longer than file systems allow")
    return name


def _is_name(name: str) -> bool:
    is_word = name.strip(".") and name == name.strip() and name.isprintable()
    return bool(is_word) and not any(letter in "/\\:" for letter in name) and len(name) <= LONGEST_NAME


def quoted(name: str) -> str:
    """The folder of an artifact: its name, with what is no letter of a word as in addresses."""
    return "".join(letter if letter.isalnum() or letter in "-_." else quote(letter) for letter in name)


def checked_aliases(aliases: Any) -> list[str]:
    """Aliases without repeats; UsageError for what reads as a number of a version or part of a path."""
    found = checked_words(aliases, "aliases")
    for alias in found:
        if not alias or "/" in alias or ":" in alias or number_of(alias) is not None:
            raise UsageError(f"alias {alias!r}: it may not be empty, hold '/' or ':', or look like a version")
    return found


def checked_words(words: Any, what: str) -> list[str]:
    """A list of texts without repeats; one text stands for a list of it. Raises UsageError for anything else."""
    if words is not None and (not isinstance(words, Iterable) or isinstance(words, Mapping)):
        raise UsageError(f"{what} must be a list of texts, not {words!r:.200}")
    listed = [words] if isinstance(words, str) else list(words or ())
    for word in listed:
        if not isinstance(word, str):
            raise UsageError(f"{what} must be a list of texts, not one with {word!r:.200}")
    return list(dict.fromkeys(portable_name(str.__str__(word)) for word in listed))


def checked_ttl(ttl: Any) -> dt.timedelta | None:
    """`ttl` when it is a positive time or None; UsageError otherwise."""
    if ttl is None or (isinstance(ttl, dt.timedelta) and ttl > dt.timedelta()):
        return ttl
    raise UsageError(f"ttl={ttl!r:.200} must be a positive datetime.timedelta, such as timedelta(days=30), or None")


def checked_type(kind: Any) -> str:
    """The type of an artifact; UsageError for what is no text."""
    if not isinstance(kind, str) or not kind:
        raise UsageError(f"type={kind!r:.200} of an artifact must be a text such as 'dataset' or 'model'")
    return portable_name(str.__str__(kind))


def checked_metadata(metadata: Any) -> Mapping[str, Any]:
    if metadata is not None and not isinstance(metadata, Mapping):
        raise UsageError(f"metadata of an artifact must be a dict, not {metadata!r:.200}")
    return {} if metadata is None else metadata


def checked_count(count: Any, what: str) -> int:
    if not isinstance(count, int) or count < 0:
        raise UsageError(f"{what}={count!r:.200} must be a number of files")
    return count


def checked_source(path: Any) -> Path:
    """`path` as a Path; UsageError when it is none."""
    try:
        return Path(path)
    except TypeError:
        raise UsageError(f"the path of a file or folder must be a text or a Path, not {path!r:.200}") from None


def checked_path(path: str) -> str:
    """`path` as the name of an entry; UsageError when it would leave the folder that it is put in, or fit into none."""
    cleaned = portable_name(str(path)).replace("\\", "/")
    parts = [part for part in cleaned.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or cleaned.startswith("/") or "\0" in cleaned or _DRIVE.match(cleaned):
        raise UsageError(f"{str(path)[:200]!r} is no path inside an artifact")
    if len("/".join(parts).encode()) > LONGEST_PATH or any(len(part.encode()) > LONGEST_PART for part in parts):
        raise UsageError(
            f"{str(path)[:50]!r}... is too long a path: at most {LONGEST_PART} bytes between two slashes and "
            f"{LONGEST_PATH} in all can be downloaded again"
        )
    return "/".join(parts)


def number_of(version: str) -> int | None:
    """3 for "v3"."""
    return int(version[1:]) if version[:1] == "v" and version[1:].isascii() and version[1:].isdigit() else None
