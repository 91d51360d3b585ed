"""The servers: runs below some folders as an HTTP API, and the pages that show them, for one user or for a team.

`serve` runs one until it is interrupted; `app` is the ASGI application for other servers and for tests. `serve_team`
and `team` are the same with accounts, and with what receives uploads.
See `docs/design/server.md`.
"""

from __future__ import annotations

from tracker_core.server.local import app
from tracker_core.server.serve import serve, serve_team
from tracker_core.server.team import team

__all__ = ["app", "serve", "serve_team", "team"]
