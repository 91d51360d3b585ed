"""Numbers that an accelerator is still working out: taken over without waiting, read when they are there.

Reading such a number at once would make the training wait for its device at every `log`, which is what costs most in
loops that log a loss tensor. What is taken over is a copy of the device's own, so that a value changed in place or a
donated buffer changes nothing. Known by looks alone, like all foreign values: no framework is imported for it.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tracker_core import _notice, _values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_LIMIT = 1_000


class Deferred(Protocol):
    """A number on its way to the host."""

    def ready(self) -> bool:
        """Whether `wait` would return at once."""

    def wait(self) -> Any:
        """Returns when the number is there. Raises what the device's computation raised, as the others do."""

    def read(self) -> float | int | bool | None:
        """The number once it is there; None when it is none."""


def wait(parts: list[Part], patience: float | None = None) -> None:
    """Returns when all of `parts` are there, or after `patience` seconds.

    Hold no lock meanwhile: the device may be in a callback of the user's that prints, which is captured and logged.
    """
    if patience is None:
        for part in parts:
            part.wait()
        return
    end = time.monotonic() + patience
    while not all(part.ready() for part in parts) and time.monotonic() < end:
        time.sleep(0.002)


def take(value: Any) -> Deferred | None:
    """`value` on its way; None when it can be read at once, or is no single number of a known kind."""
    kind = type(value)
    if kind is float or kind is int:
        return None
    try:
        taker = _TAKERS.get(kind.__module__.partition(".")[0])
        return None if taker is None else taker(value)
    except Exception:  # noqa: BLE001 - a foreign object may fail in any way; then it is read like any other
        return None


class Part(NamedTuple):
    """What is still to come of one row."""

    step: int
    time: float
    values: dict[str, Deferred]

    def wait(self) -> None:
        for value in self.values.values():
            with suppress(Exception):  # `read` tells
                value.wait()

    def ready(self) -> bool:
        try:
            return all(value.ready() for value in self.values.values())
        except Exception:  # noqa: BLE001 - as above
            return True

    def read(self) -> dict[str, Any]:
        """The numbers once they are there, without those that the device failed to work out."""
        return {name: single for name, value in self.values.items() if (single := _read(name, value)) is not None}


class Queue:
    """The parts of rows that are still to come, in the order of their calls. The caller holds a lock."""

    def __init__(self) -> None:
        self._parts: deque[Part] = deque()

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, part: Part) -> None:
        self._parts.append(part)

    def clear(self) -> None:
        self._parts.clear()

    def before(self, names: Collection[str]) -> list[Part]:
        """What must be waited for before a row of `names`: no value overtakes an older one, and not too many wait."""
        parts = list(self._parts)
        for count in range(len(parts), 0, -1):
            if any(name in parts[count - 1].values for name in names):
                return parts[:count]
        return parts[: max(0, len(parts) - _LIMIT)]

    def all(self) -> list[Part]:
        return list(self._parts)

    def give_up(self) -> None:
        """Leaves out what is not there yet, with a warning."""
        if names := sorted({name for part in self._parts for name in part.values}):
            _notice.mention(f"the device did not answer: the last values of {', '.join(names)} are left out")
        self.clear()

    def arrived(self) -> Iterator[Part]:
        """Takes out those that are there, up to the first that is not."""
        while self._parts and self._parts[0].ready():
            yield self._parts.popleft()


class _Cuda:
    """A tensor's copy into pinned memory, and the event of the stream that marks the copy's end."""

    __slots__ = ("_copied", "_host")

    def __init__(self, tensor: Any) -> None:
        torch = sys.modules["torch"]
        stream = torch.cuda.current_stream(tensor.device)
        # The stream works in order: the copy sees the value before whatever the training does to the tensor next.
        self._host = torch.empty((), dtype=tensor.dtype, pin_memory=True)
        self._host.copy_(tensor.detach().reshape(()), non_blocking=True)
        self._copied = stream.record_event()

    def ready(self) -> bool:
        return bool(self._copied.query())

    def wait(self) -> Any:
        return self._copied.synchronize()

    def read(self) -> float | int | bool | None:
        return _values.number(self._host)


class _Jax:
    """A copy on the same device: the array itself may be donated to the next step."""

    __slots__ = ("_copy",)

    def __init__(self, array: Any) -> None:
        self._copy = array.copy()
        self._copy.copy_to_host_async()

    def ready(self) -> bool:
        return bool(self._copy.is_ready())

    def wait(self) -> Any:
        return self._copy.block_until_ready()

    def read(self) -> float | int | bool | None:
        return _values.number(self._copy)


def _read(name: str, value: Deferred) -> float | int | bool | None:
    try:
        value.wait()
        return value.read()
    except Exception as error:  # noqa: BLE001 - a failed computation shows here; the training meets it by itself
        _notice.mention(f"{name!r} could not be read from its device: {_notice.reason(error)}")
        return None


def _take_torch(tensor: Any) -> Deferred | None:
    if not getattr(tensor, "is_cuda", False) or tensor.numel() != 1:
        return None
    if sys.modules["torch"].cuda.is_current_stream_capturing():
        return None  # the copy would become part of the graph, and write into memory long given back
    return _Cuda(tensor)


def _take_jax(array: Any) -> Deferred | None:
    if not hasattr(array, "is_ready") or array.size != 1 or array.is_ready():
        return None
    return _Jax(array)


_TAKERS: dict[str, Callable[[Any], Deferred | None]] = {"torch": _take_torch, "jaxlib": _take_jax, "jax": _take_jax}
