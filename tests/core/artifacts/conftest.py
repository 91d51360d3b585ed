"""A run that is finished afterwards, and some files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import tracker_core as tracker
from tracker_core import _folder

if TYPE_CHECKING:
    from collections.abc import Iterator
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
