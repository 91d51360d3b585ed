"""A run folder's `files/`, and media stored in it and encoded at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tracker_core._media import spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracker_core import _records as records
    from tracker_core._media import Media


@pytest.fixture
def files(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "files"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def drain(files: Path) -> Callable[[], list[records.File]]:
    """Encodes what waits; every job is reported."""

    def drained() -> list[records.File]:
        reports: list[records.File] = []
        spool.drain(files.parent, reports.append)
        return reports

    return drained


@pytest.fixture
def kept(files: Path, drain: Callable[[], list[records.File]]) -> Callable[..., tuple[dict[str, Any], Path]]:
    """Stores a value as the run does, encodes it, and gives its map and its file."""

    def keep(media: Media, key: str = "key", step: int = 3) -> tuple[dict[str, Any], Path]:
        reference = media.store(key, step, files)
        assert not any(report.error for report in drain())
        return reference, files / reference["path"]

    return keep
