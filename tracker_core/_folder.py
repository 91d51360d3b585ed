"""Where runs lie: `<root>/[offline-]run-<YYYYmmdd_HHMMSS>-<id>/` with journals, `files/` and `logs/`.

`root` is the folder named `tracker` that a script works with. Nothing here opens a journal.
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core import _home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT_NAME = "tracker"

working_root: Path | None = None
"""Where this process's newest run lies: what is made for a run before it is logged to one is kept there."""

_PATTERN = re.compile(r"(?:offline-)?run-(?P<stamp>\d{8}_\d{6})(?:\.\d+)?-(?P<id>.+)")


class RunFolder:
    """One run's folder. Two of the same path are equal."""

    __slots__ = ("path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def root(self) -> Path:
        return self.path.parent

    @property
    def id(self) -> str:
        return id_of(self.path.name) or self.path.name

    @property
    def files(self) -> Path:
        """Media, code, requirements, saved files: everything that belongs to the run but its records."""
        return self.path / "files"

    @property
    def spool(self) -> Path:
        """Media that wait to be encoded, and half-written files: nothing that outlives a finished run."""
        return self.path / "spool"

    @property
    def logs(self) -> Path:
        """What the tracker says about itself."""
        return self.path / "logs"

    def journals(self) -> list[Path]:
        """The first segment of every journal, by name: the order in which attempts began."""
        try:
            names = os.listdir(self.path)  # noqa: PTH208 - asked several times of each of ten thousand runs
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self.path / name for name in sorted(names) if name.endswith(".0000.journal")]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"


class OpenRunFolder(RunFolder):
    """The folder of a run that this process records: `path` follows it when it, or a folder above it, is renamed.

    Linux and macOS tell where an open folder is. Elsewhere, and on a file system that the folder was copied to, `path`
    stays what it was.
    """

    __slots__ = ("_descriptor", "_identity", "_path", "_renamed")

    def __init__(self, path: str | os.PathLike[str], renamed: Callable[[Path], None]) -> None:
        """`renamed` gets the new path, once per renaming."""
        self._path = Path(path)
        self._renamed = renamed
        self._descriptor = -1
        self._identity: tuple[int, int] | None = None
        with suppress(OSError):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._identity = _identity(os.fstat(self._descriptor))

    @property
    def path(self) -> Path:  # type: ignore[override]
        if self._identity is not None and not self._is_at(self._path):
            path = location(self._descriptor)
            if path is not None and self._is_at(path):
                self._path = path
                self._renamed(path)
        return self._path

    def close(self) -> None:
        """Stop following. The descriptor may be the user's by now, after a call that closes all descriptors."""
        identity, self._identity = self._identity, None
        with suppress(OSError):
            if identity is not None and _identity(os.fstat(self._descriptor)) == identity:
                os.close(self._descriptor)

    def _is_at(self, path: Path) -> bool:
        try:
            return _identity(path.stat()) == self._identity
        except OSError:
            return False


def location(descriptor: int) -> Path | None:
    """The path of an open file or folder now; None where the system does not tell."""
    with suppress(OSError, ValueError):
        if sys.platform == "darwin":
            import fcntl

            return Path(os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).partition(b"\0")[0]))
        return Path(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - the same call
    return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def id_of(name: str) -> str | None:
    """The run id in a folder's name; None when the folder is no run's."""
    match = _PATTERN.fullmatch(name)
    return match["id"] if match else None


def fallback_root() -> Path:
    """The root directory of this user's runs whose own one cannot be written."""
    return _home.temporary(ROOT_NAME)


def roots_of(folder: Path) -> list[Path]:
    """The root directory of `folder`; where this user cannot write it, also the one that is used instead."""
    root = folder / ROOT_NAME
    if _home.is_writable(root):
        return [root]
    fallback = fallback_root()
    return [root, fallback] if fallback.is_dir() and fallback != root else [root]


def create(root: Path, run_id: str, *, offline: bool) -> RunFolder:
    """Makes the folder of a new run. A second run of the same id and second gets `.1`, `.2` ... after the time.

    Raises OSError when `root` cannot be made or written.
    """
    stamp = time.strftime("%Y%m%d_%H%M%S")
    prefix = "offline-run" if offline else "run"
    root.mkdir(parents=True, exist_ok=True)
    suffix = 0
    while True:
        marked = f"{stamp}.{suffix}" if suffix else stamp
        path = root / f"{prefix}-{marked}-{run_id}"
        try:
            path.mkdir()
        except FileExistsError:
            suffix += 1
            continue
        try:
            (path / "files").mkdir()
            (path / "logs").mkdir()
        except OSError:
            discard(RunFolder(path))
            raise
        return RunFolder(path)


def discard(folder: RunFolder) -> None:
    """Takes back a folder in which no run could begin."""
    import shutil

    shutil.rmtree(folder.path, ignore_errors=True)


def scan(root: Path) -> Iterator[RunFolder]:
    """Every run folder directly below `root`, oldest first."""
    try:
        names = [entry.name for entry in os.scandir(root) if entry.is_dir()]
    except FileNotFoundError:
        return
    found = [(match["stamp"], name) for name in names if (match := _PATTERN.fullmatch(name))]
    for _, name in sorted(found):
        yield RunFolder(root / name)


def count(root: Path) -> int:
    """How many runs lie in `root`, in a few milliseconds for ten thousand."""
    try:
        return sum("run-" in name for name in os.listdir(root))  # noqa: PTH208 - names are enough
    except FileNotFoundError:
        return 0


def find(root: Path, run_id: str) -> list[RunFolder]:
    """The folders of this id, oldest first: one per project that used it, and its archived earlier selves."""
    return [folder for folder in scan(root) if folder.id == run_id]


def is_own(path: Path) -> bool:
    """Whether the tracker writes the directory `path`: a root directory that holds runs or artifacts.

    Where the root directory is also a Python package of the user's, only the runs and artifacts in it are.
    """
    if path.name == ROOT_NAME:
        return not _is_package(path) and _holds_runs(path)
    if path.parent.name != ROOT_NAME or not _is_package(path.parent):
        return False
    return id_of(path.name) is not None or (path.name == "artifacts" and _holds_runs(path.parent))


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").exists()


def _holds_runs(path: Path) -> bool:
    try:
        names = os.listdir(path)  # noqa: PTH208 - names are enough
    except OSError:
        return False
    return any(id_of(name) for name in names) or (path / "artifacts" / "collections").is_dir()
