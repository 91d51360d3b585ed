"""The one HTTP client: requests, with our errors.

An error tells what happened and never the address, which may be a secret by itself; that of the team's server is none.
Proxies and certificates are those of requests: `HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`.
"""

from __future__ import annotations

import random
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tracker_core._errors import AuthenticationError, CommError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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


class RefusedError(CommError):
    """The team's server understood, and said no. `size`: what it has of what was to be added to, where it told that."""

    def __init__(self, message: str, status: int, size: int | None) -> None:
        super().__init__(message)
        self.status = status
        self.size = size


class UnreachableError(CommError):
    """The team's server did not answer: it may later."""


class _Failure(msgspec.Struct):
    error: str = ""
    size: int | None = None


class Client:
    """Speaks to the team's server at `address` with `key`, over one connection that is kept open.

    What fails on the way (no connection, 5xx, 429) is tried again for `patience` seconds, with growing pauses;
    `pause(seconds)` makes them and may raise. For one thread.
    """

    def __init__(
        self, address: str, key: str, *, patience: float = 60.0, pause: Callable[[float], object] = time.sleep
    ) -> None:
        import requests

        self.address = address.rstrip("/")
        self._patience = patience
        self._pause = pause
        self._session = requests.Session()
        self._session.headers.update(_AGENT)
        self._session.auth = _Bearer(key)  # a header of ours would give way to what stands in ~/.netrc
        self.sent = 0
        """Bytes of bodies that the server has answered for."""
        self.watch: Callable[[int], object] = abs
        """Called with the size of each of them."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        json: bool = False,
    ) -> bytes:
        """The answer's content. Raises RefusedError, UnreachableError, or AuthenticationError."""
        deadline = time.monotonic() + self._patience
        pause = 0.25
        while True:
            try:
                answer = self._once(method, path, params, body, json=json)
            except UnreachableError:
                if time.monotonic() + pause > deadline:
                    raise
            else:
                self.sent += len(body or b"")
                self.watch(len(body or b""))
                return answer
            self._pause(pause * random.uniform(0.75, 1.25))  # noqa: S311 - so that many clients do not come at once
            pause = min(pause * 2, 15.0)

    def read(self, path: str, start: int) -> Iterator[bytes]:
        """The content of a file of the server's from byte `start` on; not tried again. Raises what `ask` does."""
        import requests
        import urllib3

        headers = {**_WHOLE, "Range": f"bytes={start}-"}
        try:
            with self._session.get(
                self.address + path, headers=headers, timeout=_TIMEOUT, stream=True, allow_redirects=False
            ) as answer:
                if answer.status_code != 206:
                    raise self._refusal(answer.status_code, answer.content, answer.headers.get("Location"))
                yield from answer.raw.stream(_PIECE, decode_content=False)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            proxy = "the proxy for " if isinstance(error, requests.exceptions.ProxyError) else ""
            raise UnreachableError(f"{proxy}{self.address} does not answer: {_cause(error)}") from None

    def close(self) -> None:
        self._session.close()

    def _once(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: bytes | None, *, json: bool
    ) -> bytes:
        import requests

        headers = (
            {"Content-Type": "application/json" if json else "application/octet-stream"} if body is not None else {}
        )
        try:
            answer = self._session.request(
                method,
                self.address + path,
                params=params,
                data=body,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
            content = answer.content
        except requests.exceptions.InvalidProxyURL as error:
            raise CommError(f"the proxy for {self.address} has no usable address: {error}") from None
        except requests.exceptions.InvalidSchema as error:
            if "SOCKS" in str(error):
                raise CommError(
                    f"a SOCKS proxy is set for {self.address}, which needs a package: pip install 'requests[socks]'"
                ) from None
            raise CommError(f"{self.address} is not a server's address: it begins with http:// or https://") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema):
            raise CommError(f"{self.address} is no address of a server: it begins with http:// or https://") from None
        except requests.exceptions.SSLError as error:
            raise CommError(
                f"the certificate of {self.address} is not trusted here ({_cause(error)}): REQUESTS_CA_BUNDLE names "
                "the file of an authority of your own"
            ) from None
        except requests.exceptions.ProxyError as error:
            raise UnreachableError(f"the proxy for {self.address} does not answer: {_cause(error)}") from None
        except requests.RequestException as error:
            raise UnreachableError(f"{self.address} does not answer: {_cause(error)}") from None
        if 200 <= answer.status_code < 300:
            return content
        raise self._refusal(answer.status_code, content, answer.headers.get("Location"))

    def _refusal(self, status: int, content: bytes, location: str | None) -> CommError:
        try:
            told = msgspec.json.decode(content, type=_Failure)
        except msgspec.MsgspecError:
            told = _Failure()
        if status == 401:
            return AuthenticationError(
                f"{self.address} does not know this key: `tracker login --relogin --host {self.address}` takes another"
            )
        if status == 429 or status >= 500:
            return UnreachableError(f"{self.address} answers HTTP {status}" + (f": {told.error}" if told.error else ""))
        if 300 <= status < 400:
            return CommError(f"{self.address} sends everybody to {location}: log in with that address")
        if not told.error or (status == 404 and "no such operation" in told.error):
            return CommError(
                f"{self.address} is no tracker server, or one of an older version (HTTP {status}): update it"
            )
        return RefusedError(told.error, status, told.size)


class _Bearer:
    def __init__(self, key: str) -> None:
        self._header = f"Bearer {key}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _cause(error: BaseException) -> str:
    """The innermost error of requests, which wraps it several times."""
    while True:
        inner = [
            each
            for each in (getattr(error, "reason", None), getattr(error, "original_error", None), *error.args)
            if isinstance(each, BaseException)
        ]
        if not inner:
            break
        error = inner[0]
    text = str(error).rpartition(": ")[2]
    return re.sub(r"^\[Errno -?\d+\] ", "", text) or type(error).__name__


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
