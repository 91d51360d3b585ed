"""argparse, and the parsers that stand on it, such as transformers' `HfArgumentParser`."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tracker_core.integration import patched, takes
from tracker_integrations.commandline.script import frames, is_line, is_users, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells what the script's parser made of the command line. Scripts usually parse before they call `init()`, so the
    callers' variables are looked at too.
    """
    before = _parsed_by_callers()
    if before is not None:
        tell(sink, vars(before))

    def parse(call: Any, parser: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        namespace, _rest = call(*args, **kwargs)
        # Not what a sub-parser or a tool in the same process makes of other words.
        if is_line(kwargs.get("args", args[0] if args else None)) and is_users(_caller(parser)):
            tell(sink, vars(namespace))

    with patched(module.ArgumentParser, "parse_known_args", parse):
        yield


def _parsed_by_callers() -> argparse.Namespace | None:
    """The nearest Namespace among the variables of those who called `init()`."""
    for frame in frames():
        if is_users(frame.f_code.co_filename):
            for value in frame.f_locals.values():
                if isinstance(value, argparse.Namespace):
                    return value
    return None


def _caller(parser: Any) -> str | None:
    """The file of who asked the parser, whose own methods, inherited or not, are passed over."""
    for frame in frames():
        if frame.f_code.co_filename != argparse.__file__ and frame.f_locals.get("self") is not parser:
            return frame.f_code.co_filename
    return None
