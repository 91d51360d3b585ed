"""What of a process is the user's script, and what of its arguments is told."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core.integration import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from tracker_core.integration import SwitchSink

_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURS = tuple(f"{Path(str(sys.modules[name].__file__)).parent}" for name in ("tracker_core", "tracker_integrations"))


def tell(sink: SwitchSink, values: Mapping[str, Any], replaces: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Sets the config keys that the user did not set, but for secrets. An open file is its name.

    `replaces` is what an earlier call returned: what it set and nobody changed since gets its new value.
    """
    told = without_secrets({name: _named(value) for name, value in values.items()})
    sink.config.setdefaults(told, replaces)
    return told


class Parsed:
    """Sets what a parser made of the command line; when one is asked again, its last result counts."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._told: dict[int, tuple[object, dict[str, Any]]] = {}

    def tell(self, parser: object, values: Mapping[str, Any]) -> None:
        _, before = self._told.get(id(parser), (parser, {}))
        self._told[id(parser)] = (parser, before | tell(self._sink, values, before))  # held: its id stays taken


def frames() -> Iterator[FrameType]:
    """Those who called, nearest first, without the tracker."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the public way, inspect.stack, reads all sources
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OURS):
            yield frame
        frame = frame.f_back


def is_users(file: str | None) -> bool:
    """Whether this is a file of the user and not of something installed."""
    if file is None or file.startswith(("<frozen", *_INSTALLED, *_OURS)):
        return False
    # Also those of the user's own folder, of a distribution of Linux, and below a virtual environment.
    return not {"site-packages", "dist-packages"}.intersection(Path(file).parts)


def is_users_function(function: Any) -> bool:
    """As `is_users`, below any decorators that say what they wrap."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return code is not None and is_users(code.co_filename)


def is_line(words: Any) -> bool:
    """Whether these are the words of the command line, and not others that a script or tool parses beside them."""
    return words is None or list(words) == sys.argv[1:]


def _named(value: Any) -> Any:
    try:
        return value.name if hasattr(value, "read") and isinstance(value.name, str) else value
    except Exception:  # noqa: BLE001 - an attribute of the user's class may fail in any way
        return value
