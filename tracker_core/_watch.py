"""`run.watch`: hands a model to the integration that knows how to look into it."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    from tracker_core.integration import Sink

GROUP = "tracker.watch"
"""Entry points: the package that a model's class comes from -> a function `(models, sink, **options)` that returns a
context manager, which ends the watching."""


class _Watched(NamedTuple):
    """One model; `number` tells its names from those of the others."""

    model: Any
    number: int
    context: AbstractContextManager[object]


class Watches:
    """The models that one run watches."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._open: list[_Watched] = []

    def add(self, models: Any, options: dict[str, Any]) -> None:
        """Begins to watch one model or several. A model that is watched already is watched anew, not twice."""
        wanted = list(models) if isinstance(models, (list, tuple)) else [models]
        if not wanted:
            raise UsageError("watch() needs a model")
        for model, watch in [(model, _integration(model)) for model in wanted]:
            number = self._number(model)
            self.remove([model])
            context = watch([model], self._sink, first=number, **options)
            context.__enter__()
            self._open.append(_Watched(model, number, context))

    def remove(self, models: list[Any] | tuple[Any, ...] | None = None) -> None:
        """Ends the watching of these models, or of all."""
        with ExitStack() as stack:
            for entry in list(self._open):
                if models is None or any(model is entry.model for model in models):
                    self._open = [other for other in self._open if other is not entry]
                    stack.push(entry.context)

    def _number(self, model: Any) -> int:
        """The one that it has, or the first that no other has."""
        taken = {entry.number: entry.model for entry in self._open}
        known = next((number for number, other in taken.items() if other is model), None)
        return known if known is not None else next(number for number in itertools.count() if number not in taken)


def _integration(model: Any) -> Any:
    from importlib.metadata import entry_points

    packages = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    found = [entry for entry in entry_points(group=GROUP) if entry.name in packages]
    if not found:
        raise TypeError(f"watch() takes a torch.nn.Module or a list of them, not {type(model).__name__}")
    return found[0].load()
