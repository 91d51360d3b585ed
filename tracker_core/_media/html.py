"""Web pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core import _notice, _texts
from tracker_core._media.base import Media, described
from tracker_core._media.source import is_path, read_bytes

if TYPE_CHECKING:
    from tracker_core._media.place import Place

_STYLE = b'<base target="_blank"><style>body{font:14px/1.5 system-ui,sans-serif;margin:8px}</style>'


class Html(Media):
    """HTML from a text, an open file, or the path of an `.html` file.

    With `inject`, links open in a new tab and text gets the UI's font. A text that is the name of an existing
    `.html` file is read from there unless `data_is_not_path`. Scripts in it run only in a sandbox.
    """

    kind: ClassVar[str] = "html-file"

    def __init__(
        self, data: Any, inject: bool = True, data_is_not_path: bool = False, caption: str | None = None
    ) -> None:
        self.caption = caption
        content = None if data_is_not_path else _file_content(data)
        if content is None:
            content = read_bytes(data)
        if content is None:
            content = _texts.shown(data).encode()
        self.html = _injected(content) if inject else content

    def _store(self, place: Place) -> dict[str, Any]:
        return described(place.write("html", "html", self.html), caption=self.caption)


def _file_content(data: Any) -> bytes | None:
    if not is_path(data) or (isinstance(data, str) and ("\n" in data or len(data) > 4096)):
        return None
    path = Path(data)
    if path.suffix.lower() not in (".html", ".htm"):
        return None
    if path.is_file():
        return path.read_bytes()
    if not isinstance(data, str) or "<" not in data:
        _notice.mention(f"Html({str(data)!r:.200}): there is no such file, so the text itself is kept")
    return None


def _injected(page: bytes) -> bytes:
    """The style goes where a head begins; a page without one gets it in front, where browsers accept it."""
    lower = page.lower()
    for tag in (b"<head>", b"<html>", b"<!doctype html>"):
        at = lower.find(tag)
        if at >= 0:
            end = at + len(tag)
            return page[:end] + _STYLE + page[end:]
    return _STYLE + page
