"""One file of an artifact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tracker_core._artifacts import fetch

if TYPE_CHECKING:
    import os

    from tracker_core._artifacts.contents import Contents
    from tracker_core._artifacts.version import Entry


class Whole(Protocol):
    """The artifact that a file is of."""

    def contents(self) -> Contents: ...

    def default_root(self) -> Path: ...


class ArtifactFile:
    """`path` in the artifact, `size` in bytes, `digest` (sha256); `ref` when it lies elsewhere."""

    def __init__(self, entry: Entry, artifact: Whole) -> None:
        self._entry = entry
        self._artifact = artifact

    @property
    def path(self) -> str:
        return self._entry.path

    name = path

    @property
    def size(self) -> int:
        return self._entry.size

    @property
    def digest(self) -> str:
        return self._entry.sha256

    @property
    def etag(self) -> str:
        """What a bucket or web server says of the content of a reference; empty where it says nothing."""
        return self._entry.etag

    @property
    def ref(self) -> str | None:
        """The address that it was added by."""
        return self._entry.ref or None

    def ref_target(self) -> str:
        """Where its content lies: its address, or the file that holds it."""
        if self._entry.ref:
            return self._entry.ref
        return self._artifact.contents().objects.path(self._entry.sha256).absolute().as_uri()

    def download(
        self, root: str | os.PathLike[str] | None = None, skip_cache: bool | None = None, replace: bool = True
    ) -> Path:
        """Puts the file below `root` (by default where the artifact goes) and returns its path."""
        del replace  # a file that differs is always replaced
        target = Path(root) if root is not None else self._artifact.default_root()
        fetch.fetch_all([self._entry], self._artifact.contents().objects, target, skip_cache=skip_cache)
        return target / self._entry.path

    def __repr__(self) -> str:
        return f"<ArtifactFile {self.path}>"
