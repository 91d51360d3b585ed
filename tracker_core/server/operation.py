"""The operations of the API: one line each, and how a request becomes a call and an answer."""

from __future__ import annotations

import hashlib
import re
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import anyio
import msgspec
from anyio.lowlevel import RunVar
from starlette.responses import Response

from tracker_core._errors import Error, NotFoundError
from tracker_core.server import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

_Answer = TypeVar("_Answer")

BODY = 1 << 20
"""Bytes of the largest request, where an operation says nothing else; edits are small."""

_WORTH = 1400
"""Bytes from which an answer is compressed: less fits one packet anyway."""

THREADS = 12
"""Calls at once: each may hold a database connection, of three descriptors, and they share one interpreter anyway."""

_json = msgspec.json.Encoder(enc_hook=str).encode
_LONG = re.compile(rb"[:,\[]-?\d{16,}[,\]}]")
_EXACT = 2**53
"""Up to here a number of JSON is exact in a browser."""


def _encode(answer: Any) -> bytes:
    """As JSON, where integers of users' values that a browser would round are texts. A field that is declared as an
    integer stays one: a file's time in nanoseconds goes to our own client."""
    content = _json(answer)
    if not _LONG.search(content):
        return content
    return _json(_with_exact(answer))


def _with_exact(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: part if field.type is int else _with_exact(part)
            for field in msgspec.structs.fields(value)
            if (part := getattr(value, field.name)) is not msgspec.UNSET
        }
    if isinstance(value, dict):
        return {key: _with_exact(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_exact(part) for part in value]
    wide = isinstance(value, int) and not -_EXACT <= value <= _EXACT
    return str(value) if wide else value


class ConflictError(Error):
    """What was sent does not follow on what is there: `size` bytes."""

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class ForbiddenError(Error):
    """It is somebody else's."""


class GoneError(Error):
    """It was deleted, and is not to come back."""


class Operation(NamedTuple):
    """`call` gets the parameters, then the body if there is one. It may give a ready Response instead of `answer`."""

    method: str
    path: str
    summary: str
    call: Callable[..., Any]
    parameters: type[msgspec.Struct] = wire.Nothing
    body: type[msgspec.Struct | bytes] | None = None
    """What the body says, as JSON; `bytes` takes it as it is."""
    answer: type[msgspec.Struct] | None = None
    media: tuple[str, ...] = ()
    """Content types beside, or instead of, JSON."""
    limit: int = BODY
    """Bytes of the largest request."""
    refusals: tuple[int, ...] = ()
    """Statuses of failures beyond 400, 403 and 404."""


def endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint of an operation. Calls run in a thread: they read a database."""
    lists = {
        field.encode_name for field in msgspec.structs.fields(operation.parameters) if isinstance(field.default, tuple)
    }

    async def handle(request: Request) -> Response:
        try:
            given: dict[str, Any] = {**request.query_params, **request.path_params}
            given.update({name: request.query_params.getlist(name) for name in lists})
            arguments: list[Any] = [msgspec.convert(given, operation.parameters, strict=False)]
            if operation.body is not None:
                content = await _body(request, operation.limit)
                arguments.append(
                    content if operation.body is bytes else msgspec.json.decode(content, type=operation.body)
                )
            answer = await in_thread(partial(operation.call, request, *arguments))
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            return failure(400, f"This request cannot be understood: {error}")
        except Error as error:
            return _refusal(error)
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return Response(status_code=204)
        return reply(request, _encode(answer), "application/json")

    return handle


_limiter: RunVar[anyio.CapacityLimiter] = RunVar("limiter")


async def in_thread(call: Callable[[], _Answer]) -> _Answer:
    """What the call gives, made in one of a few threads."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(THREADS)
        _limiter.set(limiter)
    return await anyio.to_thread.run_sync(call, limiter=limiter)


def reply(request: Request, content: bytes, media: str) -> Response:
    """An answer that is not sent again to whoever has it, and compressed for whoever can read that."""
    tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept, accept-encoding"}
    if request.method == "GET" and tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    encoding = request.headers.get("accept-encoding", "")
    # Columns of floats hardly shrink, and a loopback is faster than any compressor.
    if len(content) > _WORTH and media != "application/octet-stream":
        if "zstd" in encoding:
            import zstandard

            content = zstandard.ZstdCompressor(level=1).compress(content)
            headers["content-encoding"] = "zstd"
        elif "gzip" in encoding:
            packer = zlib.compressobj(1, wbits=31)
            content = packer.compress(content) + packer.flush()
            headers["content-encoding"] = "gzip"
    return Response(content, media_type=media, headers=headers)


def failure(status: int, message: str, size: int | None = None) -> Response:
    return Response(_encode(wire.Failure(message, size)), status, media_type="application/json")


def _refusal(error: Error) -> Response:
    statuses = {NotFoundError: 404, ForbiddenError: 403, GoneError: 410, ConflictError: 409}
    return failure(statuses.get(type(error), 400), str(error), getattr(error, "size", None))


async def _body(request: Request, limit: int) -> bytes:
    """Raises msgspec.ValidationError for one that is too large."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limit:
            raise msgspec.ValidationError(f"the body is larger than {limit} bytes")
    return bytes(content)
