"""argparse, and the parsers that stand on it, such as transformers' `HfArgumentParser`."""

from __future__ import annotations

import argparse
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from tracker_core.integration import patched, takes
from tracker_integrations.commandline.script import Parsed, frames, is_line, is_users

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink

_METHODS = ("parse_known_args", "parse_known_intermixed_args")
"""What every other method calls; the second one calls the first for parts of the words."""


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells what the script's parser made of the command line. Scripts usually parse before they call `init()`, so the
    callers' variables are looked at too.
    """
    parsed = Parsed(sink)
    for parser, values in _parsed_by_callers():
        parsed.tell(parser, values)
    asked = threading.local()
    left: list[list[str]] = []  # what parsers left of the line for others

    def parse(call: Any, parser: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if getattr(asked, "now", False):  # a sub-parser, or a part of what another method does
            call(*args, **kwargs)
            return
        asked.now = True
        try:
            namespace, rest = call(*args, **kwargs)
        finally:
            asked.now = False
        # Not what a tool in the same process makes of other words.
        words = kwargs.get("args", args[0] if args else None)
        if (is_line(words) or (words and list(words) in left)) and is_users(_caller(parser)):
            parsed.tell(parser, vars(namespace))
            left.append(list(rest))

    with ExitStack() as stack:
        for name in _METHODS:
            stack.enter_context(patched(module.ArgumentParser, name, parse))
        yield


def _parsed_by_callers() -> list[tuple[object, dict[str, Any]]]:
    """The parsers, and the last result of each, among the variables of those who called `init()`.

    A result does not say which parser it is of: it has all names that its parser knows by now. Where no parser is seen
    it is the nearest result, or of several in one function the one with the most names.
    """
    parsers: list[argparse.ArgumentParser] = []
    results: list[list[argparse.Namespace]] = []
    for frame in frames():
        if is_users(frame.f_code.co_filename):
            values = list(frame.f_locals.values())
            parsers += [value for value in values if isinstance(value, argparse.ArgumentParser)]
            results.append([value for value in values if isinstance(value, argparse.Namespace)])
    found: list[tuple[object, dict[str, Any]]] = []
    for parser in parsers:
        candidates = next(filter(None, ([each for each in near if _made(parser, each)] for near in results)), [])
        if candidates and all(parser is not known for known, _ in found):
            found.append((parser, vars(max(candidates, key=lambda each: _used(parser, each)))))
    if not found:
        near = next(filter(None, results), [])
        found = [(each, vars(each)) for each in near[-1:]]
        if len(near) > 1:
            most = max(reversed(near), key=lambda each: len(vars(each)))
            found = [(most, vars(most))]
    # What has most names first, since it is set first: another one has some of them only from its own defaults.
    return sorted(found, key=lambda each: -len(each[1]))


def _made(parser: argparse.ArgumentParser, result: argparse.Namespace) -> bool:
    names = _defaults(parser)
    return bool(names) and names.keys() <= vars(result).keys()


def _used(parser: argparse.ArgumentParser, result: argparse.Namespace) -> int:
    """How many of the arguments were given: a result that holds the defaults alone is hardly that of the line."""
    return sum(getattr(result, name) is not default for name, default in _defaults(parser).items())


def _defaults(parser: argparse.ArgumentParser) -> dict[str, Any]:
    actions = parser._actions  # noqa: SLF001 - no public form
    return {each.dest: each.default for each in actions if argparse.SUPPRESS not in (each.dest, each.default)}


def _caller(parser: Any) -> str | None:
    """The file of who asked the parser, whose own methods, inherited or not, are passed over."""
    for frame in frames():
        if frame.f_code.co_filename != argparse.__file__ and frame.f_locals.get("self") is not parser:
            return frame.f_code.co_filename
    return None
