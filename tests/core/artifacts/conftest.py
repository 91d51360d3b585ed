"""A run that is finished afterwards, and some files."""

from __future__ import annotations

import filecmp
import os
from typing import TYPE_CHECKING, Any

import pytest

import tracker_core as tracker
from tracker_core import _folder
from tracker_core._journal import Reader
from tracker_core._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_root_of_another_test(monkeypatch):
    monkeypatch.setattr(_folder, "working_root", None)


@pytest.fixture
def run() -> Iterator[tracker.Run]:
    with tracker.init(project="p", id="r1", settings={"silent": True}) as run:
        yield run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a deep file, an empty one, one with a hard name, and two of one content."""
    root = tmp_path / "tree"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.txt").write_text("one")
    (root / "same.txt").write_text("one")
    (root / "empty").write_bytes(b"")
    (root / "deep" / "er" / "b.bin").write_bytes(os.urandom(3000))
    (root / "deep" / "naïve 名.txt").write_text("two")
    return root


@pytest.fixture
def logged() -> Callable[..., tracker.Artifact]:
    """Logs a folder as the data set "cats"."""

    def log(run: tracker.Run, tree: Path, name: str = "cats", **arguments: Any) -> tracker.Artifact:
        artifact = tracker.Artifact(name, "dataset", **arguments)
        artifact.add_dir(tree)
        return run.log_artifact(artifact)

    return log


@pytest.fixture
def same() -> Callable[[Path, Path], bool]:
    """Whether two folders hold the same files, byte for byte."""

    def compare(left: Path, right: Path) -> bool:
        compared = filecmp.dircmp(left, right)
        below = (compare(left / name, right / name) for name in compared.common_dirs)
        unequal = filecmp.cmpfiles(left, right, compared.common_files, shallow=False)[1:]
        return not compared.left_only and not compared.right_only and not any(unequal) and all(below)

    return compare


@pytest.fixture
def snapshot_of() -> Callable[[tracker.Run], Snapshot]:
    """What a run's journals say of it."""

    def read(run: tracker.Run) -> Snapshot:
        snapshot = Snapshot()
        for path in run.folder.journals():
            for record in Reader(path).entries():
                snapshot.apply(record)
        return snapshot

    return read


@pytest.fixture
def delete(at_rest: Callable[[Path], None]) -> Callable[..., None]:
    """Deletes the run "project/id" as soon as its background process has gone."""

    def gone(path: str, **options: bool) -> None:
        run = tracker.Api().run(path)
        at_rest(run.folder)
        run.delete(**options)

    return gone
