"""`run.watch`: hands a model to the integration that knows how to look into it."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from tracker_core.integration import Sink

GROUP = "tracker.watch"
"""Entry points: the package that a model's class comes from -> a function `(models, sink, **options)` that returns a
context manager, which ends the watching."""


class Watches:
    """The models that one run watches."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._open: list[tuple[list[Any], AbstractContextManager[object]]] = []

    def add(self, models: Any, options: dict[str, Any]) -> None:
        """Begins to watch one model or several. A model that is watched already is watched anew, not twice."""
        wanted = list(models) if isinstance(models, (list, tuple)) else [models]
        if not wanted:
            raise UsageError("watch() needs a model")
        self.remove(wanted)
        watch = _integration(wanted[0])
        first = sum(len(known) for known, _ in self._open)
        context = watch(wanted, self._sink, first=first, **options)
        context.__enter__()
        self._open.append((wanted, context))

    def remove(self, models: list[Any] | tuple[Any, ...] | None = None) -> None:
        """Ends the watching of these models, or of all."""
        with ExitStack() as stack:
            for entry in list(self._open):
                if models is None or any(model is known for model in models for known in entry[0]):
                    self._open.remove(entry)
                    stack.push(entry[1])


def _integration(model: Any) -> Any:
    from importlib.metadata import entry_points

    packages = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    found = [entry for entry in entry_points(group=GROUP) if entry.name in packages]
    if not found:
        raise TypeError(f"watch() takes a torch.nn.Module or a list of them, not {type(model).__name__}")
    return found[0].load()
