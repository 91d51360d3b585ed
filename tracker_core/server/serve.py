"""Runs the application on an address until it is interrupted."""

from __future__ import annotations

import errno
import secrets
import socket
from typing import TYPE_CHECKING

from tracker_core import _served
from tracker_core._errors import UsageError
from tracker_core.server.app import app
from tracker_core.server.guard import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

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
    import uvicorn

    listener = _listen(host, port)
    token = None if host in LOOPBACK else secrets.token_urlsafe(24)
    address = listener.getsockname()
    shown = f"[{host}]" if ":" in host else _reachable(host)
    link = f"http://{shown}:{address[1]}/" + (f"?token={token}" if token else "")
    config = uvicorn.Config(
        app(roots, token),
        log_level="warning",
        access_log=False,
        lifespan="on",
        # Open pages hold a stream each; they are not waited for.
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with listener, _served.announced(roots, link):
        ready(link)
        server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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
