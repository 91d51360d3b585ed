"""All versions of one artifact, and their aliases."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

import msgspec

from tracker_core._artifacts import version as versions
from tracker_core._artifacts.objects import Objects
from tracker_core._artifacts.storage import storing
from tracker_core._artifacts.version import Version, number_of
from tracker_core._errors import NotFoundError, UsageError
from tracker_core._locks import file_lock, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LATEST = "latest"


class Collection:
    """The versions of `name` in `project`, below the root of runs `root`. It exists from its first version on."""

    def __init__(self, root: Path, project: str, name: str) -> None:
        self.root = root
        self.project = project
        self.name = versions.checked_name(name)
        self.folder = _collections(root) / _folder_name(project) / versions.quoted(self.name)

    @property
    def objects(self) -> Objects:
        return objects(self.root)

    def numbers(self) -> list[int]:
        """The versions there are, in their order."""
        return sorted(self._numbered(".json"))

    def load(self, number: int) -> Version:
        """Raises NotFoundError when there is no such version."""
        return versions.decode(self._read(number))

    def head(self, number: int) -> versions.Head:
        """The version without its files."""
        return versions.decode_head(self._read(number))

    def _read(self, number: int) -> bytes:
        try:
            return (self.folder / f"v{number}.json").read_bytes()
        except FileNotFoundError:
            known = ", ".join(f"v{one}" for one in self.numbers()[-5:]) or "none"
            raise NotFoundError(
                f"artifact {self.name!r} of project {self.project!r} has no v{number}; there are: {known}"
            ) from None

    def aliases(self) -> dict[str, int]:
        try:
            return msgspec.json.decode((self.folder / "aliases.json").read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}

    def resolve(self, alias: str) -> Version:
        """The version that an alias or "v3" names. Raises NotFoundError."""
        number = number_of(alias)
        if number is not None:
            return self.load(number)
        known = self.aliases()
        if alias not in known:
            hint = f"it has {', '.join(sorted(known))}" if known else f"there is no such artifact below {self.root}"
            raise NotFoundError(f"artifact {self.name!r} of project {self.project!r} has no alias {alias!r}; {hint}")
        return self.load(known[alias])

    @undisturbed
    def add(self, draft: Version, aliases: Iterable[str]) -> Version:
        """Adds a version and gives it `aliases` and "latest". A version of the same digest is taken as it is.

        The contents have to be in `objects` already.
        """
        with self._locked():
            found = self._same(draft)
            if found is None:
                taken = [*self.numbers(), *self._numbered(".deleted")]
                found = msgspec.structs.replace(draft, number=max(taken, default=-1) + 1)
                self._keep(found)
            self._alias(found.number, [*aliases, LATEST])
        return found

    @undisturbed
    def adopt(self, version: Version) -> int:
        """Adds a version that was made elsewhere, under its own number where that is free, and moves no alias; returns
        the number that it has here. What is known by its digest is not added again.

        The contents have to be in `objects` already.
        """
        with self._locked():
            found = self._same(version)
            if found is not None:
                return found.number
            taken = {*self.numbers(), *self._numbered(".deleted")}
            if version.number in taken:
                version = msgspec.structs.replace(version, number=max(taken) + 1)
            self._keep(version)
        return version.number

    def numbered(self, digest: str) -> int | None:
        """The number of the version with this digest."""
        try:
            number = int(self._digest(digest).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return number if (self.folder / f"v{number}.json").exists() else None

    def deleted(self) -> list[int]:
        """The numbers of versions that there were."""
        return sorted(self._numbered(".deleted"))

    @undisturbed
    def change(self, version: Version, aliases: Iterable[str] | None) -> None:
        """Replaces what may change of a version: description, metadata, tags, expiry and, unless None, its aliases."""
        with self._locked():
            self.head(version.number)
            self._write(f"v{version.number}.json", versions.encode(version))
            if aliases is not None:
                self._write_aliases({name: at for name, at in self.aliases().items() if at != version.number})
                self._alias(version.number, aliases)

    @undisturbed
    def alias(self, number: int, aliases: Iterable[str]) -> None:
        """Moves `aliases` to a version."""
        with self._locked():
            self._alias(number, aliases)

    @undisturbed
    def drop_aliases(self, aliases: Iterable[str]) -> None:
        """Takes aliases away from whatever they name."""
        gone = set(aliases)
        with self._locked():
            self._write_aliases({name: at for name, at in self.aliases().items() if name not in gone})

    @undisturbed
    def delete(self, number: int, *, with_aliases: bool) -> None:
        """Removes a version; "latest" goes to the newest that is left.

        Raises UsageError when it has aliases of the user's, unless `with_aliases`.
        """
        with self._locked():
            digest = self.head(number).digest
            kept = {name: at for name, at in self.aliases().items() if at != number}
            lost = self.aliases().keys() - kept.keys() - {LATEST}
            if lost and not with_aliases:
                raise UsageError(f"v{number} has the aliases {sorted(lost)}: delete(delete_aliases=True) removes both")
            self._digest(digest).unlink(missing_ok=True)
            (self.folder / f"v{number}.deleted").touch()
            (self.folder / f"v{number}.json").unlink()
            left = self.numbers()
            self._write_aliases({**kept, LATEST: left[-1]} if left else kept)

    def users(self, number: int) -> list[str]:
        """The runs that used a version, in the order of their first use."""
        return self._runs(f"v{number}.users")

    def makers(self, number: int) -> list[str]:
        """The runs that logged what a version holds. The version itself names the one that made it."""
        return self._runs(f"v{number}.makers")

    def note(self, number: int, role: Literal["input", "output"], run: str) -> None:
        """Notes that a run used a version, or logged what it holds."""
        name = f"v{number}.{'users' if role == 'input' else 'makers'}"
        if run not in self._runs(name):
            with (
                storing(f"artifact {self.name!r} cannot be written"),
                (self.folder / name).open("a", encoding="utf-8") as file,
            ):
                file.write(f"{run}\n")

    def _runs(self, name: str) -> list[str]:
        try:
            return list(dict.fromkeys((self.folder / name).read_text(encoding="utf-8").split("\n")[:-1]))
        except FileNotFoundError:
            return []

    def _same(self, draft: Version) -> Version | None:
        """The version of the draft's digest, found without reading others: they may list 100,000 files each."""
        numbers = self.numbers()
        if numbers and (kind := self.head(numbers[-1]).type) != draft.type:
            raise UsageError(f"artifact {self.name!r} is of type {kind!r}, not {draft.type!r}")
        with contextlib.suppress(FileNotFoundError, NotFoundError):
            return self.load(int(self._digest(draft.digest).read_text()))
        return None

    def _keep(self, version: Version) -> None:
        self._write(f"v{version.number}.json", versions.encode(version))
        self._digest(version.digest).parent.mkdir(exist_ok=True)
        self._digest(version.digest).write_text(str(version.number))

    def _digest(self, digest: str) -> Path:
        return self.folder / "digests" / digest

    def _alias(self, number: int, aliases: Iterable[str]) -> None:
        self._write_aliases({**self.aliases(), **dict.fromkeys(aliases, number)})

    def _write_aliases(self, aliases: dict[str, int]) -> None:
        self._write("aliases.json", msgspec.json.encode(aliases))

    def _write(self, name: str, data: bytes) -> None:
        temporary = self.folder / f".{name}.{os.getpid()}"
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / name)

    def _numbered(self, suffix: str) -> Iterator[int]:
        for path in self.folder.glob(f"v*{suffix}"):
            number = number_of(path.name[: -len(suffix)])
            if number is not None:
                yield number

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with storing(f"artifact {self.name!r} cannot be written"):
            self.folder.mkdir(parents=True, exist_ok=True)
            with file_lock(self.folder / "lock"):
                yield


