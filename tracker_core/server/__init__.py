"""The local server: runs below some folders as an HTTP API, and the pages that show them.

`serve` runs it until it is interrupted; `app` is the ASGI application for other servers and for tests.
See `docs/design/server.md`.
"""

from __future__ import annotations

from tracker_core.server.app import app
from tracker_core.server.serve import serve

__all__ = ["app", "serve"]
