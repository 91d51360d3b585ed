"""Click, and what stands on it, such as Typer: the parameters of the command that is run and of its groups."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tracker_core.integration import patched, takes
from tracker_integrations.commandline.script import is_line, is_users_function, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells the parameters of every command of the script, also of the one that calls `init()`. A prompt whose input is
    hidden is left out.
    """
    roots: weakref.WeakSet[click.Context] = weakref.WeakSet()  # those that were given the command line
    commands = _Commands(sink)
    running = click.get_current_context(silent=True)
    if running is not None and is_users_function(running.command.callback):
        roots.add(running.find_root())
        commands.tell(running)

    def made(call: Any, command: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        words = kwargs.get("args", args[1] if len(args) > 1 else ())
        whole = is_line(words)  # asked first: parsing takes the words out of the list
        context = call(*args, **kwargs)
        if context.parent is None and whole:
            roots.add(context)
        if context.find_root() in roots and not _goes_on(context) and is_users_function(command.callback):
            commands.tell(context)

    # Before click 8.2 a command has it from its base.
    owner = next(base for base in module.Command.__mro__ if "make_context" in vars(base))
    with patched(owner, "make_context", made):
        yield


def _goes_on(context: click.Context) -> bool:
    """Whether a command of this group follows, which tells the group's parameters below its own."""
    return any(vars(context).get(name) for name in ("_protected_args", "protected_args"))


class _Commands:
    """Sets the parameters of commands, a nearer command's in place of its groups', and the last call's of each."""

    def __init__(self, sink: SwitchSink) -> None:
        self._sink = sink
        self._told: dict[tuple[int, ...], dict[str, Any]] = {}

    def tell(self, context: click.Context) -> None:
        line: list[click.Context] = []
        above: click.Context | None = context
        while above is not None:
            line.insert(0, above)
            above = above.parent
        values: dict[str, Any] = {}
        for each in line:
            hidden = {parameter.name for parameter in each.command.params if getattr(parameter, "hide_input", False)}
            values |= {name: value for name, value in each.params.items() if name not in hidden}
        path = tuple(id(each.command) for each in line)
        before: dict[str, Any] = {}
        for depth in range(1, len(path) + 1):
            before |= self._told.get(path[:depth], {})
        self._told[path] = before | tell(self._sink, values, before)
