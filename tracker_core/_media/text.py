"""Texts that are more than a word: plain or Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core import _texts
from tracker_core._media.base import Media, described

if TYPE_CHECKING:
    from tracker_core._media.place import Place

_INLINE = 4096


class Text(Media):
    """A text, shown as it is. Up to 4,096 bytes stand in the row, more in a file."""

    kind: ClassVar[str] = "text"
    suffix: ClassVar[str] = "txt"

    def __init__(self, data: Any, caption: str | None = None) -> None:
        self.text = _texts.shown(data)
        self.caption = caption

    def _store(self, place: Place) -> dict[str, Any]:
        data = self.text.encode()
        reference: dict[str, Any] = {"text": data.decode()}
        if len(data) > _INLINE:
            reference = place.write("text", self.suffix, data)
        return described(reference, caption=self.caption)


class Markdown(Text):
    """A text in Markdown. HTML in it is shown, not run."""

    kind: ClassVar[str] = "markdown"
    suffix: ClassVar[str] = "md"
