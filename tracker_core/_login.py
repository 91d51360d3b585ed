"""`tracker.login()` and what it leaves in the user's settings file: the address of a team's server and a key."""

from __future__ import annotations

import sys
from typing import Any

from tracker_core import _notice, _settings
from tracker_core._errors import LaunchError, UsageError
from tracker_core._key import user_of


def login(
    key: str | None = None,
    relogin: bool | None = None,
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,
    verify: bool = False,
    **_: Any,
) -> bool:
    """Logs this user of this machine in to the team's server `host`; whether somebody is logged in then.

    What is not given comes from the settings (`TRACKER_BASE_URL`, `TRACKER_API_KEY`, `tracker login`); a key that is
    nowhere, or any with `relogin`, is asked for on a terminal, for `timeout` seconds. A new key is tried on the server
    and kept in the user's settings file, which nobody else can read; `verify` tries a known one, too. Without a server
    runs are kept on this machine, which needs no login.

    Raises AuthenticationError for a key that the server does not know, LaunchError with `force` where nobody is logged
    in, CommError with `verify` where the server does not answer.
    """
    settings = _settings.gather({})
    address = _checked(host or settings.base_url)
    if address is None:
        return _nowhere(key, silent=settings.silent, force=bool(force))
    known = None if relogin else _known(settings, address)
    chosen = (key or known or _ask(address, timeout) or "").strip()
    if not chosen:
        if force:
            raise LaunchError(f"login(force=True): no key for {address} is known here", reason="not_logged_in")
        _notice.warn(f"not logged in to {address}: `tracker login` on a terminal, or TRACKER_API_KEY")
        return False
    if user_of(chosen) is None:
        raise UsageError("this is no key of a tracker server: such a one begins with tk-")
    if chosen != known or verify:
        _try(address, chosen, verify=verify)
    if chosen != known:
        _settings.write_user_file({"base_url": address, "api_key": chosen}, keys={address: chosen})
    return True


def _known(settings: _settings.Settings, address: str) -> str | None:
    if _settings.address_of(settings.base_url or "") == _settings.address_of(address):
        return settings.api_key
    return _settings.stored_key(address)


def _nowhere(key: str | None, *, silent: bool, force: bool) -> bool:
    if force:
        raise LaunchError(
            "login(force=True) wants a team's server, and none is set up: leave force out to record on this machine",
            reason="not_logged_in",
        )
    if key is not None:
        _notice.warn("login() has no server to take the key to: runs are kept on this machine; host= names one")
    elif not silent:
        print("tracker: no login is needed, runs are kept on this machine", file=sys.stderr)  # noqa: T201 - asked for
    return False


def _checked(address: str | None) -> str | None:
    if not address:
        return None
    if not address.startswith(("http://", "https://")):
        raise UsageError(f"{address!r} is no address of a server: it begins with http:// or https://")
    return address.rstrip("/")


def _try(address: str, key: str, *, verify: bool) -> None:
    from tracker_core._http import Client, UnreachableError
    from tracker_core._upload.server import whoami

    client = Client(address, key, patience=0)
    try:
        whoami(client)
    except UnreachableError as error:
        if verify:
            raise
        _notice.warn(f"{error}: the key is kept, and was not tried")  # no reason to end a training
    finally:
        client.close()


def _ask(address: str, timeout: float | None) -> str | None:
    """The key that somebody types, unseen; None where nobody can, or does in time."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        return None
    if timeout is not None:
        import select

        print(f"API key for {address} (wait {timeout} s to go on without): ", end="", file=sys.stderr, flush=True)  # noqa: T201
        if not select.select([sys.stdin], [], [], timeout)[0]:
            print(file=sys.stderr)  # noqa: T201
            return None
        return sys.stdin.readline()
    import getpass

    return getpass.getpass(f"API key for {address}: ")
