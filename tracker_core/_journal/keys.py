"""The key sets of one journal, as its writer keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core._journal.format import KeySet, encode_key_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker_core._records import Stream

_CYCLE = 16
_BUDGET = 1024


class Keys:
    """Numbers key sets from 1 and says when each is to be written again.

    A row is nothing without its key set, so one damaged frame must not cost all the rows of a segment: a new key
    set is repeated with the next marker, and all are about every MiB (`_CYCLE` markers), at most `_BUDGET` bytes
    or one of them with each marker.
    """

    __slots__ = ("_known", "_markers", "_waiting")

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], str, str], KeySet] = {}
        self._markers = 0
        self._waiting: list[KeySet] = []

    def __iter__(self) -> Iterator[KeySet]:
        return iter(list(self._known.values()))

    def find(self, names: tuple[str, ...], kinds: str, stream: Stream) -> KeySet | None:
        return self._known.get((names, kinds, stream))

    def add(self, names: tuple[str, ...], kinds: str, stream: Stream) -> KeySet:
        key_set = KeySet(len(self._known) + 1, names, kinds, stream)
        encode_key_set(key_set, 0)  # raises where a name is no text, before anything rests on it
        self._waiting.append(key_set)
        self._known[names, kinds, stream] = key_set
        return key_set

    def repeats(self) -> Iterator[KeySet]:
        """What is to be written again after the marker that was just written."""
        self._markers += 1
        if self._markers % _CYCLE == 0 and not self._waiting:
            self._waiting = list(self)
        budget = _BUDGET
        while self._waiting and budget > 0:
            key_set = self._waiting.pop()
            budget -= sum(len(name) + 2 for name in key_set.names)
            yield key_set
