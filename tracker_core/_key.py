"""Keys of a team's server: `tk-<user>-<40 hexadecimal digits>`."""

from __future__ import annotations


def user_of(key: str) -> str | None:
    """Whose key this is; None for what is no key."""
    user, _, secret = key.removeprefix("tk-").rpartition("-")
    return user if user and len(secret) == 40 and key.startswith("tk-") else None
