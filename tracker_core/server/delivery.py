"""Files that runs and artifacts brought along, on their way to a browser: shown, but as nobody's page."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from starlette.responses import FileResponse

from tracker_core.server.guard import FILE_POLICY, PDF_POLICY

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response

_TEXT = {
    ".c", ".cc", ".cfg", ".cpp", ".cu", ".cuh", ".diff", ".gin", ".h", ".hpp", ".ini", ".ipynb", ".jl", ".json",
    ".jsonl", ".jsx", ".log", ".md", ".patch", ".py", ".pyi", ".pyx", ".r", ".rst", ".sbatch", ".sh", ".slurm", ".tex",
    ".toml", ".ts", ".tsv", ".tsx", ".txt", ".yaml", ".yml",
}  # fmt: skip
_NAMES = {"dockerfile", "license", "makefile", "readme"}
_SHOWN = ("image/", "audio/", "video/", "application/pdf")
_UNKNOWN = "application/octet-stream"


def media_type(name: str) -> str:
    """By the name; what could be a page's script is not told apart from other text."""
    path = PurePosixPath(name.lower())
    if path.suffix in _TEXT or path.name in _NAMES:
        return "application/json" if path.suffix == ".json" else "text/plain"
    guessed = mimetypes.guess_type(name)[0] or _UNKNOWN
    if guessed == "text/html" or guessed.startswith(_SHOWN):
        return guessed
    return "text/plain" if guessed.startswith("text/") or guessed == "application/javascript" else _UNKNOWN


def deliver(path: Path, name: str, *, download: bool) -> Response:
    """`name` says what it is; the content may lie under another one. Asked for in ranges, it comes in ranges."""
    media = media_type(name)
    shown = media != _UNKNOWN and not download
    return FileResponse(
        path,
        media_type=media,
        filename=PurePosixPath(name).name,
        content_disposition_type="inline" if shown else "attachment",
        headers={
            "content-security-policy": PDF_POLICY if media == "application/pdf" else FILE_POLICY,
            "cache-control": "no-cache",
        },
    )
