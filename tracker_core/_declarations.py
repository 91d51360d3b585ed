"""What integrations declare: the options that they take, and the functions that they patch."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Declared = TypeVar("Declared")

_taken: dict[Any, tuple[str, ...]] = {}
_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)


def takes(*names: str) -> Callable[[Declared], Declared]:
    """Declare which options an integration reads; any other option raises a warning. Without it none is checked."""

    def declared(integration: Declared) -> Declared:
        _taken[integration] = names
        return integration

    return declared


def taken(integration: Any) -> tuple[str, ...] | None:
    """Return what `takes` declared for an integration, None where it declared nothing. Used by `_switches`."""
    return _taken.get(integration)


def note(function: str) -> None:
    """List `function` in `run.magic` for the integration that is being opened; `patched` does so by itself."""
    noted = _noted.get()
    if noted is not None:
        noted.append(function)


@contextmanager
def noting() -> Iterator[list[str]]:
    """Collect what integrations note. Used by `_switches`."""
    functions: list[str] = []
    token = _noted.set(functions)
    try:
        yield functions
    finally:
        _noted.reset(token)
