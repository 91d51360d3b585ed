"""Artifact: a versioned set of files, as scripts see it."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from tracker_core import _notice, _texts, _values
from tracker_core._artifacts import fetch, lineage
from tracker_core._artifacts.collection import Collection
from tracker_core._artifacts.contents import Contents
from tracker_core._artifacts.file import ArtifactFile
from tracker_core._artifacts.storage import storing
from tracker_core._artifacts.version import (
    Entry,
    Version,
    checked_aliases,
    checked_count,
    checked_metadata,
    checked_name,
    checked_path,
    checked_source,
    checked_ttl,
    checked_type,
    checked_words,
    digest_of,
)
from tracker_core._errors import NotFoundError, UsageError
from tracker_core._file_tree import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tracker_core._api.run import ApiRun

_MOST_REFERENCES = 10_000_000


class Manifest(NamedTuple):
    """What is in an artifact."""

    entries: dict[str, ArtifactFile]


class Artifact:
    """Files that belong together and are kept as versions: a data set, a model.

    Make one, add files, and give it to `run.log_artifact`; or get one from `run.use_artifact`. Files are copied when
    they are added. A version that is logged never changes, but for its description, metadata, tags, aliases and ttl:
    change them and call `save()`. `incremental=True` starts from the files of the latest version.
    """

    def __init__(
        self,
        name: str,
        type: str,  # noqa: A002 - the name that users know
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
    ) -> None:
        del use_as
        self._name = checked_name(name)
        self.type = checked_type(type)
        self.description = description
        self.metadata: dict[str, Any] = _metadata(metadata)
        self.incremental = incremental
        self.aliases: list[str] = []
        self.tags: list[str] = []
        self._ttl: dt.timedelta | None = None
        self._removed: list[str] = []
        self._contents = Contents()
        self._collection: Collection | None = None
        self._version: Version | None = None
        self._base = Path()

    # What it is

    @property
    def name(self) -> str:
        """With the version, once there is one: "cats:v3"."""
        return self._name if self._version is None else f"{self._name}:v{self._version.number}"

    @property
    def source_name(self) -> str:
        """The version's own name, where this is a link to it."""
        return (self._version is not None and self._version.source) or self.name

    @property
    def qualified_name(self) -> str:
        """ "project/cats:v3"."""
        return f"{self._stored()[0].project}/{self.name}"

    @property
    def is_link(self) -> bool:
        """Whether this is a second name of a version; then `source_name` and what else begins so are of the first."""
        return bool(self._version is not None and self._version.source)

    @property
    def source_qualified_name(self) -> str:
        """ "project/cats:v3" of the version itself."""
        return self._stored()[1].source or self.qualified_name

    @property
    def source_project(self) -> str:
        return self.source_qualified_name.partition("/")[0]

    @property
    def source_version(self) -> str:
        return self.source_qualified_name.rpartition(":")[2]

    @property
    def project(self) -> str:
        return self._stored()[0].project

    @property
    def entity(self) -> str:
        """Empty: what is kept on this machine belongs to nobody else."""
        return ""

    @property
    def url(self) -> None:
        """The version's page on a server; None where there is no server."""
        return

    @property
    def version(self) -> str:
        """Like "v3". Raises UsageError before the artifact is logged."""
        return f"v{self._stored()[1].number}"

    @property
    def state(self) -> Literal["PENDING", "COMMITTED", "DELETED"]:
        if self._collection is None or self._version is None:
            return "PENDING"
        return "COMMITTED" if self._version.number in self._collection.numbers() else "DELETED"

    @property
    def id(self) -> str:
        """What tells this version's content apart: its digest."""
        return self.digest

    @property
    def digest(self) -> str:
        """sha256 over its paths and contents; equal for equal files."""
        return digest_of(self._contents.entries.values())

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(entry.size for entry in self._contents.entries.values())

    @property
    def file_count(self) -> int:
        return len(self._contents.entries)

    @property
    def ttl(self) -> dt.timedelta | None:
        """How long the version is kept after it was made; None keeps it. Raises UsageError for what is not positive."""
        return self._ttl

    @ttl.setter
    def ttl(self, ttl: dt.timedelta | None) -> None:
        self._ttl = checked_ttl(ttl)

    @property
    def created_at(self) -> str:
        """When the version was made, in ISO form, UTC."""
        made = dt.datetime.fromtimestamp(self._stored()[1].created, dt.timezone.utc)
        return made.isoformat()

    # Adding files

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        is_tmp: bool = False,  # noqa: ARG002 - told to other trackers that name files by their hash then
        skip_cache: bool | None = None,  # noqa: ARG002 - there is no second copy to leave out
        policy: Literal["mutable", "immutable"] = "mutable",
        overwrite: bool = False,
    ) -> ArtifactFile:
        """Adds a file under `name`, or its own name. It is copied now.

        `policy="immutable"` is a promise that it will never change: then it is linked, not copied, where that works.
        """
        self._check_open()
        source = checked_source(local_path)
        entry = self._contents.add_file(source, name or source.name, link=_links(policy), overwrite=overwrite)
        return ArtifactFile(entry, self)

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        skip_cache: bool | None = None,  # noqa: ARG002 - see add_file
        policy: Literal["mutable", "immutable"] = "mutable",
        merge: bool = False,
    ) -> None:
        """Adds all files below a folder, under `name/` when it is given. `merge` replaces files of the same name.

        Links to folders are followed, but not back to a folder that holds them. The root directory of runs is left
        out. A warning names what else is, such as files that cannot be read.
        """
        self._check_open()
        self._contents.add_dir(checked_source(local_path), name or "", link=_links(policy), overwrite=merge)

    def add_reference(
        self, uri: Any, name: str | None = None, checksum: bool = True, max_objects: int | None = None
    ) -> list[ArtifactFile]:
        """Adds the address of something that stays where it is (s3://, gs://, az://, https://, file:// ...).

        A folder, also of a bucket, becomes an entry for each of its files, at most `max_objects`. Unless
        `checksum=False`, local files are hashed, and other places are asked for size and tag, so that a change is
        noticed. What cannot be reached is added as an address alone, with a warning. Raises FileNotFoundError.
        """
        self._check_open()
        most = checked_count(max_objects, "max_objects") if max_objects is not None else _MOST_REFERENCES
        if isinstance(uri, ArtifactFile):
            uri = uri.ref_target()
        added = self._contents.add_reference(str(uri), name, checksum=checksum, most=most)
        return [ArtifactFile(entry, self) for entry in added]

    def add(self, obj: Any, name: str, overwrite: bool = False) -> ArtifactFile:
        """Adds a table, an image or other media; `get(name)` gives it back."""
        from tracker_core._artifacts import media

        self._check_open()
        return ArtifactFile(media.add(self._contents, obj, name, overwrite=overwrite), self)

    @contextlib.contextmanager
    def new_file(self, name: str, mode: str = "x", encoding: str | None = None) -> Iterator[IO[Any]]:
        """Opens a new file of the artifact to be written; it is added when the block ends without an error."""
        self._check_open()
        if mode.replace("b", "").replace("t", "") not in ("x", "w"):
            raise UsageError(f"mode {mode!r}: 'w', 'x', 'wb' or 'xb' is possible")
        if encoding is None and "b" not in mode:
            encoding = "utf-8"
        with tempfile.TemporaryDirectory(prefix="tracker-artifact-") as folder:
            path = Path(folder) / "new"
            with path.open(mode, encoding=encoding) as file:
                yield file
            self._contents.add_file(path, name, link=False, overwrite="w" in mode)

    def remove(self, item: str | os.PathLike[str] | ArtifactFile) -> None:
        """Takes out a file, or all below a folder; with `incremental` also of the files that the latest version has.

        Raises FileNotFoundError.
        """
        self._check_open()
        path = checked_path(item.path if isinstance(item, ArtifactFile) else str(item))
        if self.incremental:
            self._removed.append(path)
        if not self._contents.remove(path) and not self.incremental:
            raise FileNotFoundError(f"there is no file {path!r} in the artifact")

    # Reading files

    def files(self, names: Sequence[str] | None = None, per_page: int | None = None) -> list[ArtifactFile]:
        """Its files, sorted by path; those of `names` only, when given."""
        del per_page
        wanted = None if names is None else set(names)
        found = sorted(self._contents.entries.values(), key=lambda entry: entry.path)
        return [ArtifactFile(entry, self) for entry in found if wanted is None or entry.path in wanted]

    @property
    def manifest(self) -> Manifest:
        """Its files by their paths."""
        return Manifest({file.path: file for file in self.files()})

    def get_entry(self, name: str | os.PathLike[str]) -> ArtifactFile:
        """One file by its path. Raises NotFoundError."""
        entry = self._contents.entries.get(str(name))
        if entry is None:
            raise NotFoundError(f"artifact {self.name} has no file {str(name)!r}")
        return ArtifactFile(entry, self)

    get_path = get_entry

    def get(self, name: str) -> Any:
        """The media that `add(obj, name)` put in, or None."""
        from tracker_core._artifacts import media

        entries = self._contents.entries
        found = next((path for path in media.names(name) if path in entries), None)
        if found is None:
            return None
        root = Path(self.download(path_prefix="media/")) if any(path.startswith("media/") for path in entries) else None
        description = self.get_entry(found).download(root or self.default_root())
        return media.get(description.parents[found.count("/")], description)

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | os.PathLike[str] | None = None,
        multipart: bool | None = None,  # noqa: ARG002 - nothing to choose
    ) -> str:
        """Puts its files below `root` and returns that; by default `artifacts/<name>:v<n>` in the run's `dir`.

        Files that are there and right are left alone, so a download that was interrupted goes on; other files in
        `root` stay. `path_prefix` picks the files whose path begins so. References are fetched, through a cache of
        this user's unless `skip_cache`; `allow_missing_references` leaves out those that cannot be.
        """
        target = Path(root) if root is not None else self.default_root()
        prefix = str(path_prefix or "")
        wanted = [entry for entry in self._contents.entries.values() if entry.path.startswith(prefix)]
        objects, lenient = self._contents.objects, allow_missing_references
        with storing(f"artifact {self.name} cannot be downloaded to {printable(target)}"):
            fetch.fetch_all(wanted, objects, target, skip_missing=lenient, skip_cache=skip_cache)
        return str(target)

    def checkout(self, root: str | os.PathLike[str] | None = None) -> str:
        """Like `download`, but what does not belong to the artifact is removed from `root`."""
        target = Path(self.download(root))
        for path in fetch.strangers(self._contents.entries, target):
            (target / path).unlink()
        return str(target)

    def verify(self, root: str | os.PathLike[str] | None = None) -> None:
        """Checks that `root` holds its files and no others. Raises ValueError that names what differs.

        References are fetched for that, where the cache does not have them.
        """
        target = Path(root) if root is not None else self.default_root()
        found = fetch.differences(self._contents.entries.values(), target)
        if found:
            more = f" and {len(found) - 10} more" if len(found) > 10 else ""
            raise ValueError(f"{target} is not {self.name}: {'; '.join(found[:10])}{more}")

    def verify_kept(self) -> None:
        """Checks the contents that are kept, without a download, and that references lead to what they did.

        Raises ValueError that names what is wrong.
        """
        found = fetch.spoilt(self._contents.entries.values(), self._contents.objects)
        if found:
            raise ValueError(f"{self.name} is not what it was: {'; '.join(found[:10])}")

    def file(self, root: str | os.PathLike[str] | None = None) -> str:
        """Downloads the only file of the artifact and returns its path."""
        if len(self._contents.entries) != 1:
            raise UsageError(f"artifact {self.name} has {len(self._contents.entries)} files: use download()")
        return str(Path(self.download(root)) / next(iter(self._contents.entries)))

    # Its life

    def wait(self, timeout: float | None = None) -> Artifact:
        """Returns at once: a logged artifact is complete when `log_artifact` returns."""
        del timeout
        self._stored()
        return self

    def finalize(self) -> None:
        """Nothing to be done; an artifact is closed when it is logged."""

    def new_draft(self) -> Artifact:
        """A new version to be: with the files and what else may change of this one."""
        collection, version = self._stored()
        draft = Artifact(collection.name, version.type, self.description, self.metadata)
        draft.tags, draft.ttl = list(self.tags), self.ttl
        draft._contents = Contents(version.entries, collection.objects)
        return draft

    def is_draft(self) -> bool:
        return self._version is None

    def save(self) -> None:
        """Writes down changes of description, metadata, tags, aliases and ttl."""
        collection, version = self._stored()
        changed = msgspec.structs.replace(version, **self._changeable(version.created))
        collection.change(changed, checked_aliases(self.aliases))
        self._version = changed

    def link(self, target_path: str, aliases: Iterable[str] | None = None) -> Artifact:
        """Gives this version a second home, like "models/best-cat-finder": a version there with the same files."""
        collection, version = self._stored()
        *place, name = target_path.partition(":")[0].strip("/").split("/")
        target = Collection(collection.root, place[-1] if place else collection.project, name)
        copy = msgspec.structs.replace(version, source=version.source or self.qualified_name)
        return Artifact.stored(target, target.add(copy, checked_aliases(aliases or ())), self._base)

    def unlink(self) -> None:
        """Takes a second name away from its version. Raises UsageError when this is no second name."""
        if not self.is_link:
            raise UsageError(f"{self.name} is no link: delete() removes the version itself")
        self.delete(delete_aliases=True)

    def delete(self, delete_aliases: bool = False) -> None:
        """Removes the version; its number is not used again. Contents go with the next clean-up."""
        collection, version = self._stored()
        collection.delete(version.number, with_aliases=delete_aliases)

    def logged_by(self) -> ApiRun | None:
        """The first of `loggers()`; None when there is none."""
        return next(iter(self.loggers()), None)

    def loggers(self) -> list[ApiRun]:
        """The runs that logged it, as `Api` gives them, those left out that are deleted since, the first one first:
        equal files are one version, whoever logs them."""
        collection, version = self._stored()
        makers = dict.fromkeys([version.run, *collection.makers(version.number)])
        return lineage.named(collection.root, list(makers))

    def used_by(self) -> list[ApiRun]:
        """The runs that used it, as `Api` gives them, in the order of their first use."""
        collection, version = self._stored()
        return lineage.named(collection.root, collection.users(version.number))

    def __len__(self) -> int:
        return len(self._contents.entries)

    def __getitem__(self, name: str) -> Any:
        """As `get(name)`."""
        return self.get(name)

    def __setitem__(self, name: str, obj: Any) -> None:
        """As `add(obj, name)`."""
        self.add(obj, name)

    def __iter__(self) -> Iterator[str]:
        """The paths of its files."""
        return iter(sorted(self._contents.entries))

    def __contains__(self, path: object) -> bool:
        return path in self._contents.entries

    def __str__(self) -> str:
        """As a config or a table keeps it: "project/cats:v3"."""
        return self.name if self.is_draft() else self.qualified_name

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from tracker_core._elsewhere import ARTIFACT

            hint = ARTIFACT.get(name, "")
            raise AttributeError(f"Artifact has no {name!r}" + (f": {hint}" if hint else ""), name=name, obj=self)

    def __repr__(self) -> str:
        return f"<Artifact {self.type} {self.name}>"

    # For the ledger of a run

    @classmethod
    def stored(cls, collection: Collection, version: Version, base: Path) -> Artifact:
        """A version that exists; downloads go below `base` by default."""
        artifact = cls(collection.name, version.type, version.description, version.metadata)
        artifact._settle(collection, version, base)
        return artifact

    def commit(self, collection: Collection, *, aliases: Iterable[str], run: str, created: float, base: Path) -> None:
        """Makes the draft a version of `collection`."""
        self._check_open()
        if self.incremental:
            self._take_over_latest(collection)
        self._contents.move_to(collection.objects)
        entries = tuple(sorted(self._contents.entries.values(), key=lambda entry: entry.path))
        draft = Version(
            type=self.type,
            number=0,
            digest=digest_of(entries),
            created=created,
            run=run,
            size=self.size,
            entries=entries,
            **self._changeable(created),
        )
        self._settle(collection, collection.add(draft, checked_aliases(aliases)), base)

    def contents(self) -> Contents:
        return self._contents

    def _take_over_latest(self, collection: Collection) -> None:
        numbers = collection.numbers()
        known: tuple[Entry, ...] = collection.load(numbers[-1]).entries if numbers else ()
        unused = set(self._removed)
        for entry in known:
            removed = {path for path in self._removed if entry.path == path or entry.path.startswith(f"{path}/")}
            unused -= removed
            if not removed and entry.path not in self._contents.entries:
                if not entry.ref:
                    self._contents.objects.take(collection.objects, entry.sha256)
                self._contents.add(entry, overwrite=False)
        if unused := unused - self._contents.removed:
            _notice.mention(f"artifact {self._name}: remove() found no file {', '.join(map(repr, sorted(unused)))}")

    def _settle(self, collection: Collection, version: Version, base: Path) -> None:
        self._collection, self._version, self._base = collection, version, base
        self.description, self.metadata = version.description, dict(version.metadata)
        self.tags = list(version.tags)
        lifetime = None if version.expires is None else dt.timedelta(seconds=version.expires - version.created)
        self._ttl = lifetime  # one that is not positive may stand in an older version
        self.aliases = [name for name, number in collection.aliases().items() if number == version.number]
        self._contents = Contents(version.entries, collection.objects)

    def _changeable(self, created: float) -> dict[str, Any]:
        expires = None if self.ttl is None else created + self.ttl.total_seconds()
        metadata = _metadata(self.metadata)
        return {
            "description": None if self.description is None else _texts.shown(self.description),
            "metadata": metadata,
            "tags": tuple(checked_words(self.tags, "tags")),
            "expires": expires,
        }

    def default_root(self) -> Path:
        return self._base / "artifacts" / self.name

    def _stored(self) -> tuple[Collection, Version]:
        if self._collection is None or self._version is None:
            raise UsageError(f"artifact {self._name!r} is not logged yet: run.log_artifact(artifact)")
        return self._collection, self._version

    def _check_open(self) -> None:
        if self._version is not None:
            raise UsageError(f"artifact {self.name} is logged and its files never change: make a new Artifact")


def _links(policy: str) -> bool:
    if policy not in ("mutable", "immutable"):
        raise UsageError(f"policy {policy!r} is neither 'mutable' nor 'immutable'")
    return policy == "immutable"


def _metadata(given: Any) -> dict[str, Any]:
    """Metadata as plain data. Raises UsageError for what is no mapping."""
    held = _values.readable_items(checked_metadata(given), "Artifact(metadata=)")
    return _values.plain(dict(held))  # type: ignore[no-any-return]
