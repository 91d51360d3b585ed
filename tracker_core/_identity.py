"""What a run is called and where it stands: its names, texts, place and step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core import _records as records
from tracker_core import _texts
from tracker_core._names import check_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracker_core._config import Config
    from tracker_core._folder import RunFolder
    from tracker_core._logbook import Logbook
    from tracker_core._settings import Settings
    from tracker_core._snapshot import Snapshot
    from tracker_core._summary import Summary


class Identity:
    """The attributes of `Run`. What can be set is kept at once and needs no `save()`."""

    __slots__ = ()

    mode: records.Mode
    _config: Config
    _logbook: Logbook
    _settings: Settings
    _snapshot: Snapshot
    _summary: Summary

    if TYPE_CHECKING:  # what the run itself has

        @property
        def folder(self) -> RunFolder: ...
        def _record(self, record: records.Record) -> None: ...
        def _identify(self) -> None: ...

    @property
    def config(self) -> Config:
        """What the run was started with. `run.config = {...}` is `run.config.update({...})`."""
        return self._config

    @config.setter
    def config(self, values: Any) -> None:
        self._config.update(values)

    @property
    def summary(self) -> Summary:
        """One value a metric. `run.summary = {...}` is `run.summary.update({...})`."""
        return self._summary

    @summary.setter
    def summary(self, values: Mapping[str, Any]) -> None:
        self._summary.update(values)

    @property
    def id(self) -> str:
        self._identify()
        return self._snapshot.id

    @property
    def project(self) -> str:
        return self._snapshot.project

    @property
    def entity(self) -> str:
        """The team or user that the run belongs to; empty where there is no server."""
        self._identify()
        return self._snapshot.entity

    @property
    def path(self) -> str:
        """`entity/project/id`, as `Api().run()` takes it; without an entity `project/id`."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    @property
    def name(self) -> str:
        """Display name; may be set at any time."""
        self._identify()
        return self._snapshot.name

    @name.setter
    def name(self, value: str) -> None:
        self._update(name=_texts.shown(value))

    @property
    def notes(self) -> str:
        return self._snapshot.notes

    @notes.setter
    def notes(self, value: str | None) -> None:
        self._update(notes="" if value is None else _texts.shown(value))

    @property
    def tags(self) -> tuple[str, ...]:
        """Append with `run.tags += ("best",)`."""
        return self._snapshot.tags

    @tags.setter
    def tags(self, value: Iterable[str] | str | None) -> None:
        self._update(tags=check_tags(value or ()))

    @property
    def group(self) -> str:
        return self._snapshot.group

    @property
    def job_type(self) -> str:
        return self._snapshot.job_type

    @property
    def dir(self) -> str:
        """The folder of the run's files; what is saved there stays with the run."""
        return str(self.folder.files)

    @property
    def start_time(self) -> float:
        """When the first attempt began, in seconds since the epoch."""
        return self._snapshot.start

    @property
    def url(self) -> str | None:
        """The run's page on the server; None where there is no server."""
        project = self.project_url
        return None if project is None else f"{project}/run/{_quoted(f'{self.entity}~{self.folder.path.name}')}"

    @property
    def project_url(self) -> str | None:
        if self.mode != "online" or not self._settings.base_url or not self.entity:
            return None
        return f"{self._settings.base_url.rstrip('/')}/project/{_quoted(f'{self.entity}~{self.project}')}"

    @property
    def sweep_id(self) -> str | None:
        """None: a search by optuna or Ray Tune puts its trials into one group."""
        return None

    @property
    def sweep_url(self) -> str | None:
        return None

    def get_url(self) -> str | None:
        """`url`, as older scripts ask for it."""
        return self.url

    def get_project_url(self) -> str | None:
        return self.project_url

    def get_sweep_url(self) -> str | None:
        return self.sweep_url

    @property
    def sync_dir(self) -> str:
        """The run's whole folder."""
        return str(self.folder.path)

    @property
    def offline(self) -> bool:
        return self.mode == "offline"

    @property
    def disabled(self) -> bool:
        return self.mode == "disabled"

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def attempt(self) -> int:
        """Which life of this run this is, from 1; a resume begins another."""
        return max(self._snapshot.attempts, default=1)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from tracker_core._elsewhere import RUN

            hint = RUN.get(name)
            raise AttributeError(f"a Run has no {name!r}" + (f": {hint}" if hint else ""), name=name, obj=self)

    def _update(self, **fields: Any) -> None:
        update = records.Update(time=self._logbook.now(), **fields)
        self._record(update)
        self._snapshot.apply(update)


def _quoted(key: str) -> str:
    from urllib.parse import quote

    return quote(key, safe="~")
