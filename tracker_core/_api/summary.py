"""The summary of a run that is over, to be read and mended."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tracker_core import _records as records
from tracker_core._values import plain, same
from tracker_core.store.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ApiSummary(Summary):
    """As `Summary`, and keys may be set and deleted; `update()`, of it or of its run, writes that down."""

    __slots__ = ("_before", "_now", "_write")

    def __init__(self, flat: dict[str, Any], write: Callable[[records.Summary], None]) -> None:
        self._before, self._now = flat, _own(flat)
        super().__init__(self._now)
        self._write = write

    def __getitem__(self, key: str) -> Any:
        found = super().__getitem__(key)
        return _Below(self, key, found) if isinstance(found, Summary) else found

    def __setitem__(self, key: str, value: Any) -> None:
        self._now[key] = plain(value)

    def __delitem__(self, key: str) -> None:
        """Raises KeyError when there is no such key."""
        del self._now[key]

    def update(self, values: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Sets keys, and writes down all that was changed until now."""
        for key, value in {**(values or {}), **more}.items():
            self[key] = value
        now, before = self._now, self._before
        changed = {key: value for key, value in now.items() if key not in before or not same(value, before[key])}
        gone = tuple(key for key in before if key not in now)
        if not changed and not gone:
            return
        self._before = _own(now)
        self._write(records.Summary(time=0.0, set=changed, remove=gone))

    def __reduce__(self) -> tuple[type[Summary], tuple[dict[str, Any]]]:
        return Summary, (dict(self._flat),)  # a copy belongs to no run


class _Below(Summary):
    """What was logged below a name: `summary["val"]["loss"] = 1` is `summary["val.loss"] = 1`."""

    __slots__ = ("_above", "_name")

    def __init__(self, above: ApiSummary | _Below, name: str, found: Summary) -> None:
        super().__init__(found._json_dict)  # noqa: SLF001 - of its own class
        self._above = above
        self._name = name

    def __getitem__(self, key: str) -> Any:
        found = super().__getitem__(key)
        return _Below(self, key, found) if isinstance(found, Summary) else found

    def __setitem__(self, key: str, value: Any) -> None:
        self._above[f"{self._name}.{key}"] = value

    def __delitem__(self, key: str) -> None:
        del self._above[f"{self._name}.{key}"]

    def __reduce__(self) -> tuple[type[Summary], tuple[dict[str, Any]]]:
        return Summary, (self._json_dict,)


def _own(flat: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose lists and maps may be changed in place."""
    return {key: copy.deepcopy(value) if isinstance(value, (dict, list)) else value for key, value in flat.items()}
