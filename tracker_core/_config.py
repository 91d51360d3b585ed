"""`run.config`: what a run was started with, guarded against silent change."""

from __future__ import annotations

import re
import time
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any

from tracker_core import _notice, _texts
from tracker_core import _records as records
from tracker_core._errors import ConfigError
from tracker_core._tree import Attributes, grow, prune
from tracker_core._values import encoded_size, plain, same

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE_LIMIT = 10_000_000


class Config(Attributes):
    """A mapping with attribute access; values are kept as plain data (tuples as lists, enums as names ...).

    Setting a key to an equal value is always fine. Another value raises ConfigError unless
    `init(allow_val_change=True)` or `update(..., allow_val_change=True)` allows it; equality is that of canonical
    JSON, so a list equals a tuple and 1 equals 1.0. A list that is changed in place stays recorded as it was, with a
    warning, unless changes are allowed. Keys that begin with `_` are kept but not listed. A value of more than 10 MB is
    left out with a warning.
    """

    __slots__ = ("_allow", "_data", "_kept", "_locked", "_now", "_write")

    def __init__(self, write: Callable[[records.Record], None], now: Callable[[], float], *, allow: bool) -> None:
        self._write = write
        self._now = now
        self._allow = allow
        self._data: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._locked: set[str] = set()

    def update(self, values: Any = None, allow_val_change: bool | None = None, **kwargs: Any) -> None:
        """Sets many keys, all or none. Nested mappings replace, they are not merged.

        `values` is anything that `init(config=)` takes.
        """
        given = _load(values)
        with _Leave(self, allow_val_change):
            self._set({**given, **kwargs})

    def setdefaults(self, values: Any, replaces: Mapping[str, Any] | None = None) -> None:
        """Sets the keys that are missing; never an error.

        `replaces` are values of an earlier call: the keys that still hold them are set, too.
        """
        earlier = {_clean(key): plain(value) for key, value in _load(replaces).items()}
        values = {
            key: value
            for key, value in _load(values).items()
            if (name := _clean(key)) not in self._data
            or (name in earlier and same(prune(self._data[name]), earlier[name]))
        }
        with _Leave(self, allow=True):
            self._set(values)

    def merge(self, values: Mapping[str, Any], allow_val_change: bool | None = None) -> list[str]:
        """Set keys as `update` does, but leave those alone that may not change, and return them."""
        if allow_val_change or (self._allow and allow_val_change is None):
            self.update(values, allow_val_change=True)
            return []
        given = _load(values)
        items = {key: plain(value) for key, value in zip(_names(given), given.values(), strict=True)}
        kept = [key for key, value in items.items() if key in self._data and not same(prune(self._data[key]), value)]
        self._set({key: value for key, value in items.items() if key not in kept})
        return kept

    def update_locked(self, values: Mapping[str, Any], user: str | None = None) -> None:  # noqa: ARG002 - wandb's call
        """Sets keys, whatever they were, and ignores later changes of them: what a sweep does."""
        given = _load(values)
        with _Leave(self, allow=True):
            self._set(given)
        self._locked.update(_names(given))

    def as_dict(self) -> dict[str, Any]:
        """A copy, nested dicts included."""
        return prune(self._data)  # type: ignore[no-any-return]

    def persist(self) -> None:
        """Writes what was changed in place inside lists, where that is allowed; the rest is written when it is set."""
        values = {key: plain(value) for key, value in self._data.items() if key in self._kept}
        changed = {key: value for key, value in values.items() if not same(value, self._kept[key])}
        if changed and self._allow:
            self._keep(changed)
        elif changed:
            _notice.mention(
                f"config {', '.join(map(repr, changed))}: a list was changed in place, and stays recorded as it was "
                "set. To record the change, pass allow_val_change=True to init()"
            )

    def get(self, key: str, default: Any = None) -> Any:
        return self._data.get(_texts.name(key), default)

    def keys(self) -> KeysView[str]:
        return self._listed().keys()

    def values(self) -> ValuesView[Any]:
        return self._listed().values()

    def items(self) -> ItemsView[str, Any]:
        return self._listed().items()

    def pop(self, key: str, *default: Any) -> Any:
        key = _texts.name(key)
        if key not in self._data and default:
            return default[0]
        value = self._data[key]
        del self[key]
        return value

    def __getitem__(self, key: str) -> Any:
        return self._data[_texts.name(key)]

    def __setitem__(self, key: str, value: Any) -> None:
        self._set({_texts.name(key): value})

    def __delitem__(self, key: str) -> None:
        key = _texts.name(key)
        if key not in self._data:
            raise KeyError(key)
        self.admit((key,), None)
        del self._data[key]
        self._kept.pop(key, None)
        self._write(records.Config(time=self._now(), remove=(key,)))

    def __contains__(self, key: object) -> bool:
        return _texts.name(key) in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed())

    def __len__(self) -> int:
        return len(self._listed())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping | Config) and dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        return repr(self.as_dict())

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], Config], tuple[dict[str, Any]]]:
        return _copy, (self.as_dict(),)

    def admit(self, path: tuple[str, ...], new: Any) -> None:
        """Refuses a change (see `_tree.Owner`)."""
        if self._allow:
            return
        old: Any = self._data
        for part in path:
            if not isinstance(old, dict) or part not in old:
                return
            old = old[part]
        if not same(prune(old), new):
            raise ConfigError(
                f"config {'.'.join(path)!r} is {_short(prune(old))} and would become {_short(new)}. "
                "To allow it, pass allow_val_change=True to init() or config.update(); "
                "for a value that varies during training use log()"
            )

    def changed(self, path: tuple[str, ...]) -> None:
        """Keeps a nested change (see `_tree.Owner`)."""
        value = plain(self._data[path[0]])
        if not self._allow:
            value = _with_lists_of(self._kept.get(path[0]), value)
        if _fits(path[0], value):
            self._keep({path[0]: value})

    def restore(self, values: Mapping[str, Any]) -> None:
        """Takes over an earlier attempt's values without writing them again."""
        for key, value in values.items():
            value = _texts.without_addresses(value)  # noqa: PLW2901 - as objects are recorded today
            self._data[key] = grow(self, (key,), prune(value))
            self._kept[key] = value

    def _set(self, values: Mapping[str, Any]) -> None:
        names = _names(values)
        items = {key: plain(value) for key, value in zip(names, values.values(), strict=True)}
        items = {key: value for key, value in items.items() if _fits(key, value)}
        for key, value in items.items():
            if key not in self._locked:
                self.admit((key,), value)
        fresh = {}
        for key, value in items.items():
            if key in self._locked or (key in self._kept and _identical(value, self._kept[key])):
                continue
            self._data[key] = grow(self, (key,), prune(value))
            fresh[key] = value
        if fresh:
            self._keep(fresh)

    def _keep(self, values: dict[str, Any]) -> None:
        """Writes keys with their whole values, which nothing changes later."""
        self._kept.update(values)
        if sum(map(encoded_size, values.values())) <= _SIZE_LIMIT:
            self._write(records.Config(time=self._now(), set=values))
            return
        for key, value in values.items():
            self._write(records.Config(time=self._now(), set={key: value}))

    def _listed(self) -> dict[str, Any]:
        return {key: value for key, value in self._data.items() if not key.startswith("_")}


