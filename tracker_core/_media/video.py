"""Videos."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from tracker_core import _notice
from tracker_core._errors import Error, UsageError
from tracker_core._media.array import Array, as_bytes, grid, owned, tiled
from tracker_core._media.base import Media, described, require
from tracker_core._media.source import is_path, path_of, read_bytes
from tracker_core._media.spool import defer

if TYPE_CHECKING:
    from pathlib import Path

    from tracker_core._media.place import Place

_CHANNELS = (1, 3, 4)
_DEFAULT_FPS = 4

# What ffmpeg is told for each format: the container and the encoder. mp4 puts its index first, so that a browser
# plays before all is loaded; a GIF gets a palette of its own.
_ENCODERS: dict[str, list[str]] = {
    "mp4": ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart", "-f", "mp4"],
    "webm": ["-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-crf", "24", "-b:v", "0", "-row-mt", "1", "-f", "webm"],
    "ogg": ["-c:v", "libtheora", "-pix_fmt", "yuv420p", "-q:v", "8", "-f", "ogg"],
    "gif": ["-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none", "-loop", "0", "-f", "gif"],
}
_SUFFIXES = (*_ENCODERS, "ogv", "mov", "mkv", "avi")


class Video(Media):
    """A video from a path, bytes, an open file, or an array of frames.

    Arrays are (T, C, H, W), (T, H, W, C) or (T, H, W), or one of the first two in a batch (B, ...), which becomes
    a grid that plays together; C is 1, 3 or 4. Where both readings fit, channels come first. A list of frames is
    an array. Floats within [0, 1] are stretched to [0, 255], judged over the whole clip; all else is clipped.

    `fps` is for arrays, 4 by default. `format` is "mp4" by default, or "gif", "webm", "ogg". Odd sides are
    extended by a pixel where the format wants even ones.
    """

    kind: ClassVar[str] = "video-file"

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: float | None = None,
        format: str | None = None,  # noqa: A002 - the name that users know
    ) -> None:
        if format is not None and format.lower() not in _ENCODERS:
            raise UsageError(f"format {format!r} is none of {', '.join(_ENCODERS)}")
        self.caption = caption
        self.format = format.lower() if format else "mp4"
        self.fps: float | None = None
        self.width = self.height = self.frames = 0
        self._path: Path | None = None
        self._encoded: bytes | None = None
        self._pixels: Array | None = None
        if is_path(data_or_path):
            self._path, self.format = path_of(data_or_path, _SUFFIXES, "a video")
        elif (data := read_bytes(data_or_path)) is not None:
            self._encoded, self.format = data, format.lower() if format else _sniffed(data)
        else:
            self._take_array(data_or_path, fps)
        if fps is not None and self._pixels is None:
            _notice.mention("fps is only for arrays; an encoded video keeps its own")

    def _take_array(self, data: Any, fps: float | None) -> None:
        require("imageio_ffmpeg", "media", "Video of an array")
        self._pixels = owned(np.stack([owned(frame) for frame in data]) if isinstance(data, (list, tuple)) else data)
        clip = _layout(self._pixels.shape)
        rows, columns = grid(clip.batch) if clip.batch else (1, 1)
        self.frames, self.height, self.width = clip.frames, rows * clip.height, columns * clip.width
        self.fps = float(fps if fps is not None else _DEFAULT_FPS)
        if self.fps <= 0:
            raise UsageError(f"fps is {fps}; a positive number is wanted")

    def _store(self, place: Place) -> dict[str, Any]:
        if self._path is not None:
            reference = place.copy("videos", self.format, self._path)
        elif self._encoded is not None:
            reference = place.write("videos", self.format, self._encoded)
        else:
            assert self._pixels is not None
            reference = defer(place, "videos", self.format, "video", self._pixels, format=self.format, fps=self.fps)
        shape = {"width": self.width, "height": self.height, "frames": self.frames} if self.frames else {}
        return described({**reference, "format": self.format, **shape}, caption=self.caption, fps=self.fps)


class _Clip(NamedTuple):
    """How the frames lie; `batch` is 0 for one clip."""

    batch: int
    frames: int
    height: int
    width: int
    first: bool


def _layout(shape: tuple[int, ...]) -> _Clip:
    if 0 in shape:
        raise UsageError(f"an array of the shape {shape} holds no frame")
    if len(shape) == 3:
        return _Clip(0, *shape, first=False)
    if len(shape) not in (4, 5):
        raise UsageError(f"frames are (T, C, H, W), (T, H, W, C), (T, H, W) or a batch of them, not {shape}")
    batch, (frames, *body) = (shape[0], shape[1:]) if len(shape) == 5 else (0, shape)
    if body[0] in _CHANNELS:
        return _Clip(batch, frames, body[1], body[2], first=True)
    if body[2] in _CHANNELS:
        return _Clip(batch, frames, body[0], body[1], first=False)
    raise UsageError(f"no dimension of the shape {shape} can be 1, 3 or 4 colour channels")


def _sniffed(data: bytes) -> str:
    """The format by the first bytes."""
    if data[4:8] == b"ftyp":
        return "mp4"
    for start, name in ((b"GIF8", "gif"), (b"\x1a\x45\xdf\xa3", "webm"), (b"OggS", "ogg")):
        if data.startswith(start):
            return name
    raise UsageError("these bytes are no mp4, gif, webm or ogg video; say format= if they are")


def encode(array: Array, options: dict[str, Any], target: Path) -> None:
    """Writes the clip of `array` to `target` by ffmpeg."""
    import imageio_ffmpeg

    frames = _frames(array)
    height, width = frames.shape[1:3]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", str(options["fps"]), "-i", "-", *_ENCODERS[options["format"]]]
    done = subprocess.run([*command, str(target)], input=frames.data, capture_output=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise Error(f"ffmpeg could not encode {frames.shape[0]} frames: {done.stderr.decode(errors='replace')[-500:]}")


def _frames(array: Array) -> Array:
    """(T, H, W, 3) as bytes, with even sides."""
    clip = _layout(array.shape)
    if array.ndim == 3:
        array = array[..., np.newaxis]
    elif clip.first:
        array = np.moveaxis(array, -3, -1)
    array = as_bytes(array, normalize=True)
    if clip.batch:
        array = tiled(array)
    array = array.repeat(3, axis=-1) if array.shape[-1] == 1 else array[..., :3]
    odd = [(0, side % 2) for side in array.shape[1:3]]
    return np.ascontiguousarray(np.pad(array, [(0, 0), *odd, (0, 0)], mode="edge"))
