"""`tracker.login()`: scripts call it first, and nothing here needs it."""

from __future__ import annotations

import sys
from typing import Any

from tracker_core import _notice, _settings
from tracker_core._errors import LaunchError


def login(
    key: str | None = None,
    relogin: bool | None = None,  # noqa: ARG001 - the arguments that scripts pass
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,  # noqa: ARG001
    verify: bool = False,  # noqa: ARG001
    **_: Any,
) -> bool:
    """Says that runs are kept on this machine, where no account is needed; False, as nobody is logged in.

    A `key` or `host` is not used, which a warning tells, and kept nowhere. Raises LaunchError with `force=True`.
    """
    if force:
        raise LaunchError(
            "login(force=True) wants a team's server, and none is set up: leave force out to record on this machine",
            reason="not_logged_in",
        )
    if key is not None or host is not None:
        _notice.warn("login() has no server to take the key or host to: runs are kept on this machine")
    elif not _settings.gather({}).silent:
        print("tracker: no login is needed, runs are kept on this machine", file=sys.stderr)  # noqa: T201 - asked for
    return False
