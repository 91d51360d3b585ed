"""The experiment tracker that stays on your machine: `import tracker_core as tracker; tracker.init()`."""

from types import FunctionType as _FunctionType

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

for _value in [globals().get(_name) for _name in __all__]:
    # Users meet these in tracebacks and help(): show where to import them from.
    if isinstance(_value, (type, _FunctionType)) and _value.__module__.startswith(f"{__name__}._"):
        _value.__module__ = __name__
del _value
