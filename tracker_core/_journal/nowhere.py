"""A journal that keeps nothing: what a disabled run writes to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core._journal.format import KeySet

if TYPE_CHECKING:
    from tracker_core import _records as records


class Nowhere:
    """A `Writer` without a file."""

    path = Path(os.devnull)
    label = "nowhere"

    def __init__(self) -> None:
        self._key_sets: dict[tuple[tuple[str, ...], str, str], KeySet] = {}

    def key_set(self, names: tuple[str, ...], kinds: str, stream: records.Stream = "metrics") -> KeySet:
        known = self._key_sets.get((names, kinds, stream))
        if known is None:
            known = self._key_sets[names, kinds, stream] = KeySet(len(self._key_sets), names, kinds, stream)
        return known

    def append(self, body: bytes) -> None: ...

    def write(self, record: records.Record) -> None: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...

    def lost(self) -> int:
        return 0
