"""The runs below some folders, by the keys that the API knows them by."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from tracker_core._errors import NotFoundError
from tracker_core.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tracker_core.store import Run

FRESH = 0.5
"""Seconds for which a look at the folders counts as new: several requests of one page share it."""


class Shelf(NamedTuple):
    """One project of one folder of runs; `runs` oldest first."""

    key: str
    name: str
    entity: str
    store: Store
    runs: list[Run]


class Entry(NamedTuple):
    """A run with its key and where it belongs."""

    key: str
    run: Run
    shelf: Shelf


class Source:
    """Safe to use from several threads."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self.stores = [Store(root) for root in roots]
        self._marks = _marks([store.root for store in self.stores])
        self._lock = threading.Lock()
        self._looked = 0.0

    def refresh(self) -> None:
        """Catches up with the folders, unless somebody just did."""
        with self._lock:
            if time.monotonic() - self._looked < FRESH:
                return
            for store in self.stores:
                store.refresh()
            self._looked = time.monotonic()

    def shelves(self) -> list[Shelf]:
        """Every project that has runs, by name."""
        found: dict[str, Shelf] = {}
        for store, mark in zip(self.stores, self._marks, strict=True):
            for run in store.runs():
                key = _key(mark, run.card.entity, run.card.project)
                if key not in found:
                    found[key] = Shelf(key, run.card.project, run.card.entity, store, [])
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
        found = self._find(key)
        if found is None:
            self.refresh()
            found = self._find(key)
        if found is None:
            raise NotFoundError(f"there is no run {key!r} here")
        return found

    def keys(self, shelf: Shelf) -> dict[str, Run]:
        """The runs of a project by their keys, in the same order."""
        mark = self._marks[self.stores.index(shelf.store)]
        return {run_key(mark, run): run for run in shelf.runs}

    def _find(self, key: str) -> Entry | None:
        for store, mark in zip(self.stores, self._marks, strict=True):
            for run in store.runs():
                if key in (run_key(mark, run), run.folder):
                    project = _key(mark, run.card.entity, run.card.project)
                    return Entry(run_key(mark, run), run, self.shelf(project))
        return None

    def close(self) -> None:
        for store in self.stores:
            store.close()


def run_key(mark: str, run: Run) -> str:
    return f"{mark}{run.folder}"


def _key(mark: str, entity: str, project: str) -> str:
    return f"{mark}{entity}:{project}" if entity else f"{mark}{project}"


def _marks(roots: list[Path]) -> list[str]:
    """What tells equal names in several folders apart; nothing where there is one folder."""
    if len(roots) < 2:
        return [""] * len(roots)
    return [f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:6]}~" for root in roots]
