"""Tyro: the arguments of the function or the fields of the class that `tyro.cli` fills."""

from __future__ import annotations

import ast
import dataclasses
import linecache
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tyro

from tracker_core.integration import Unsupported, patched, takes
from tracker_integrations.commandline.script import Parsed, frames, is_line, is_users

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, ModuleType

    from tracker_core.integration import SwitchSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells what the script's call of `tyro.cli` was given: a call still to come, one that `init()` is called within,
    or one whose object is among the callers' variables.
    """
    parsed = Parsed(sink)
    before = _given_to_callers()
    if before:
        parsed.tell(tyro.cli, before)
    calling = getattr(module, "_calling", None)
    if calling is None:
        raise Unsupported("this tyro does not build what it returns where version 1 does")

    def build(call: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        target, _consumed = call(*args, **kwargs)
        # Nested classes are built here, too; the whole is a call that waits to be made, its arguments in it.
        if not kwargs.get("field_name_prefix", args[4] if len(args) > 4 else "") and _is_scripts():
            parsed.tell(tyro.cli, _unwrapped(getattr(target, "keywords", {})))

    with patched(calling, "callable_with_args", build):
        yield


def _is_scripts() -> bool:
    """Whether it is the script that has its command line parsed."""
    for frame in frames():
        if frame.f_code is tyro.cli.__code__:
            return is_line(frame.f_locals.get("args")) and is_users(_file(frame.f_back))
    return False


def _unwrapped(arguments: dict[str, Any]) -> dict[str, Any]:
    """Of sub-commands, the fields of the one that was chosen, which tyro hands on in one argument."""
    values = list(arguments.values())
    if len(values) == 1 and next(iter(arguments)).startswith("__tyro") and dataclasses.is_dataclass(values[0]):
        return _fields(values[0])
    return arguments


def _given_to_callers() -> dict[str, Any]:
    called: FrameType | None = None
    for frame in frames():
        if frame.f_code is tyro.cli.__code__ and called is not None:
            # In a function that tyro runs: its arguments, as they are now.
            count = called.f_code.co_argcount + called.f_code.co_kwonlyargcount
            names = called.f_code.co_varnames[:count]
            return {name: called.f_locals[name] for name in names if name in called.f_locals}
        called = frame
    for frame in frames():
        file = frame.f_code.co_filename
        if is_users(file) and (classes := _filled(file)):
            for values in _variables():
                made = [value for value in values if type(value).__name__ in classes]
                if made:  # several calls; of the same name the last one's
                    return {name: each for value in made for name, each in _fields(value).items()}
    return {}


def _filled(file: str) -> set[str]:
    """The names in the first argument of the file's calls of `cli`. An object does not tell who made it."""
    source = "".join(linecache.getlines(file))
    if "tyro" not in source:
        return set()
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell of a notebook
        return set()
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    return {
        name.id
        for call in calls
        if getattr(call.func, "attr", getattr(call.func, "id", "")) == "cli"
        for name in ast.walk(call.args[0])
        if isinstance(name, ast.Name)
    }


def _variables() -> Iterator[list[Any]]:
    """The objects with fields among the variables of the user's functions that called, nearest first."""
    for frame in frames():
        if is_users(_file(frame)):
            yield [value for value in frame.f_locals.values() if dataclasses.is_dataclass(type(value))]


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}


def _file(frame: FrameType | None) -> str | None:
    return frame.f_code.co_filename if frame is not None else None
