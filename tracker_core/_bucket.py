"""Buckets of the clouds, by obstore: the only module that imports it.

Credentials and endpoints come from where the clouds' own tools have them: variables, files, the machine's role.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core._errors import CommError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMES = frozenset("s3 s3a gs az adl azure abfs abfss".split())

_PIECE = 1 << 20
_VERSION = "?versionId="
_RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
"""Of one request; who reads goes on with another."""


class Object(NamedTuple):
    """One object of a bucket. `tag` and `version` are what the bucket says of its content; empty when nothing."""

    address: str
    size: int
    tag: str
    version: str


class Stream(NamedTuple):
    """The content from byte `start` on, of `size` bytes in all."""

    start: int
    size: int
    tag: str
    pieces: Iterator[bytes]


def look(address: str) -> Object:
    """What lies at `address`. Raises FileNotFoundError, or CommError, also where obstore is not installed."""
    store, key, version = _opened(address)
    import obstore

    with _translated():
        if version:
            found = obstore.get(store, key, options={"version": version, "range": (0, 1)}).meta
        else:
            found = obstore.head(store, key)
    return _object(address, found)


def below(address: str) -> Iterator[Object]:
    """Every object whose key begins with the address's and a slash."""
    store, key, _ = _opened(address)
    import obstore

    root = "/".join(address.split("/")[:3])
    with _translated():
        for batch in obstore.list(store, key.rstrip("/") or None):
            for found in batch:
                yield _object(f"{root}/{found['path']}", found)


def read(address: str, start: int, version: str) -> Stream:
    """Raises FileNotFoundError or CommError; reading raises the same."""
    store, key, own = _opened(address)
    import obstore

    options: dict[str, Any] = {"range": {"offset": start}} if start else {}
    if version or own:
        options["version"] = version or own
    with _translated():
        found = obstore.get(store, key, options=options or None)  # type: ignore[arg-type]
    return Stream(start, found.meta["size"], _plain(found.meta["e_tag"]), _pieces(found))


def _pieces(found: Any) -> Iterator[bytes]:
    with _translated():
        yield from map(bytes, found.stream(min_chunk_size=_PIECE))


def _opened(address: str) -> tuple[Any, str, str]:
    """The bucket, the key in it, and the version that the address names."""
    try:
        from obstore.store import from_url
    except ImportError:
        scheme = address.partition(":")[0]
        raise CommError(f"{scheme}:// needs the package 'obstore': pip install 'tracker-core[cloud]'") from None
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    key, _, version = key.partition(_VERSION)
    config: dict[str, Any] = {"client_options": {"connect_timeout": "10s"}}
    # The last is what TensorBoard's writers read.
    endpoint = next(filter(None, map(os.environ.get, ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "S3_ENDPOINT"))), "")
    if scheme in ("s3", "s3a") and endpoint:
        config["config"] = {"endpoint": endpoint}
        config["client_options"]["allow_http"] = endpoint.startswith("http://")
    if scheme == "gs" and (emulator := os.environ.get("STORAGE_EMULATOR_HOST", "")):
        config |= _emulated(emulator)
    if scheme in ("s3", "s3a") and (provider := _profile()) is not None:
        config["credential_provider"] = provider
    with _translated():
        return from_url(f"{scheme}://{bucket}", retry_config=_RETRIES, **config), key, version


def _emulated(address: str) -> dict[str, Any]:
    """What leads to a stand-in for Google's buckets, as Google's own libraries do it."""
    address = address if "://" in address else f"http://{address}"
    return {
        "config": {"base_url": address, "skip_signature": True},
        "client_options": {"allow_http": address.startswith("http://")},
    }


def _profile() -> Any:
    """The credentials of a profile, which only Amazon's own library reads, where that is installed."""
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_SKIP_SIGNATURE" in os.environ:
        return None
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider

        return Boto3CredentialProvider()
    except Exception:  # noqa: BLE001 - not installed, or it knows of none: then obstore asks the machine's role
        return None


def _object(address: str, found: Any) -> Object:
    return Object(address, found["size"], _plain(found["e_tag"]), found["version"] or "")


def _plain(tag: str | None) -> str:
    return (tag or "").strip('"')


@contextmanager
def _translated() -> Iterator[None]:
    from obstore import exceptions

    try:
        yield
    except (FileNotFoundError, exceptions.NotFoundError):
        raise FileNotFoundError("there is no such object") from None
    except exceptions.BaseError as error:
        # What follows is the request in full, headers and all.
        raise CommError(f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}") from None
