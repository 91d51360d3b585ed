"""Contents of files, each kept once under its sha256."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
from typing import IO, TYPE_CHECKING, Any

from tracker_core._artifacts.part import part
from tracker_core._artifacts.storage import storing
from tracker_core._file_tree import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WHOLE = 1 << 20
"""Up to this size a file is read at once, and not written at all when its content is here already."""
_PIECE = 4 << 20
_SIZES = "sizes"
_FICLONE = 0x40049409
_MODE = 0o444

_counter = itertools.count()


class Objects:
    """The contents below one folder. Safe to be written by several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the content is here; then it is safe from a clean-up for a day."""
        try:
            os.utime(self.path(sha256))
        except FileNotFoundError:
            return False
        except PermissionError:  # somebody else's file
            return True
        return True

    def put(self, source: Path, *, link: bool = False) -> tuple[str, int]:
        """Keeps the content of the file `source`; returns its sha256 and size.

        With `link` the file itself becomes the content where the file system allows: it must never change again.
        Raises OSError when `source` cannot be opened, StorageError when its content cannot be written.
        """
        with source.open("rb", buffering=0) as file, storing(f"{printable(source)} cannot be copied to {self.folder}"):
            if os.fstat(file.fileno()).st_size <= _WHOLE:
                return self.put_bytes(file.read())
            if link:
                return self._link(source)
            # Where one of its size is here, it may be this one: then reading it twice costs less than a copy in vain.
            if self._size(os.fstat(file.fileno()).st_size).exists():
                digest, size = hashed(source)
                if self.has(digest):
                    return digest, size
            with self._temporary() as temporary:
                digest, size = _copy(file, temporary)
                self._settle(temporary, digest)
            self._note(size)
            return digest, size

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        digest = hashlib.sha256(data).hexdigest()
        if not self.has(digest):
            with self._temporary() as temporary:
                fd = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _MODE)
                with open(fd, "wb", buffering=0) as file:  # noqa: PTH123 - of a descriptor
                    left = memoryview(data)
                    while left:
                        left = left[file.write(left) :]
                self._settle(temporary, digest)
        return digest, len(data)

    def take(self, other: Objects, sha256: str) -> None:
        """Makes a content of `other` this one's too, without a copy where both lie on one file system."""
        if self.has(sha256):
            return
        with self._temporary() as temporary:
            try:
                os.link(other.path(sha256), temporary)
            except OSError:
                shutil.copyfile(other.path(sha256), temporary)
                temporary.chmod(_MODE)
            size = temporary.stat().st_size
            self._settle(temporary, sha256)
        if size > _WHOLE:
            self._note(size)

    def keep(self, whole: Path, sha256: str) -> None:
        """Makes the file `whole`, which lies on the same file system and is known to have this content, the content."""
        whole.chmod(_MODE)
        self._settle(whole, sha256)

    def place(self, sha256: str, target: Path) -> None:
        """Copies a content to `target`, whole or not at all; see `place`."""
        place(self.path(sha256), sha256, target)

    def each(self) -> Iterator[Path]:
        """All contents and whatever a killed process left half written."""
        return (path for path in self.folder.glob("*/*") if path.is_file() and path.parent.name != _SIZES)

    def _size(self, size: int) -> Path:
        """Is there when a content of that size was kept once, if it is a large one."""
        return self.folder / _SIZES / str(size)

    def _note(self, size: int) -> None:
        mark = self._size(size)
        mark.parent.mkdir(exist_ok=True)
        mark.touch()

    def _link(self, source: Path) -> tuple[str, int]:
        digest, size = hashed(source)
        if not self.has(digest):
            with self._temporary() as temporary:
                try:
                    os.link(source, temporary)
                except OSError:  # another file system
                    return self.put(source)
                self._settle(temporary, digest)
        self._note(size)
        return digest, size

    def _settle(self, temporary: Path, digest: str) -> None:
        target = self.path(digest)
        try:
            temporary.replace(target)
        except FileNotFoundError:
            target.parent.mkdir(exist_ok=True)
            temporary.replace(target)

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A name for a file that is renamed in the block; when the block fails, the file is removed."""
        path = self.folder / "tmp" / f"{os.getpid()}-{next(_counter)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield path
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def place(source: Path, sha256: str, target: Path) -> None:
    """Copies a file of the content `sha256` to `target`, whole or not at all. The copy is the caller's to change.

    A copy that was interrupted is gone on with. Raises FileNotFoundError when there is no such file.
    """
    draft = target.with_name(f".{sha256[:32]}.part")
    with source.open("rb") as file, part(draft) as copy:
        begun = copy.tell()
        if begun or not _cloned(file, copy):
            file.seek(begun)
            shutil.copyfileobj(file, copy, _PIECE)
            copy.flush()
        draft.replace(target)


def hashed(path: Path) -> tuple[str, int]:
    """sha256 and size of a file, in a memory that does not depend on its size."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        # A buffer is zeroed when it is made: four megabytes of that cost more than most files.
        buffer = memoryview(bytearray(min(_PIECE, os.fstat(file.fileno()).st_size + 1)))
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
            size += count
    return digest.hexdigest(), size


def _copy(file: Any, temporary: Path) -> tuple[str, int]:
    """Copies an open file and hashes what is written: should it change meanwhile, hash and copy still agree."""
    digest, size = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_PIECE))
    fd = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _MODE)
    with open(fd, "wb", buffering=0) as target:  # noqa: PTH123 - of a descriptor
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
            left = buffer[:count]
            while left:
                left = left[target.write(left) :]
            size += count
    return digest.hexdigest(), size


def _cloned(source: IO[bytes], target: IO[bytes]) -> bool:
    """Lets the empty file `target` share the blocks of `source`, where the file system can do that."""
    import fcntl

    try:
        fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except OSError:
        return False
    return True
