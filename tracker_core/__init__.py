"""The experiment tracker that stays on your machine: `import tracker_core as tracker; tracker.init()`."""

from tracker_core._errors import (
    AuthenticationError,
    CommError,
    ConfigError,
    Error,
    LaunchError,
    NotFoundError,
    UsageError,
)
from tracker_core._version import __version__

__all__ = [
    "AuthenticationError",
    "CommError",
    "ConfigError",
    "Error",
    "LaunchError",
    "NotFoundError",
    "UsageError",
    "__version__",
]
