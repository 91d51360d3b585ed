"""Abseil: the flags that the user's own modules define."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from absl import flags

from tracker_core.integration import patched, takes
from tracker_integrations.commandline.script import Parsed, is_users

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tracker_core.integration import SwitchSink


@takes()
@contextmanager
def magic(module: ModuleType, sink: SwitchSink) -> Iterator[None]:
    """Tells the flags' values, defaults included, when they are parsed, or at once where `app.run` has done so."""
    del module  # the package itself is empty
    parsed = Parsed(sink)
    if flags.FLAGS.is_parsed():
        parsed.tell(flags.FLAGS, _values())

    def parse(call: Any, values: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        words = list(kwargs.get("argv", args[0] if args else ()))
        call(*args, **kwargs)
        if values is flags.FLAGS and words[1:] == sys.argv[1:]:
            parsed.tell(values, _values())

    with patched(flags.FlagValues, "__call__", parse):
        yield


def _values() -> dict[str, Any]:
    modules = {id(module): module for module in list(sys.modules.values())}
    found = {}
    for number, defined in flags.FLAGS.flags_by_module_id_dict().items():
        if is_users(getattr(modules.get(number), "__file__", None)):
            found.update({flag.name: _plain(flag.value) for flag in defined})
    return found


def _plain(value: Any) -> Any:
    """A config file given by a flag is ml_collections' `ConfigDict`."""
    return value.to_dict() if callable(getattr(value, "to_dict", None)) else value
