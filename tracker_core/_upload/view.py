"""Copies the saved views of a folder of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker_core._upload.journal import Journals

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._upload.server import Server

FOLDER = "views"


def send(root: Path, server: Server) -> None:
    """Sends what is new. Raises CommError."""
    if not (root / FOLDER).is_dir():
        return

    def put(name: str, offset: int, content: bytes, *, live: bool) -> int:
        del live
        return server.put_view(name, offset, content)

    Journals(root / FOLDER, server.held_views().journals, put).send()
