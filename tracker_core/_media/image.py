"""Images."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core import _notice, _texts
from tracker_core._errors import UsageError
from tracker_core._media.array import Array, as_bytes, grid, is_torch, layout, owned, tiled
from tracker_core._media.base import Media, described, require
from tracker_core._media.classes import Classes, labels
from tracker_core._media.figure import is_matplotlib, rendered
from tracker_core._media.overlay import Boxes, Mask, store_boxes
from tracker_core._media.source import here, is_path, read_bytes
from tracker_core._media.spool import defer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from PIL.Image import Image as Picture

    from tracker_core._media.place import Place

_SUFFIXES = {"png": "png", "jpg": "jpg", "jpeg": "jpg", "bmp": "bmp", "webp": "webp", "gif": "gif"}
_FORMATS = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "webp": "WEBP", "gif": "GIF"}
_LIMIT = 65500


class Image(Media):
    """A picture from a path, bytes, an open file, a PIL image, a matplotlib figure, or an array.

    Arrays are (H, W), (H, W, C) or (C, H, W) with C of 1, 3 or 4; where both readings fit, torch tensors are
    taken as (C, H, W) and others as (H, W, C). A batch of four dimensions becomes one grid. Floats within [0, 1]
    or [-1, 1], give or take a hundredth, are stretched to [0, 255] unless `normalize=False`; all else is clipped to
    it. 16-bit grey arrays are kept exactly in a PNG.

    `boxes` is `{set: {"box_data": [...], "class_labels": {...}}}`, `masks` is
    `{layer: {"mask_data": (H, W), "class_labels": {...}}}`; `classes` names the classes of those that do not. A mask
    has the height and width of the image.
    Files that browsers show are kept byte for byte; others, or all with another `file_type`, are converted.
    """

    kind: ClassVar[str] = "image-file"

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Sequence[Mapping[str, Any]] | None = None,
        boxes: Mapping[str, Mapping[str, Any]] | None = None,
        masks: Mapping[str, Mapping[str, Any]] | None = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        require("PIL", "media", "Image")
        if file_type is not None and file_type.lower() not in _SUFFIXES:
            raise UsageError(f"file_type {file_type!r} is none of {', '.join(_SUFFIXES)}")
        self.caption = caption
        self.grouping = grouping
        self.format = _SUFFIXES[file_type.lower()] if file_type else "png"
        self.width = self.height = 0
        self._classes = labels(classes)
        self._boxes = {_texts.name(name): Boxes(name, given, self._classes) for name, given in (boxes or {}).items()}
        self._masks = [Mask(name, given, self._classes) for name, given in (masks or {}).items()]
        self._path: Path | None = None
        self._encoded: bytes | None = None
        self._pixels: Array | None = None
        self._options: dict[str, Any] = {"mode": mode, "normalize": normalize}
        self._take(data_or_path, mode, file_type)
        for mask in self._masks:
            mask.check(self.height, self.width)
        if max(self.width, self.height) > _LIMIT:
            _notice.mention(f"images of more than {_LIMIT} pixels a side may not be shown")

    def _take(self, data: Any, mode: str | None, file_type: str | None) -> None:
        if isinstance(data, Image):
            self._take_image(data)
        elif is_path(data):
            self._take_file(here(data, "an image"), mode, file_type)
        elif is_matplotlib(data):
            self._take_encoded(rendered(data), mode, file_type)
        elif type(data).__module__.startswith("PIL."):
            self._take_picture(data, mode)
        elif (encoded := read_bytes(data)) is not None:
            self._take_encoded(encoded, mode, file_type)
        else:
            self._take_array(data)

    def _take_image(self, other: Image) -> None:
        """The same pixels; of the rest, what is not given anew."""
        self._path, self._encoded, self._pixels = other._path, other._encoded, other._pixels
        self._options, self.format = other._options, other.format
        self.width, self.height = other.width, other.height
        self.caption = self.caption if self.caption is not None else other.caption
        self._classes = self._classes or other._classes
        self._boxes = self._boxes or other._boxes
        self._masks = self._masks or other._masks

    def _take_file(self, path: Path, mode: str | None, file_type: str | None) -> None:
        from PIL import Image as pillow  # noqa: N813 - a module, and the name Image is taken

        with pillow.open(path) as picture:
            if self._stays(picture, mode, file_type):
                self._path = path
            else:
                self._take_picture(picture, mode)

    def _take_encoded(self, data: bytes, mode: str | None, file_type: str | None) -> None:
        from PIL import Image as pillow  # noqa: N813 - see above

        with pillow.open(io.BytesIO(data)) as picture:
            if self._stays(picture, mode, file_type):
                self._encoded = data
            else:
                self._take_picture(picture, mode)

    def _stays(self, picture: Picture, mode: str | None, file_type: str | None) -> bool:
        """Whether an encoded picture is kept byte for byte; its format and size are noted then."""
        suffix = (picture.format or "").lower()
        if mode is not None or suffix not in _SUFFIXES or (file_type and self.format != _SUFFIXES[suffix]):
            return False
        self.format = _SUFFIXES[suffix]
        self.width, self.height = picture.size
        return True

    def _take_picture(self, picture: Picture, mode: str | None) -> None:
        if mode is not None and picture.mode != mode:
            picture = picture.convert(mode)
        if picture.mode == "F":  # numbers of any range
            self._options["mode"] = None
            self._take_array(picture)
            return
        self._options["mode"] = None
        self._options["normalize"] = False
        self.width, self.height = picture.size
        if picture.mode in ("L", "RGB", "RGBA", "LA", "I;16"):
            self._pixels = owned(picture)
            self._options["layout"] = [0, 0]
        else:
            self._encoded = _saved(picture, self.format)

    def _take_array(self, data: Any) -> None:
        self._pixels = owned(data)
        if self._pixels.ndim == 1 or 0 in self._pixels.shape:
            raise UsageError(f"an array of the shape {self._pixels.shape} is no image")
        found = layout(self._pixels.shape, "first" if is_torch(data) else "last")
        self._options["layout"] = [found.batch, int(found.first)]
        rows, columns = grid(found.batch) if found.batch else (1, 1)
        self.height, self.width = rows * found.height, columns * found.width

    @property
    def image(self) -> Picture:
        """The picture for Pillow."""
        from PIL import Image as pillow  # noqa: N813 - see above

        if self._pixels is not None:
            return _picture(self._pixels, {"format": self.format, **self._options})
        picture = pillow.open(self._path if self._path is not None else io.BytesIO(self._encoded or b""))
        with picture:
            return picture.copy()

    def _store(self, place: Place) -> dict[str, Any]:
        if self._path is not None:
            reference = place.copy("images", self.format, self._path)
        elif self._encoded is not None:
            reference = place.write("images", self.format, self._encoded)
        else:
            assert self._pixels is not None
            reference = defer(place, "images", self.format, "image", self._pixels, format=self.format, **self._options)
        return described(
            {**reference, "format": self.format, "width": self.width, "height": self.height},
            caption=self.caption,
            grouping=self.grouping,
            classes=self._classes,
            boxes=store_boxes(place, self._boxes) if self._boxes else None,
            masks={mask.name: mask.store(place) for mask in self._masks},
        )


def encode(array: Array, options: dict[str, Any], target: Path) -> None:
    """Writes the picture of `array`, laid out as `options` tell, to `target`."""
    target.write_bytes(_saved(_picture(array, options), options.get("format", "png")))


def _picture(array: Array, options: dict[str, Any]) -> Picture:
    from PIL import Image as pillow  # noqa: N813 - see above

    suffix = options.get("format", "png")
    batch, first = options["layout"]
    if first:
        array = array.swapaxes(-3, -2).swapaxes(-2, -1)
    if array.dtype != "uint16" or array.ndim != 2 or suffix != "png":
        array = as_bytes(array, normalize=options["normalize"])
    if batch:
        array = tiled(array)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    picture = pillow.fromarray(array)
    if options.get("mode"):
        picture = picture.convert(options["mode"])
    return picture


def _saved(picture: Picture, suffix: str) -> bytes:
    if picture.mode in ("HSV", "LAB", "YCbCr"):
        picture = picture.convert("RGB")  # few formats have these, and browsers show none of them
    if suffix == "jpg" and picture.mode not in ("L", "RGB", "CMYK"):
        picture = _opaque(picture)
    if picture.mode in ("CMYK", "F") and suffix != "jpg":
        picture = picture.convert("L" if picture.mode == "F" else "RGB")
    if picture.mode == "I":
        picture = picture.convert("I;16")  # as deep as PNG goes
    buffer = io.BytesIO()
    picture.save(buffer, _FORMATS[suffix])
    return buffer.getvalue()


def _opaque(picture: Picture) -> Picture:
    """`picture` on white: JPEG knows no transparency."""
    from PIL import Image as pillow  # noqa: N813 - see above

    picture = picture.convert("RGBA")
    ground = pillow.new("RGBA", picture.size, "white")
    return pillow.alpha_composite(ground, picture).convert("RGB")
