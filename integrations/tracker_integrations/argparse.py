"""argparse: with `magic`, the command-line arguments of the user's script become config."""

from __future__ import annotations

import argparse
import re
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker_core.integration import patched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, ModuleType

    from tracker_core.integration import SwitchSink

_SECRET = re.compile(r"passw|passphrase|secret|token|credential|api_?key|private_?key|access_?key|auth$", re.IGNORECASE)
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURS = tuple(str(Path(name).parent) for name in (__file__, str(sys.modules["tracker_core"].__file__)))


@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Sets the config keys that the user did not set, from what the script's own parser made of the command line.

    Scripts usually parse before they call `init()`, so the callers' variables are looked at too. Arguments whose
    name speaks of a secret are left out.
    """
    before = _parsed_by_callers()
    if before is not None:
        _tell(sink, before)

    def parse(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        namespace, _rest = call(*args, **kwargs)
        line = kwargs.get("args", args[0] if args else None)
        # Not what a sub-parser or a tool in the same process makes of other words.
        if (line is None or list(line) == sys.argv[1:]) and _is_users(_caller()):
            _tell(sink, namespace)

    with patched(module.ArgumentParser, "parse_known_args", parse):
        yield


def _tell(sink: SwitchSink, namespace: argparse.Namespace) -> None:
    sink.config.setdefaults({name: value for name, value in vars(namespace).items() if not _SECRET.search(name)})


def _parsed_by_callers() -> argparse.Namespace | None:
    """The nearest Namespace among the variables of those who called `init()`."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the public way, inspect.stack, reads all sources
    while frame is not None:
        if _is_users(frame):
            for value in frame.f_locals.values():
                if isinstance(value, argparse.Namespace):
                    return value
        frame = frame.f_back
    return None


def _caller() -> FrameType | None:
    """Who called argparse."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as above
    while frame is not None and (_is_ours(frame) or frame.f_code.co_filename == argparse.__file__):
        frame = frame.f_back
    return frame


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_OURS)


def _is_users(frame: FrameType | None) -> bool:
    """Whether this is a file of the user and not of something installed."""
    if frame is None or _is_ours(frame):
        return False
    name = frame.f_code.co_filename
    return not name.startswith(("<frozen", *_INSTALLED))
