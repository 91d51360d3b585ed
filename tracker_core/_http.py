"""The one HTTP client: requests, with our errors.

An error tells what happened and never the address, which may be a secret by itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tracker_core._errors import CommError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

_AGENT = {"User-Agent": "tracker-core"}
_WHOLE = {**_AGENT, "Accept-Encoding": "identity"}  # sizes and ranges are those of the content
_TIMEOUT = (10.0, 60.0)
"""Seconds for the connection, and between two pieces."""
_PIECE = 1 << 20


class Stream(NamedTuple):
    """The content from byte `start` on, of `size` bytes in all (None: not told). `tag` tells contents apart: an ETag,
    or when it was changed; empty when the server says neither."""

    start: int
    size: int | None
    tag: str
    pieces: Iterator[bytes]


def post_json(address: str, body: bytes, *, timeout: float) -> None:
    """Posts JSON and wants a success; redirects are not followed, as they would be got and not posted.

    `timeout` is in seconds, for the connection and for the answer. Raises CommError.
    """
    import requests

    headers = {"Content-Type": "application/json", **_AGENT}
    with _translated():
        response = requests.post(address, data=body, headers=headers, timeout=timeout, allow_redirects=False)
        if not 200 <= response.status_code < 300:
            raise CommError(f"HTTP {response.status_code}")


def look(address: str) -> Stream:
    """Size and tag of what lies at `address`. Raises FileNotFoundError or CommError."""
    import requests

    with _translated():
        response = requests.head(address, headers=_WHOLE, timeout=_TIMEOUT, allow_redirects=True)
        if response.status_code not in (400, 403, 405, 501):  # servers that know GET only say one of these
            _check(response)
            return _told(response, 0)
        with requests.get(address, headers=_WHOLE, timeout=_TIMEOUT, stream=True) as opened:
            _check(opened)
            return _told(opened, 0)


def read(address: str, start: int, tag: str) -> Stream:
    """The content from `start` on; from its beginning where the server cannot do that or has another `tag` now.

    Raises FileNotFoundError or CommError; reading raises CommError.
    """
    import requests

    headers = dict(_WHOLE)
    if start and tag and not tag.startswith("W/"):
        headers |= {"Range": f"bytes={start}-", "If-Range": tag if ", " in tag else f'"{tag}"'}
    with _translated():
        response = requests.get(address, headers=headers, timeout=_TIMEOUT, stream=True)
        _check(response)
        return _told(response, start if response.status_code == 206 else 0)


def _told(response: requests.Response, start: int) -> Stream:
    length = response.headers.get("Content-Length")
    size = start + int(length) if length is not None and length.isdigit() else None
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
    return Stream(start, size, tag if tag.startswith("W/") else tag.strip('"'), _pieces(response))


def _pieces(response: requests.Response) -> Iterator[bytes]:
    with response, _translated():
        yield from response.raw.stream(_PIECE, decode_content=False)


def _check(response: requests.Response) -> None:
    if response.status_code in (200, 206):
        return
    response.close()
    if response.status_code in (404, 410):
        raise FileNotFoundError(f"HTTP {response.status_code}")
    raise CommError(f"HTTP {response.status_code}")


@contextmanager
def _translated() -> Iterator[None]:
    import requests
    import urllib3

    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise CommError(type(error).__name__) from None
