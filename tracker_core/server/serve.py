"""Runs the application on an address until it is interrupted."""

from __future__ import annotations

import contextlib
import errno
import resource
import secrets
import socket
from typing import TYPE_CHECKING

from tracker_core import _served
from tracker_core._errors import UsageError
from tracker_core.server.guard import LOOPBACK
from tracker_core.server.local import app
from tracker_core.server.team import alone, team

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

PORT = 8650


def serve(
    roots: Sequence[Path],
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    ready: Callable[[str], None] = lambda _link: None,
) -> None:
    """Blocks until it is interrupted. `ready` gets the link once the port is open; port 0 takes a free one.

    Raises UsageError for an address or a port that cannot be had.
    """
    listener = _listen(host, port)
    token = None if host in LOOPBACK else secrets.token_urlsafe(24)
    link = _link(host, listener) + (f"?token={token}" if token else "")
    with listener, _served.announced(roots, link):
        ready(link)
        _run(app(roots, token), listener)


def serve_team(
    data: Path, *, host: str = "127.0.0.1", port: int = PORT, ready: Callable[[str], None] = lambda _link: None
) -> None:
    """The same for a team's server over `data`. Raises UsageError while another one works on it, too."""
    with alone(data), _listen(host, port) as listener:
        _allow_many_files()
        application = team(data)
        ready(_link(host, listener))
        _run(application, listener)


def _run(application: ASGIApp, listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        lifespan="on",
        # Open pages hold a stream each; they are not waited for.
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _link(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else _reachable(host)
    return f"http://{shown}:{listener.getsockname()[1]}/"


def _allow_many_files() -> None:
    """Each run that goes on takes an open file or two, for its lock."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # macOS refuses its own limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard > 0 else 65536, hard))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Told that it is TCP, asyncio sends small answers at once; else many wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        code = getattr(error, "errno", None)
        if code == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} is in use; choose another with --port, or --port 0 for a free one"
            ) from error
        if code == errno.EACCES:
            raise UsageError(f"port {port} may not be opened by this user; choose one above 1023") from error
        raise UsageError(f"cannot listen on {host}:{port}: {error}") from error
    return listener


def _reachable(host: str) -> str:
    """A name that a browser elsewhere can use for an address that stands for all of them."""
    return socket.gethostname() if host == "0.0.0.0" else host  # noqa: S104 - a comparison, not a bind
