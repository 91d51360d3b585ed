"""What is drawn over an image: boxes around things, and a mask that gives every pixel a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tracker_core import _notice, _texts, _values
from tracker_core._errors import UsageError
from tracker_core._media.array import owned
from tracker_core._media.classes import labels
from tracker_core._media.spool import defer

if TYPE_CHECKING:
    from tracker_core._media.array import Array
    from tracker_core._media.place import Place

_FIELDS = ("position", "domain", "class_id", "box_caption", "scores", "box_id")
_POSITIONS = ({"minX", "maxX", "minY", "maxY"}, {"middle", "width", "height"})


class Mask:
    """One layer of pixel classes: `{"mask_data": (H, W) integers}` or `{"path": a PNG}`, with `class_labels`."""

    def __init__(self, name: str, given: Mapping[str, Any], inherited: dict[str, str]) -> None:
        self.name = _texts.name(name)
        self.labels = labels(given.get("class_labels")) or inherited
        self.pixels = None if "mask_data" not in given else _classes(name, given["mask_data"])
        self.path = Path(given["path"]) if "path" in given else None
        if self.pixels is None and self.path is None:
            raise UsageError(f"mask {name!r} has neither 'mask_data' nor 'path'")

    def check(self, height: int, width: int) -> None:
        """Raises UsageError where the mask is not as large as its image."""
        if self.pixels is not None and self.pixels.shape != (height, width):
            raise UsageError(
                f"mask {self.name!r} has the shape {self.pixels.shape}, but its image has {(height, width)} "
                "(height, width): resize the mask to the image"
            )

    def store(self, place: Place) -> dict[str, Any]:
        place = place.below(self.name)
        if self.pixels is not None:
            reference = defer(place, "masks", "png", "image", self.pixels, layout=[0, 0], normalize=False)
        else:
            assert self.path is not None
            reference = place.copy("masks", "png", self.path)
        return {"_type": "mask", **reference, "class_labels": self.labels}


def _classes(name: str, data: Any) -> Array:
    pixels = owned(data)
    if pixels.ndim == 3 and 1 in (pixels.shape[0], pixels.shape[2]):
        pixels = pixels.squeeze(0 if pixels.shape[0] == 1 else 2)
    if pixels.ndim != 2:
        raise UsageError(f"mask {name!r} has the shape {pixels.shape}; (height, width) is wanted")
    if pixels.size and (pixels.min() < 0 or pixels.max() > 65535 or (pixels != pixels.astype(np.int64)).any()):
        raise UsageError(f"mask {name!r} holds something else than class ids from 0 to 65535")
    return pixels.astype(np.uint8 if not pixels.size or pixels.max() <= 255 else np.uint16)


class Boxes:
    """One set of boxes: `{"box_data": [{"position", "class_id", ...}], "class_labels"}`."""

    def __init__(self, name: str, given: Mapping[str, Any], inherited: dict[str, str]) -> None:
        if "box_data" not in given:
            raise UsageError(f"boxes {name!r} have no 'box_data'")
        self.labels = labels(given.get("class_labels")) or inherited
        self.boxes = [_box(name, box) for box in given["box_data"]]


def _box(name: str, box: Mapping[str, Any]) -> dict[str, Any]:
    position = box.get("position")
    if not isinstance(position, Mapping) or set(position) not in _POSITIONS:
        raise UsageError(
            f"a box of {name!r} has the position {position!r}; minX, maxX, minY, maxY or middle, width, height are "
            "wanted, as fractions of the image or, with domain='pixel', as pixels"
        )
    if unknown := sorted(_texts.name(key) for key in box if key not in _FIELDS):
        _notice.mention(f"boxes {name!r}: {', '.join(unknown)} is left out; known are {', '.join(_FIELDS)}")
    if box.get("domain") not in (None, "pixel"):
        raise UsageError(f"a box of {name!r} has the domain {box['domain']!r}; 'pixel' or none is wanted")
    plain: dict[str, Any] = {"position": {key: _numbers(value) for key, value in position.items()}}
    if box.get("domain"):
        plain["domain"] = box["domain"]
    if box.get("class_id") is not None:
        plain["class_id"] = _class_id(name, box["class_id"])
    if box.get("box_caption") is not None:
        plain["box_caption"] = _texts.shown(box["box_caption"])
    if box.get("scores") is not None:
        plain["scores"] = {_texts.name(key): float(value) for key, value in box["scores"].items()}
    return plain


def _class_id(name: str, given: Any) -> int:
    number = int(given) if isinstance(given, int) else _values.number(given)
    if number is None or number != int(number):
        raise UsageError(f"a box of {name!r} has the class_id {_texts.represented(given)}; a whole number is wanted")
    return int(number)


def _numbers(value: Any) -> Any:
    return [float(part) for part in value] if hasattr(value, "__len__") else float(value)


def store_boxes(place: Place, sets: Mapping[str, Boxes]) -> dict[str, Any]:
    """All sets of an image in one JSON file: a detector draws hundreds of boxes, too many for a row."""
    data = {name: {"box_data": boxes.boxes, "class_labels": boxes.labels} for name, boxes in sets.items()}
    reference = place.write("boxes", "json", msgspec.json.encode(data))
    return {"_type": "boxes2D", **reference, "counts": {name: len(boxes.boxes) for name, boxes in sets.items()}}
