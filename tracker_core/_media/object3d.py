"""Things in space: point clouds and meshes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from tracker_core._errors import UsageError
from tracker_core._media.array import Array, owned
from tracker_core._media.base import Media, described
from tracker_core._media.source import is_path, path_of, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._media.place import Place

_SUFFIXES = ("pts.json", "obj", "gltf", "glb", "babylon", "stl")
_COLUMNS = (3, 4, 6)
_SCENES = ("lidar/beta",)


class Object3D(Media):
    """A mesh from a file (obj, gltf, glb, babylon, stl), or a cloud of points.

    Points are an array (N, 3): x, y, z; (N, 4): and a category from 1 to 14; or (N, 6): and a colour r, g, b of
    0 to 255. A map `{"type": "lidar/beta", "points", "boxes", "vectors"}` is a scene: a box has `corners` (8, 3),
    `label` and `color`, a vector `start` and `end`. Points are kept exactly, as a `.npy` file. An open file needs
    `file_type`.
    """

    kind: ClassVar[str] = "object3D-file"

    def __init__(self, data_or_path: Any, caption: str | None = None, file_type: str | None = None) -> None:
        self.caption = caption
        self._path: Path | None = None
        self._content: bytes | None = None
        self._points: Array | None = None
        self._scene: dict[str, Any] = {}
        self.format = "npy"
        if is_path(data_or_path):
            self._path, self.format = path_of(data_or_path, _SUFFIXES, "a mesh")
        elif isinstance(data_or_path, Mapping):
            self._take_scene(data_or_path)
        elif hasattr(data_or_path, "read"):
            if file_type not in _SUFFIXES:
                raise UsageError(f"file_type is {file_type!r}; one of {', '.join(_SUFFIXES)} is wanted")
            self._content, self.format = read_bytes(data_or_path), file_type
        else:
            self._points = _points(data_or_path)

    @classmethod
    def from_file(cls, data_or_path: Any, file_type: str | None = None) -> Object3D:
        """From a path, or an open file and its type."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Object3D:
        """From an array of points."""
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls,
        points: Any,
        boxes: Sequence[Mapping[str, Any]] = (),
        vectors: Sequence[Mapping[str, Any]] = (),
        point_cloud_type: str = "lidar/beta",
    ) -> Object3D:
        """From points, with boxes and arrows among them."""
        return cls({"type": point_cloud_type, "points": points, "boxes": boxes, "vectors": vectors})

    def _take_scene(self, scene: Mapping[str, Any]) -> None:
        if scene.get("type", _SCENES[0]) not in _SCENES:
            raise UsageError(f"a scene's type is one of {', '.join(_SCENES)}, not {scene['type']!r}")
        self._points = _points(scene.get("points", np.zeros((0, 3))))
        # Through JSON once, so that arrays in it are lists and nothing of the caller's is left.
        parts = {name: list(scene.get(name, ())) for name in ("boxes", "vectors")}
        self._scene = msgspec.json.decode(msgspec.json.encode(parts, enc_hook=_plain))

    def _store(self, place: Place) -> dict[str, Any]:
        if self._path is not None:
            reference = place.copy("object3D", self.format, self._path)
        elif self._content is not None:
            reference = place.write("object3D", self.format, self._content)
        else:
            reference = self._store_points(place)
        return described({**reference, "format": self.format}, caption=self.caption)

    def _store_points(self, place: Place) -> dict[str, Any]:
        assert self._points is not None
        buffer = io.BytesIO()
        np.save(buffer, self._points, allow_pickle=False)
        reference = place.write("object3D", "npy", buffer.getbuffer())
        count, columns = self._points.shape
        scene = None
        if any(self._scene.values()):
            scene = place.write("object3D", "scene.json", msgspec.json.encode(self._scene))
        return described({**reference, "points": count, "columns": columns}, scene=scene)


def _points(data: Any) -> Array:
    points = owned(data)
    if points.ndim != 2 or points.shape[1] not in _COLUMNS:
        raise UsageError(f"points are (N, 3), (N, 4) or (N, 6), not the shape {points.shape}")
    return points


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else repr(value)
