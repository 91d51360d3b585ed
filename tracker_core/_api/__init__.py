"""`Api`: every run of a folder, to list, read and edit; while they are written and years later."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker_core import _folder, _settings
from tracker_core._api.run import ApiRun
from tracker_core._api.runs import Runs
from tracker_core._errors import NotFoundError, UsageError
from tracker_core.store.index import Store

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from tracker_core._artifacts.artifact import Artifact
    from tracker_core.store.run import Run

__all__ = ["Api", "ApiRun", "Project", "Runs"]


class Project(NamedTuple):
    """`updated` is when its last run was written to, in seconds since the epoch."""

    name: str
    runs: int
    updated: float


class Api:
    """Reads the runs below `path`: a folder that holds `tracker/`, that folder itself, or the folder of one run.

    By default where `init` would write: the folder that `TRACKER_DIR` or the settings name, else the current one.
    Raises NotFoundError for a path that does not exist. Runs that were deleted, and those that a later run of the
    same id took the place of, are not shown.

    Every call reads what was logged up to now. Nothing that it returns for one run needs the memory of another.
    `overrides={"project": ...}` names the project that is meant where none is given.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - nothing is waited for; users of other trackers give it
        api_key: str | None = None,  # noqa: ARG002 - nobody asks for one
    ) -> None:
        self._stores = open_stores(path)
        self._store = self._stores[0]
        self._project: str | None = (overrides or {}).get("project")

    def runs(
        self,
        project: str | None = None,
        filters: Mapping[str, Any] | None = None,
        order: str | Sequence[str] = "+created_at",
        per_page: int | None = None,  # noqa: ARG002 - nothing is paged here; users of other trackers give it
        *,
        path: str | None = None,
    ) -> Runs:
        """The runs of a project ("project" or "entity/project"; all by default), listed when first looked at.

        `filters` are written as for MongoDB, over `config.<key>`, `summary.<key>`, `state`, `tags`, `name`, `group`,
        `job_type`, `created_at` and the other fields of a run: `{"config.lr": {"$lt": 0.1}, "state": "finished"}`.
        `order` is a field with `+` or `-` before it, or several with commas between them; runs that lack the field
        come last. Runs whose id a later run took are listed where the filter names their state, "archived".
        Raises UsageError for a filter or an order that cannot work.
        """
        return Runs(self._stores, project or path or self._project, filters, order)

    def run(self, path: str) -> ApiRun:
        """The run "id", "project/id" or "entity/project/id".

        "id~1" is the first run whose id a later one took, "id~2" the second.
        Raises NotFoundError, with what comes close, when there is none; UsageError when several projects have it.
        """
        *place, run_id = path.strip("/").split("/")
        project = place[-1] if place else self._project
        entity = place[0] if len(place) > 1 else None
        runs: list[Run] = []
        found: list[Run] = []
        for store in self._stores:
            store.refresh()
            runs += store.runs()
            here = [run for run in store.runs() if run.card.id == run_id]
            here = here or [run for run in store.archived() if run.card.id == run_id]
            found = [run for run in here if _is_in(run, project, entity)]
            if found:
                break
        else:
            raise NotFoundError(_unknown(path, run_id, runs, self._store.root))
        if len({run.card.project for run in found}) > 1:
            choices = ", ".join(sorted(f"{run.card.project}/{run.card.id}" for run in found))
            raise UsageError(f"several projects have a run {run_id!r}: ask for one of {choices}")
        return ApiRun(store, found[-1])

    def projects(self, entity: str | None = None, per_page: int | None = None) -> list[Project]:  # noqa: ARG002 - see runs
        """Every project that has a run, sorted by name."""
        found: dict[str, list[Run]] = {}
        for store in self._stores:
            store.refresh()
        for run in (run for store in self._stores for run in store.runs()):
            found.setdefault(run.card.project, []).append(run)
        return [Project(name, len(runs), max(run.card.updated for run in runs)) for name, runs in sorted(found.items())]

    def artifact(self, name: str, type: str | None = None) -> Artifact:  # noqa: A002 - the name that users know
        """The version "[entity/]project/name[:alias]" of an artifact, "latest" by default. Raises NotFoundError."""
        from tracker_core._artifacts.ledger import find

        artifact = find(self._store.root, name, self._project, self._store.root.parent)
        if type is not None and artifact.type != type:
            raise NotFoundError(f"artifact {artifact.qualified_name} is of type {artifact.type!r}, not {type!r}")
        return artifact

    def artifact_exists(self, name: str, type: str | None = None) -> bool:  # noqa: A002 - the name that users know
        """Whether `artifact(name, type)` finds one."""
        try:
            self.artifact(name, type)
        except NotFoundError:
            return False
        return True

    def flush(self) -> None:
        """Nothing to be done: every call looks at what is there."""

    def artifacts(
        self,
        type_name: str | None = None,
        name: str | None = None,
        per_page: int | None = None,  # noqa: ARG002 - see runs
    ) -> list[Artifact]:
        """All versions of the artifact "[entity/]project/name", the newest first: `artifacts(name)`, or
        `artifacts(type_name, name)` for those of one type."""
        kind = type_name if name is not None else None
        name = name or type_name
        if name is None:
            raise UsageError("artifacts() needs a name, like 'project/name'")
        from tracker_core._artifacts.artifact import Artifact
        from tracker_core._artifacts.collection import Collection

        *place, short = name.split("/")
        project = place[-1] if place else self._project
        if project is None:
            raise UsageError(f"artifact {name!r}: say of which project, like 'project/{name}'")
        collection = Collection(self._store.root, project, short)
        versions = (collection.load(number) for number in reversed(collection.numbers()))
        found = [version for version in versions if kind in (None, version.type)]
        return [Artifact.stored(collection, version, self._store.root.parent) for version in found]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from tracker_core._elsewhere import API

            hint = next((hint for start, hint in API.items() if start in name), "")
            raise AttributeError(f"Api has no {name!r}" + (f": {hint}" if hint else ""), name=name, obj=self)

    def __repr__(self) -> str:
        return f"<Api of {self._store.root}>"


