"""Copies a folder of runs to the server: the runs, then artifacts, then saved views."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tracker_core import _folder, _past
from tracker_core._errors import AuthenticationError, Error
from tracker_core._http import UnreachableError
from tracker_core._upload import view
from tracker_core._upload.artifact import CollectionUpload, by_entity
from tracker_core._upload.place import page
from tracker_core._upload.run import RunUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tracker_core._artifacts.collection import Collection
    from tracker_core._folder import RunFolder
    from tracker_core._snapshot import Snapshot
    from tracker_core._upload.place import Place


class Done(NamedTuple):
    """One run or artifact that was dealt with. `sent` counts the bytes of the upload, `told` says what they were where
    that says more."""

    name: str
    run: bool
    sent: int = 0
    told: str = ""
    page: str = ""
    error: str = ""


class RootUpload:
    """What goes to the server of the runs in `root`: all, or those whose folders are named `only`; of one project, or
    of any. `entity` is where runs go that name none."""

    def __init__(self, root: Path, place: Place, entity: str, only: set[str] | None, project: str | None) -> None:
        self._root = root
        self._place = place
        self._entity = entity
        found = [folder for folder in _folder.scan(root) if only is None or folder.path.name in only]
        known = [(folder, _past.identify(folder)) for folder in found]
        self.runs: list[tuple[RunFolder, Snapshot]] = [
            (folder, run) for folder, run in known if project in (None, run.project)
        ]
        self._project = project
        self._whole = only is None
        """Whether artifacts go, too, that none of these runs has to do with, and views."""

    def lacking(self) -> Iterator[tuple[RunFolder, int, int]]:
        """Each run with how many files and bytes the server lacks."""
        for folder, run in self.runs:
            yield folder, *RunUpload(folder, self._place.entity(run.entity or self._entity)).lacking()

    def lacking_versions(self) -> Iterator[tuple[str, list[int]]]:
        """Each artifact with versions that the server was never told of."""
        for name, upload, wanted in self._collections():
            if new := upload.new(wanted):
                yield name, new

    def send(self, progress: Callable[[int], None]) -> Iterator[Done]:
        """Sends what is new, and tells of each thing when it is done. What is wrong with one is told, and the others go
        on. Raises CommError when the server is gone, or does not know us."""
        self._place.client.watch = progress
        for folder, run in self.runs:
            entity = run.entity or self._entity
            address = page(self._place.client.address, entity, run.project, folder.path.name)
            action = partial(self._send_run, folder, entity, gone=bool(run.deleted))
            yield self._done(folder.path.name, action, address)
        for name, upload, wanted in self._collections():
            yield self._done(name, partial(_send_versions, upload, wanted))
        if self._whole:
            yield self._done("saved views", lambda: view.send(self._root, self._place.entity(self._entity)))

    def _send_run(self, folder: RunFolder, entity: str, *, gone: bool) -> str:
        upload = RunUpload(folder, self._place.entity(entity))
        upload.send()
        return "was deleted on the server: nothing of it is sent" if upload.deleted and not gone else ""

    def _collections(self) -> Iterator[tuple[str, CollectionUpload, list[int]]]:
        ours = {f"{run.project}/{run.id}": run.entity or self._entity for _, run in self.runs}
        address = self._place.client.address
        for collection, entity, numbers in by_entity(self._root, ours, self._entity, address):
            if self._project not in (None, collection.project):
                continue
            wanted = numbers if self._whole else [it for it in numbers if _concerns(collection, it, ours)]
            if wanted or self._whole:
                name = f"{collection.project}/{collection.name}"
                yield name, CollectionUpload(collection, self._place.entity(entity)), wanted

    def _done(self, name: str, action: Callable[[], str | None], address: str = "") -> Done:
        before = self._place.client.sent
        is_run = bool(address)
        try:
            told = action() or ""
        except (UnreachableError, AuthenticationError):
            raise
        except (Error, OSError) as error:
            return Done(name, is_run, error=str(error))
        return Done(name, is_run, self._place.client.sent - before, told, address)


def _concerns(collection: Collection, number: int, runs: dict[str, str]) -> bool:
    """Whether one of `runs` made or used the version."""
    known = (collection.head(number).run, *collection.makers(number), *collection.users(number))
    return any(run in runs for run in known)


def _send_versions(upload: CollectionUpload, wanted: list[int]) -> str:
    count = upload.send(wanted)
    return f"{count} version{'s' if count > 1 else ''}" if count else ""
