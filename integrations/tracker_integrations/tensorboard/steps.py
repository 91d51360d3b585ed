"""At which step a value of an event file is recorded, and what a restart takes back: the state of one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker_integrations.tensorboard.event import Event


class Steps:
    """The steps of the tags of one folder, whose files are read in the order of their names.

    A session log with START at step N takes back what was written before of step N and later ones: TensorBoard's rule
    for files of version 2. In TensorBoard the first START of a folder is none of a restart; here that holds for what
    its own file says before it, since `SummaryWriter(purge_step=N)` of PyTorch writes one into a second file where the
    first has none. Files of an older version have no START, and an event whose step falls takes back its own tags.

    A writer that is given no step leaves it out, which reads as 0. Values of a tag that has no other step are numbered.
    """

    def __init__(self, counts: dict[str, int | None]) -> None:
        self._keys: dict[str, set[str]] = {}
        self._started: dict[str, set[int]] = {}
        self._purges: list[tuple[str, int]] = []
        self._counts = counts
        self._before: dict[str, dict[str, int | None]] = {}
        self._version = 0
        self._last: int | None = None

    def add(self, path: str, event: Event, keys: Iterable[str]) -> None:
        """Note an event and the keys of its values."""
        if event.version.startswith("brain.Event:"):
            self._version = max(self._version, _number(event.version.removeprefix("brain.Event:")))
        found = self._keys.setdefault(path, set())
        found.update(keys)
        if event.values:
            self._last = event.step

    def starts_again(self, path: str, offset: int) -> bool:
        """Whether a START that ends at this byte of a file is news: one that is read again is not."""
        started = self._started.setdefault(path, set())
        if offset in started:
            return False
        started.add(offset)
        return True

    def purge(self, path: str, step: int) -> set[str]:
        """Take back `step` and later ones of the files before this one; returns their keys, and its own if there was
        a START before.
        """
        self._purges.append((path, step))
        earlier = any(other < path for other in self._started) or len(self._started[path]) > 1
        keys: set[str] = set()
        for other, found in self._keys.items():
            if other < path or (other == path and earlier):
                keys |= found
        for key in keys:
            count = self._counts.get(key)
            if count is not None:
                self._counts[key] = min(count, max(step, 0))
        return keys

    def forget(self, path: str) -> None:
        """The file is read once more from its beginning."""
        self._started.pop(path, None)
        self._counts.update(self._before.pop(path, {}))
        self._purges = [(other, step) for other, step in self._purges if other != path]

    def is_taken_back(self, path: str, step: int) -> bool:
        """Whether a file that comes later takes back this step: what was written late to an older file."""
        return any(path < other and step >= first for other, first in self._purges)

    def orphans(self, event: Event, keys: set[str]) -> set[str]:
        """The keys whose later steps an event takes back because its step falls, in files of an old version."""
        if self._version >= 2 or self._last is None or event.step >= self._last:
            return set()
        known = set().union(*self._keys.values())
        return keys & known

    def step_of(self, path: str, key: str, step: int) -> int:
        """The step to record a value at: its own, or its number where its writer was given none."""
        before = self._before.setdefault(path, {})
        before.setdefault(key, self._counts.get(key, 0))
        if step != 0:
            self._counts[key] = None
            return step
        count = self._counts.get(key, 0)
        if count is None:  # a tag with steps: this is the first of them
            return 0
        self._counts[key] = count + 1
        return count


def _number(text: str) -> int:
    return int(float(text)) if text.replace(".", "", 1).isdigit() else 0