def _copy(values: dict[str, Any]) -> Config:
    """A config that belongs to no run, as its copies do, in this process and in others: changes go nowhere."""
    config = Config(lambda _record: None, time.time, allow=True)
    config.restore(values)
    return config


class _Leave:
    """For a moment, changes are allowed (or not); None changes nothing."""

    __slots__ = ("_allow", "_before", "_config")

    def __init__(self, config: Config, allow: bool | None) -> None:
        self._config = config
        self._allow = allow

    def __enter__(self) -> None:
        self._before = self._config._allow  # noqa: SLF001 - its own class's state
        if self._allow is not None:
            self._config._allow = self._allow  # noqa: SLF001

    def __exit__(self, *exc: object) -> None:
        self._config._allow = self._before  # noqa: SLF001


def _load(values: Any) -> dict[str, Any]:
    from tracker_core import _config_source

    return _config_source.load(values)


def _names(values: Mapping[str, Any]) -> list[str]:
    """The names under which keys are recorded: `--lr` becomes `lr`, unless there is one already."""
    names: list[str] = []
    for key in values:
        own, bare = _texts.name(key), _clean(key)
        names.append(own if bare != own and (bare in values or bare in names) else bare)
    return names


def _clean(key: Any) -> str:
    """A key's text, without the dashes of a command line's option."""
    return re.sub(r"^--?(?=[^\W\d])", "", _texts.name(key))


def _with_lists_of(kept: Any, value: Any) -> Any:
    """`value` with the lists of `kept` where they differ: such a list was changed in place, which nobody allowed."""
    if isinstance(kept, dict) and isinstance(value, dict):
        return {key: _with_lists_of(kept.get(key), part) for key, part in value.items()}
    return kept if isinstance(kept, list) and isinstance(value, list) else value


def _identical(new: Any, old: Any) -> bool:
    """Equal in value and in type: 1 and 1.0 are equal, but the newer one is kept."""
    return same(new, old) and repr(new) == repr(old)


def _fits(key: str, value: Any) -> bool:
    """Whether a value can be recorded; a warning says so where it cannot."""
    size = encoded_size(value)
    if size <= _SIZE_LIMIT:
        return True
    _notice.mention(
        f"config {key!r} has {size / 1e6:.0f} MB and is left out, since a value may have 10 MB. "
        "Save it as a file with run.save() instead"
    )
    return False


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
