"""What a run does with artifacts, and the record it leaves of that."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from tracker_core import _records as records
from tracker_core._artifacts.artifact import Artifact
from tracker_core._artifacts.collection import Collection
from tracker_core._artifacts.version import checked_aliases, checked_source, checked_words
from tracker_core._errors import NotFoundError, UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path


class Ledger:
    """The artifacts of one run: `root` is where it lies, `base` where downloads go.

    With `keep=False` (a disabled run) nothing is logged, but artifacts can be used.
    """

    def __init__(
        self,
        root: Path,
        project: str,
        run_id: str,
        base: Path,
        write: Callable[[records.Record], None],
        now: Callable[[], float],
        *,
        keep: bool,
    ) -> None:
        self._root = root
        self._project = project
        self._run_id = run_id
        self._base = base
        self._write = write
        self._now = now
        self._keep = keep
        self.logged: list[Artifact] = []
        self.used: list[Artifact] = []

    def log(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None,
        kind: str | None,
        aliases: Iterable[str] | None,
        tags: Iterable[str] | None,
    ) -> Artifact:
        artifact = self._draft(artifact_or_path, name, kind)
        names = checked_aliases(aliases or ())
        artifact.tags = checked_words([*checked_words(artifact.tags, "tags"), *checked_words(tags, "tags")], "tags")
        if not self._keep:
            return artifact
        if artifact.is_draft():
            collection = Collection(self._root, self._project, artifact.name)
            by = f"{self._project}/{self._run_id}"
            artifact.commit(collection, aliases=names, run=by, created=self._now(), base=self._base)
        else:
            Collection(self._root, artifact.project, artifact.name.partition(":")[0]).alias(_number(artifact), names)
            artifact.aliases = list(dict.fromkeys([*artifact.aliases, *names]))
        self.logged.append(artifact)
        self._note("output", artifact)
        return artifact

    def use(self, artifact_or_name: Artifact | str, kind: str | None, aliases: Iterable[str] | None) -> Artifact:
        if isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact.is_draft():
                artifact = self.log(artifact, None, None, aliases, None)
        elif not isinstance(artifact_or_name, str):
            raise UsageError(f"an artifact or the name of one is wanted, not {artifact_or_name!r:.100}")
        else:
            artifact = find(self._root, artifact_or_name, self._project, self._base)
        if kind is not None and artifact.type != kind:
            raise UsageError(f"artifact {artifact.name} is of type {artifact.type!r}, not {kind!r}")
        if self._keep:
            self.used.append(artifact)
            self._note("input", artifact)
        return artifact

    def link(self, artifact: Artifact, target_path: str, aliases: Iterable[str] | None) -> Artifact:
        """Gives a version another name: `target_path` is "project/name", or a name in a registry of that project."""
        if artifact.is_draft():
            artifact = self.log(artifact, None, None, None, None)
        if not self._keep:
            return artifact
        has_project = "/" in target_path.strip("/")
        return artifact.link(target_path if has_project else f"{self._project}/{target_path}", aliases)

    def _draft(
        self, artifact_or_path: Artifact | str | os.PathLike[str], name: str | None, kind: str | None
    ) -> Artifact:
        if isinstance(artifact_or_path, Artifact):
            return artifact_or_path
        path = checked_source(artifact_or_path)
        artifact = Artifact(name or f"run-{self._run_id}-{_plain_name(path)}", "unspecified" if kind is None else kind)
        if path.is_dir():
            artifact.add_dir(path)
        else:
            artifact.add_file(path)
        return artifact

    def _note(self, role: Literal["input", "output"], artifact: Artifact) -> None:
        name, number = artifact.name.partition(":")[0], _number(artifact)
        Collection(self._root, artifact.project, name).note(number, role, f"{self._project}/{self._run_id}")
        self._write(
            records.Artifact(
                time=self._now(),
                role=role,
                project=artifact.project,
                name=name,
                version=number,
                type=artifact.type,
                digest=artifact.digest,
                size=artifact.size,
                files=artifact.file_count,
                aliases=tuple(artifact.aliases),
            )
        )


def find(root: Path, name: str, project: str | None, base: Path) -> Artifact:
    """The version "[[entity/]project/]name[:alias]" below `root`; `project` is the one that is meant without one.

    Raises NotFoundError.
    """
    path, _, alias = name.partition(":")
    *place, short = path.strip("/").split("/")
    if not place and project is None:
        raise UsageError(f"artifact {name!r}: say of which project, like 'project/{name}'")
    collection = Collection(root, place[-1] if place else project or "", short)
    version = collection.resolve(alias or "latest")
    if version.expires is not None and version.expires < dt.datetime.now(dt.timezone.utc).timestamp():
        raise NotFoundError(f"artifact {short}:v{version.number} has passed its time to live")
    return Artifact.stored(collection, version, base)


def _number(artifact: Artifact) -> int:
    return int(artifact.version[1:])


def _plain_name(path: Path) -> str:
    """The file's name as far as it can name an artifact."""
    name = path.resolve().name
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)[:90] or "file"