def named(root: Path, names: Sequence[str]) -> list[ApiRun]:
    """The runs "project/id" of a root, in the order of `names`; those that are gone are left out."""
    store = Store(root)
    store.refresh()
    known = {f"{run.card.project}/{run.card.id}": run for run in store.runs()}
    return [ApiRun(store, known[name]) for name in names if name in known]


def everywhere(
    roots: Sequence[Path], project: str | None, filters: Mapping[str, Any] | None, order: str | Sequence[str]
) -> Runs:
    """The runs of several folders in one list, as `Api.runs` gives those of one."""
    return Runs([Store(root) for root in roots], project, filters, order)


def open_stores(path: str | os.PathLike[str] | None = None) -> list[Store]:
    """The stores over what `Api(path)` shows.

    More than one where scripts of this folder, which this user cannot write, record in the temporary one instead.
    """
    working = Path(_settings.gather({}).dir or ".").absolute()
    place = working if path is None else Path(path).expanduser().absolute()
    if path is not None and not place.is_dir():
        raise NotFoundError(f"there is no folder {place}")
    if path is not None and _folder.id_of(place.name) is not None:
        return [Store(place.parent, only=place.name)]
    below = place / _folder.ROOT_NAME
    is_root = path is not None and (place.name == _folder.ROOT_NAME or not below.is_dir())
    more = _folder.roots_of(working)[1:] if place == working else []
    return [Store(place if is_root else below), *map(Store, more)]


def _is_in(run: Run, project: str | None, entity: str | None) -> bool:
    """A run that never met a server has no entity, and is anybody's."""
    return (project is None or run.card.project == project) and (
        entity is None or not run.card.entity or run.card.entity == entity
    )


def _unknown(path: str, run_id: str, runs: list[Run], root: Path) -> str:
    if not runs:
        return f"no run {path!r}: there are no runs in {root}"
    names = {run.card.id: run for run in runs} | {run.card.name: run for run in runs}
    close = [names[name].card for name in difflib.get_close_matches(run_id, names, n=3, cutoff=0.5)]
    hint = ", ".join(dict.fromkeys(f"{card.project}/{card.id} ({card.name})" for card in close))
    return f"no run {path!r} in {root}" + (f"; is it one of {hint}?" if hint else "")
