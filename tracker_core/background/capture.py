"""What is captured once, at the start: each fact as one step, so that the process listens in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core import _records as records
from tracker_core import _roots
from tracker_core._values import plain
from tracker_core.background.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracker_core._background import Launch
    from tracker_core._folder import RunFolder
    from tracker_core._journal import Writer
    from tracker_core._live_files import LiveFiles


def steps(
    launch: Launch, folder: RunFolder, writer: Writer, live_files: LiveFiles
) -> list[tuple[str, Callable[[], object]]]:
    """The steps with their names; what is quick to have comes first."""
    capture = Capture(launch, folder, writer, live_files)
    found: list[tuple[str, Callable[[], object]]] = [
        ("machine", capture.machine),
        ("packages", capture.packages),
        ("gpu", capture.gpu),
        ("roots", lambda: _roots.register(folder.root)),
    ]
    if not launch.disable_git:
        found.insert(1, ("git", capture.git))
    if launch.save_code and launch.program is not None:
        found.insert(1, ("code", capture.code))
    return found


class Capture:
    """Writes what it finds as `Metadata` and `File` records."""

    def __init__(self, launch: Launch, folder: RunFolder, writer: Writer, live_files: LiveFiles) -> None:
        self._launch = launch
        self._live_files = live_files
        self._folder = folder
        self._writer = writer

    def machine(self) -> None:
        from tracker_core.background import command, host

        self._facts({**command.capture(self._launch), **host.capture(self._folder)})

    def git(self) -> None:
        from tracker_core.background import git

        facts = git.capture(self._launch, self._folder.files)
        self._facts(facts)
        if facts.get("git", {}).get("diff"):
            self._file(self._folder.files / git.NAME)

    def packages(self) -> None:
        from tracker_core.background import packages

        if packages.save(self._launch.path, self._folder.files):
            self._file(self._folder.files / packages.NAME)

    def gpu(self) -> None:
        from tracker_core.background.gpu import Gpus

        self._facts(Gpus().facts())

    def code(self) -> None:
        from tracker_core import _code

        assert self._launch.program is not None
        record = _code.save_script(self._launch.program, self._launch.cwd, self._folder, now())
        self._writer.write(record)
        self._live_files.add(record)

    def _facts(self, facts: dict[str, Any]) -> None:
        if facts:
            self._writer.write(records.Metadata(time=now(), data=plain(facts)))  # paths need not be text

    def _file(self, path: Path) -> None:
        relative = path.relative_to(self._folder.files).as_posix()
        self._writer.write(records.File(time=now(), path=relative, size=path.stat().st_size))
