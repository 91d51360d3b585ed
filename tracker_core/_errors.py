"""The errors that users can catch.

Error
├── UsageError              a call that cannot work: wrong argument, wrong order
│   └── ConfigError         a config value changed without leave, or a config file that cannot be read
├── LaunchError             the run could not be started where it was asked to
├── NotFoundError           no such run, project, file or metric
├── StorageError            a file could not be written: the disk is full, or is not writable (also an OSError)
└── CommError               the server did not answer, or not as agreed
    └── AuthenticationError the server does not know, or does not accept, this key
"""

from __future__ import annotations

from typing import Literal


class Error(Exception):
    """Root of everything that the tracker raises on purpose."""


class UsageError(Error):
    """A call that cannot work as written; the message says what to write instead."""


class ConfigError(UsageError):
    """A config value was to be changed without leave, or a config file cannot be read."""


class LaunchError(Error):
    """The run could not be started where it was asked to.

    `reason` tells the three causes apart that have different cures.
    """

    def __init__(self, message: str, reason: Literal["not_logged_in", "entity_missing", "project_forbidden"]) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[LaunchError], tuple[str, str]]:
        return type(self), (str(self), self.reason)


class NotFoundError(Error, LookupError):
    """No run, project, file or metric goes by this name."""


class StorageError(Error, OSError):
    """A file could not be written, for the reason in `errno`: the disk is full, or is not writable."""

    def __init__(self, message: str, errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno

    def __reduce__(self) -> tuple[type[StorageError], tuple[str, int | None]]:
        return type(self), (str(self), self.errno)


class CommError(Error):
    """The server did not answer, or not as agreed. What was logged is safe in the run folder."""


class AuthenticationError(CommError):
    """The server does not know, or does not accept, the key that was sent."""
