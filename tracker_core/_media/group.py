"""Several media logged as one list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core._media.base import Media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core._media.place import Place


class Group(Media):
    """A list of media under one key, in its order. `of` is their common kind, or "mixed". None is left out."""

    kind: ClassVar[str] = "group"

    def __init__(self, members: Sequence[Media]) -> None:
        self.members = list(members)

    def _store(self, place: Place) -> dict[str, Any]:
        kinds = {member.kind for member in self.members}
        items = [member.store(place.key, place.step, place.files) for member in self.members]
        return {"of": kinds.pop() if len(kinds) == 1 else "mixed", "count": len(items), "items": items}
