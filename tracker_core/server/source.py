"""The runs below some folders, by the keys that the API knows them by."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from tracker_core._errors import NotFoundError
from tracker_core.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tracker_core.store import Run

FRESH = 0.5
"""Seconds for which a look at the folders counts as new: several requests of one page share it."""


class Shelf(NamedTuple):
    """One project of one folder of runs; `runs` oldest first. `folder` is where it lies, where visitors may know."""

    key: str
    name: str
    entity: str
    folder: str
    store: Store
    runs: list[Run]


class Entry(NamedTuple):
    """A run with its key and where it belongs."""

    key: str
    run: Run
    shelf: Shelf


class Root(NamedTuple):
    """A folder of runs. `mark` begins the keys of what lies in it; `entity` is whose it all is, where the folder says
    that and not each run."""

    store: Store
    mark: str = ""
    entity: str = ""


class Source:
    """Safe to use from several threads."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self._roots = roots
        self._lock = threading.Lock()
        self._looked = 0.0

    def refresh(self) -> None:
        """Catches up with the folders, unless somebody just did."""
        with self._lock:
            if time.monotonic() - self._looked < FRESH:
                return
            for root in self._roots:
                root.store.refresh()
            self._looked = time.monotonic()

    def shelves(self) -> list[Shelf]:
        """Every project that has runs, by name."""
        found: dict[str, Shelf] = {}
        for root in self._roots:
            for run in root.store.runs():
                key = _key(root, run)
                if key not in found:
                    entity = root.entity or run.card.entity
                    folder = "" if root.entity else str(root.store.root)
                    found[key] = Shelf(key, run.card.project, entity, folder, root.store, [])
                found[key].runs.append(run)
        return sorted(found.values(), key=lambda shelf: (shelf.name, shelf.key))

    def shelf(self, key: str) -> Shelf:
        for shelf in self.shelves():
            if shelf.key == key:
                return shelf
        raise NotFoundError(f"there is no project {key!r} here")

    def entry(self, key: str) -> Entry:
        """The name of a run's folder is enough: who made the run knows it, whatever folders are served beside it.

        A run that is not known yet may have begun since the last look.
        """
        found = self.find(key)
        if found is None:
            self.refresh()
            found = self.find(key)
        if found is None:
            raise NotFoundError(f"there is no run {key!r} here")
        return found

    def keys(self, shelf: Shelf) -> dict[str, Run]:
        """The runs of a project by their keys, in the same order."""
        mark = next(root.mark for root in self._roots if root.store is shelf.store)
        return {run_key(mark, run): run for run in shelf.runs}

    def find(self, key: str) -> Entry | None:
        """Without another look."""
        for root in self._roots:
            for run in root.store.runs():
                if key in (run_key(root.mark, run), run.folder):
                    return Entry(run_key(root.mark, run), run, self.shelf(_key(root, run)))
        return None

    def close(self) -> None:
        for root in self._roots:
            root.store.close()


def of_folders(folders: Iterable[Path]) -> Source:
    """Keys have no marks where there is one folder; else six digits tell equal names in several folders apart."""
    found = list(folders)
    marks = [_mark(folder) for folder in found] if len(found) > 1 else [""]
    return Source([Root(Store(folder), mark) for folder, mark in zip(found, marks, strict=False)])


def run_key(mark: str, run: Run) -> str:
    return f"{mark}{run.folder}"


def _key(root: Root, run: Run) -> str:
    entity, project = run.card.entity, run.card.project
    return f"{root.mark}{project}" if root.entity or not entity else f"{root.mark}{entity}:{project}"


def _mark(folder: Path) -> str:
    return f"{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:6]}~"
