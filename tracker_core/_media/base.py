"""What every value that is more than a number or a text has in common."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core import _notice, _texts
from tracker_core._errors import Error
from tracker_core._media.place import Place

if TYPE_CHECKING:
    from pathlib import Path

_warned: set[str] = set()


class Media(ABC):
    """A value that is kept as a file of the run; the row that logs it holds a map that names the file.

    Nothing of the caller's is read after the constructor but files named by their path, which are read by `store`.
    """

    kind: ClassVar[str]
    """The `_type` of the map."""

    def store(self, key: str, step: int, files: Path) -> dict[str, Any]:
        """Puts the value below `files`, the run's folder for files, and returns the map for the row.

        Never raises: what goes wrong is warned about once a key, and the map then has `error` in place of `path`.
        The file may appear later than the map (see `spool`); its path stands from the start.
        """
        try:
            return {"_type": self.kind, **self._store(Place(files, key, step))}
        except Exception as problem:  # noqa: BLE001 - whatever an encoder raises must not end a training run
            reason = _texts.text(_notice.reason(problem))
            if key not in _warned:
                _warned.add(key)
                _notice.mention(
                    f"{type(self).__name__} logged as {key[:200]!r} could not be kept: {reason}. "
                    "The rest of the row is kept; later failures of this key are silent."
                )
            return {"_type": self.kind, "error": f"{type(problem).__name__}: {reason}"}

    @abstractmethod
    def _store(self, place: Place) -> dict[str, Any]:
        """The map without its `_type`."""


def require(package: str, extra: str, purpose: str) -> None:
    """Raises Error with the install line when `package` cannot be imported; imports nothing."""
    if importlib.util.find_spec(package) is None:
        raise Error(f"{purpose} needs the package {package!r}: pip install 'tracker-core[{extra}]'")


def described(reference: dict[str, Any], *, caption: object = None, **more: object) -> dict[str, Any]:
    """`reference` with those of `more` that say something."""
    if caption is not None and (text := _texts.shown(caption)):
        more["caption"] = text
    return {**reference, **{name: value for name, value in more.items() if value not in (None, {})}}
