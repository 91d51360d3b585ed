"""`run.summary`: one value a metric, by default the last one logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker_core import _notice, _texts, _values
from tracker_core import _records as records
from tracker_core._tree import Attributes, Branch, grow, prune

_SIZE_LIMIT = 10_000_000

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView


class Summary(Attributes):
    """A mapping with attribute access. What is set by hand stands until the same key is logged again.

    Metrics that were logged in a nested dict are found under their joined name (`summary["val.loss"]`) and level by
    level (`summary["val"]["loss"]`).
    """

    __slots__ = ("_data", "_now", "_render", "_set_by_hand", "_settle", "_write")

    def __init__(
        self,
        write: Callable[[records.Record], None],
        now: Callable[[], float],
        latest: dict[str, Any],
        settle: Callable[[], None],
        render: Callable[[str, Any], Any],
    ) -> None:
        self._write = write
        self._now = now
        self._data = latest
        self._render = render  # makes a key's value plain data
        self._settle = settle  # brings what was logged since into `latest`
        self._set_by_hand: dict[str, tuple[Any, Any]] = {}
        """Lists and mappings that were set, each with what was written of it."""

    def update(self, values: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Sets many keys; a nested mapping replaces what stood under its key."""
        given = {} if values is None else _texts.named(_values.readable_items(values, "summary"))
        given |= kwargs
        items = {key: self._render(key, value) for key, value in given.items()}
        items = {key: value for key, value in items.items() if _fits(key, value)}
        data = self._settled()
        for key, value in items.items():
            data[key] = grow(self, (key,), prune(value))
            self._keep(key, value)
        if items:
            self._write(records.Summary(time=self._now(), set=items))

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self) -> KeysView[str]:
        return self._settled().keys()

    def values(self) -> ValuesView[Any]:
        return self._settled().values()

    def items(self) -> ItemsView[str, Any]:
        return self._settled().items()

    def as_dict(self) -> dict[str, Any]:
        """A copy, nested dicts included."""
        return prune(self._settled())  # type: ignore[no-any-return]

    def __getitem__(self, key: str) -> Any:
        key = _texts.name(key)
        data = self._settled()
        if key in data:
            if type(data[key]) is dict:  # as an earlier attempt left it, or a media value
                data[key] = grow(self, (key,), data[key])
            return data[key]
        prefix = f"{key}."
        below = {name[len(prefix) :]: value for name, value in data.items() if name.startswith(prefix)}
        if not below:
            raise KeyError(key)
        return _nest(below)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        key = _texts.name(key)
        del self._settled()[key]
        self._write(records.Summary(time=self._now(), remove=(key,)))

    def __contains__(self, key: object) -> bool:
        key = _texts.name(key)
        data = self._settled()
        return key in data or any(name.startswith(f"{key}.") for name in data)

    def __iter__(self) -> Iterator[str]:
        return iter(self._settled())

    def __len__(self) -> int:
        return len(self._settled())

    def __repr__(self) -> str:
        return repr(self.as_dict())

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (self.as_dict(),)  # a copy belongs to no run

    def admit(self, path: tuple[str, ...], new: Any) -> None:
        """Every change is welcome (see `_tree.Owner`)."""

    def changed(self, path: tuple[str, ...]) -> None:
        """Keeps a nested change (see `_tree.Owner`)."""
        value = _values.plain(self._data[path[0]])
        if _fits(path[0], value):
            self._keep(path[0], value)
            self._write(records.Summary(time=self._now(), set={path[0]: value}))

    def persist(self) -> None:
        """Writes what was changed in place inside lists; everything else is written when it is set."""
        data = self._settled()
        changed = {}
        for key, (held, written) in self._set_by_hand.items():
            value = _values.plain(held)
            if data.get(key) is held and not _values.same(value, written) and _fits(key, value):
                changed[key] = value
        if changed:
            self._write(records.Summary(time=self._now(), set=changed))

    def _keep(self, key: str, value: Any) -> None:
        if isinstance(value, (dict, list)):
            self._set_by_hand[key] = (self._data[key], value)
        else:
            self._set_by_hand.pop(key, None)

    def restore(self, values: Mapping[str, Any]) -> None:
        """Takes over an earlier attempt's values without writing them again."""
        for key, value in values.items():
            self._data[key] = grow(self, (key,), prune(value))
            self._keep(key, value)

    def _settled(self) -> dict[str, Any]:
        self._settle()
        return self._data


def _fits(key: str, value: Any) -> bool:
    """Whether a value can be recorded; a warning says so where it cannot."""
    size = _values.encoded_size(value)
    if size > _SIZE_LIMIT:
        _notice.mention(
            f"summary {key!r} has {size / 1e6:.0f} MB and is left out, since a value may have 10 MB. "
            "Save it as a file with run.save() instead"
        )
    return size <= _SIZE_LIMIT


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, leaf = name.split(".")
        level = nested
        for part in parents:
            deeper = level.setdefault(part, {})
            if not isinstance(deeper, dict):
                deeper = level[part] = {}
            level = deeper
        level[leaf] = dict(value) if isinstance(value, Branch) else value
    return nested
