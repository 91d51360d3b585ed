"""The verbs of a run that concern artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from tracker_core import _records as records
    from tracker_core._artifacts.artifact import Artifact
    from tracker_core._artifacts.ledger import Ledger
    from tracker_core._folder import RunFolder
    from tracker_core._logbook import Logbook
    from tracker_core._settings import Settings


class Verbs:
    """What `Run` has of this. Nothing of artifacts is imported before one of them is called."""

    __slots__ = ("_opened_ledger",)

    _logbook: Logbook
    _opened_ledger: Ledger | None

    if TYPE_CHECKING:  # what the run itself has

        @property
        def folder(self) -> RunFolder: ...
        @property
        def id(self) -> str: ...
        @property
        def project(self) -> str: ...
        @property
        def settings(self) -> Settings: ...
        @property
        def disabled(self) -> bool: ...
        def _record(self, record: records.Record) -> None: ...
        def _fetched(self, name: str) -> str: ...

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,  # noqa: A002 - the name that users know
        aliases: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
    ) -> Artifact:
        """Keeps an artifact, or a file or folder as one, as a new version with the alias "latest" and `aliases`.

        It is complete when this returns. Files that some version holds already become no new version: the aliases
        move to that one. A path's artifact is called `run-<id>-<file name>` unless `name` is given.
        """
        return self._ledger.log(artifact_or_path, name, type, aliases, tags)

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,  # noqa: A002 - the name that users know
        aliases: Iterable[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Notes that this run used an artifact, and returns it to be downloaded.

        In a run that is online, the team's server says what a name means, and what is not on this machine comes from
        there. A name is "[[entity/]project/]name[:alias or version]", "latest" by default. Raises NotFoundError.
        """
        del use_as
        if isinstance(artifact_or_name, str):
            artifact_or_name = self._fetched(artifact_or_name)
        return self._ledger.use(artifact_or_name, type, aliases)

    def link_artifact(self, artifact: Artifact, target_path: str, aliases: Iterable[str] | None = None) -> Artifact:
        """Gives a version a second home, like "models/best-cat-finder": a version there with the same files."""
        return self._ledger.link(artifact, target_path, aliases)

    def log_model(
        self, path: str | os.PathLike[str], name: str | None = None, aliases: Iterable[str] | None = None
    ) -> Artifact:
        """Keeps a model's file or folder as an artifact of type "model"."""
        return self._ledger.log(path, name, "model", aliases, None)

    def use_model(self, name: str) -> str:
        """Downloads a model and returns the path of its file, or of its folder when it has several."""
        artifact = self._ledger.use(self._fetched(name), None, None)
        if "model" not in artifact.type.lower():
            raise UsageError(f"artifact {artifact.name} is of type {artifact.type!r}, which is no model")
        folder = artifact.download()
        return artifact.file() if artifact.file_count == 1 else folder

    def link_model(
        self,
        path: str | os.PathLike[str],
        registered_model_name: str,
        name: str | None = None,
        aliases: Iterable[str] | None = None,
    ) -> Artifact:
        """Keeps a model and links it to `model-registry/<registered_model_name>`."""
        artifact = self.log_model(path, name)
        return self._ledger.link(artifact, f"model-registry/{registered_model_name}", aliases)

    def logged_artifacts(self) -> list[Artifact]:
        """What this process logged, in order."""
        return list(self._ledger.logged)

    def used_artifacts(self) -> list[Artifact]:
        """What this process used, in order."""
        return list(self._ledger.used)

    @property
    def _ledger(self) -> Ledger:
        if self._opened_ledger is None:
            from tracker_core._artifacts.ledger import Ledger

            base = Path(self.settings.dir or ".").absolute()
            write, now = self._record, self._logbook.now
            self._opened_ledger = Ledger(
                self.folder.root, self.project, self.id, base, write, now, keep=not self.disabled
            )
        return self._opened_ledger
