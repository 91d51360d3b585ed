"""The names of the classes in pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracker_core import _texts, _values
from tracker_core._errors import UsageError


class Classes:
    """`class_set` is a list of maps with `id` (int) and `name`."""

    def __init__(self, class_set: Sequence[Mapping[str, Any]]) -> None:
        for entry in class_set:
            if "id" not in entry or "name" not in entry:
                raise UsageError(f"a class is a map with 'id' and 'name', not {entry!r}")
        self.class_set = [dict(entry) for entry in class_set]

    def labels(self) -> dict[str, str]:
        """Id -> name; ids as texts, since not every reader has maps with numbers as keys."""
        return labels({entry["id"]: entry["name"] for entry in self.class_set})


def labels(names: Mapping[Any, Any] | Classes | Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    """Any of the ways in which classes are named, as id -> name."""
    if names is None:
        return {}
    if isinstance(names, Mapping):
        return {_identity(identity): _texts.shown(name) for identity, name in names.items()}
    return (names if isinstance(names, Classes) else Classes(names)).labels()


def _identity(given: Any) -> str:
    """A class id as a text; that of a member of an IntEnum, or of 3.0, is that of its number."""
    number = int(given) if isinstance(given, int) else _values.number(given)
    return str(int(number)) if number is not None and number == int(number) else _texts.name(given)
