"""Nested mappings whose every change reaches their owner: what `config["model"]["width"] = 3` needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from tracker_core._texts import named
from tracker_core._values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Owner(Protocol):
    """The mapping at the top of a tree."""

    def admit(self, path: tuple[str, ...], new: Any) -> None:
        """Raises when the value at `path` may not become `new` (plain data; None when it is taken out)."""

    def changed(self, path: tuple[str, ...]) -> None:
        """Keeps what now stands below `path[0]`."""


class Branch(dict[str, Any]):
    """A dict below its owner. Values become plain data when they are set."""

    __slots__ = ("_owner", "_path")

    def __init__(self, owner: Owner, path: tuple[str, ...], items: Mapping[str, Any]) -> None:
        super().__init__({key: grow(owner, (*path, key), value) for key, value in items.items()})
        self._owner = owner
        self._path = path

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __ior__(self, other: Any) -> Branch:  # type: ignore[override, misc]  # noqa: PYI034 - Self is not in 3.10
        self.update(other)
        return self

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As dict's, but all or nothing: where one value is refused, none is set."""
        items = {key: plain(value) for key, value in named(dict(*args, **kwargs).items()).items()}
        for key, value in items.items():
            self._owner.admit((*self._path, key), value)
        for key, value in items.items():
            super().__setitem__(key, grow(self._owner, (*self._path, key), value))
        self._owner.changed(self._path)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.update({key: default})
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            self._owner.admit((*self._path, key), None)
        value = super().pop(key, *default)
        self._owner.changed(self._path)
        return value

    def popitem(self) -> tuple[str, Any]:
        key = next(reversed(self), None)
        if key is None:
            raise KeyError("popitem(): dictionary is empty")
        return key, self.pop(key)

    def clear(self) -> None:
        for key in list(self):
            self.pop(key)

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (prune(self),)  # a copy in another process has no owner there

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        return prune(self)  # type: ignore[no-any-return]


class Attributes:
    """Attribute access to a mapping's items; names that begin with `_` stay the object's own."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getitem__(self, key: str) -> Any: ...
        def __setitem__(self, key: str, value: Any) -> None: ...
        def __delitem__(self, key: str) -> None: ...
        def keys(self) -> Iterable[str]: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            self._missing(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            self._missing(name)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self.keys()]

    def _missing(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__.lower()} has no {name!r}; it has {', '.join(self.keys()) or 'none'}"
        )


def grow(owner: Owner, path: tuple[str, ...], value: Any) -> Any:
    """`value` with every dict in it, but those inside lists, replaced by a Branch."""
    return Branch(owner, path, value) if isinstance(value, dict) else value


def prune(value: Any) -> Any:
    """A copy of `value` with plain dicts and lists."""
    if isinstance(value, dict):
        return {key: prune(item) for key, item in value.items()}
    if isinstance(value, list):
        return [prune(item) for item in value]
    return value