def objects(root: Path) -> Objects:
    """The contents of all artifacts below a root."""
    return Objects(root / "artifacts" / "objects")


def collections(root: Path, project: str | None = None) -> Iterator[Collection]:
    """Every collection with a version, of one project or all, by name."""
    pattern = "*" if project is None else _folder_name(project)
    for path in sorted(_collections(root).glob(f"{pattern}/*/aliases.json")):
        yield Collection(root, unquote(path.parent.parent.name), unquote(path.parent.name))


def clean(root: Path, *, keep_seconds: float = 86400) -> tuple[int, int]:
    """Removes expired versions and contents that no version names; returns how many contents and bytes went.

    Contents younger than `keep_seconds` stay: an artifact that is being made may be about to name them.
    """
    now = time.time()
    named: set[str] = set()
    for collection in collections(root):
        for number in collection.numbers():
            version = collection.load(number)
            if version.expires is not None and version.expires < now:
                collection.delete(number, with_aliases=True)
            else:
                named.update(entry.sha256 for entry in version.entries)
    count = size = 0
    for path in objects(root).each():
        with contextlib.suppress(FileNotFoundError):
            told = path.stat()
            if path.name not in named and told.st_mtime <= now - keep_seconds:
                path.unlink()
                count, size = count + 1, size + told.st_size
    return count, size


def _collections(root: Path) -> Path:
    return root / "artifacts" / "collections"


def _folder_name(project: str) -> str:
    # quote() leaves dots alone, and two of them would climb.
    return quote(project, safe=" ").replace(".", "%2E") if project.strip(".") == "" else quote(project, safe=" ")
