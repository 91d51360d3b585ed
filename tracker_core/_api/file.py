"""A file of a run, as `Api` gives it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_core._errors import UsageError

if TYPE_CHECKING:
    import os

    from tracker_core.store.file import File


class ApiFile:
    """`name` is its path below the run's files, with `/`; `path` is where it lies now; `size` is in bytes."""

    def __init__(self, file: File) -> None:
        self.name = file.name
        self.path = file.path
        self.size = file.size
        self.sha256 = file.sha256

    def download(self, root: str | os.PathLike[str] = ".", replace: bool = False, exist_ok: bool = False) -> Path:
        """Copies the file to `root` under its name, and returns the copy's path.

        A file that is there already is an error, unless it may be replaced or is fine as it is (`exist_ok`).
        """
        target = Path(root) / self.name
        if target.exists() and not replace:
            if exist_ok:
                return target
            raise UsageError(f"{target} exists: give replace=True to overwrite it, or exist_ok=True to keep it")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path, target)
        return target

    def __repr__(self) -> str:
        return f"<ApiFile {self.name} ({self.size} bytes)>"
