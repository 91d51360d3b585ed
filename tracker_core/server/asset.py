"""The built pages. Any path that is no file is a page's address and gets `index.html`.

Its base is spelled relative to that address ("../../"), and everything that a page asks for or leads to relative to its
base: so the pages also work below a path that a proxy puts before ours and that nobody told us."""

from __future__ import annotations

import mimetypes
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tracker_core.server.guard import FIGURE_POLICY
from tracker_core.server.operation import failure, reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DIST = Path(__file__).parent / "ui" / "dist"

_BASE = b'<base href="/"'
"""As in `index.html`, for Vite's own server."""

_MISSING = (
    "This installation was built without its pages. Install tracker-core from a wheel, or reinstall it from source "
    "without TRACKER_BUILD_UI=0."
)


async def page(request: Request) -> Response:
    """Files under `assets/` carry a hash in their names and never change."""
    name = request.path_params["path"]
    file = _built(name) or _built("index.html")
    if file is None:
        return failure(404, _MISSING)
    content = file.read_bytes()
    if file.name == "index.html":
        content = content.replace(_BASE, b'<base href="%s"' % _up(request.scope["raw_path"]))
    answer = reply(request, content, mimetypes.guess_type(file.name)[0] or "application/octet-stream")
    if name == "figure.html":
        answer.headers["content-security-policy"] = FIGURE_POLICY
    if name.startswith("assets/") and file.name != "index.html":
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
    return answer


def _up(path: bytes) -> bytes:
    """From a page's address to where ours begin."""
    return b"../" * (path.count(b"/") - 1) or b"./"


def _built(name: str) -> Path | None:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/") or "\0" in name:
        return None
    file = DIST.joinpath(*parts)
    return file if file.is_file() else None
