"""TensorBoard's values as the tracker's."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import tracker_core as tracker
from tracker_integrations.tensorboard.event import Histogram, Picture, Sound, Tensor, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

# torch names the parts of a mesh, tensorboardX numbers them; vertices come first in both.
_VERTICES = re.compile(r"(.+)_(?:VERTEX|1)")
_CURVE = ("true_positives", "false_positives", "true_negatives", "false_negatives", "precision", "recall")
_MOST_BINS = 512


class _Media(Protocol):
    def store(self, key: str, step: int, files: Path) -> dict[str, Any]: ...


class Converter:
    """Converts the values of one event file. A tag's plugin stands in its first event only and is remembered."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._plugins: dict[str, str] = {}

    def key(self, value: Value) -> str:
        """The key of a value, whose parts are `key/0`, `key/1` and so on where it has several; and what later values
        of its tag need is remembered.
        """
        plugin = self._plugins.setdefault(value.tag, value.plugin)
        key = self._prefix + value.tag
        if plugin == "text":
            return key.removesuffix("/text_summary")
        mesh = _VERTICES.fullmatch(key) if plugin == "mesh" else None
        return mesh[1] if mesh is not None else key

    def convert(self, value: Value, step: int, files: Path) -> dict[str, Any]:
        """`value` as items of a row; empty for what has no form here. Pictures and the like go below `files`."""
        key, plugin = self.key(value), self._plugins[value.tag]
        if isinstance(value.content, float):
            return {key: value.content}
        if plugin in ("scalars", "") and isinstance(value.content, Tensor):
            single = value.content.values
            return {key: single[0]} if len(single) == 1 and not isinstance(single[0], bytes) else {}
        if plugin == "mesh" and _VERTICES.fullmatch(self._prefix + value.tag) is None:
            return {}
        found = _media(value.content, plugin)
        if len(found) == 1:
            return {key: found[0].store(key, step, files)}
        return {f"{key}/{index}": media.store(f"{key}/{index}", step, files) for index, media in enumerate(found)}


def _media(content: Any, plugin: str) -> Sequence[_Media]:
    if isinstance(content, Histogram):
        return _histogram(content.counts, content.edges)
    if isinstance(content, Picture):
        return [_picture(content.data)]
    if isinstance(content, Sound):
        return [_sound(content.data)]
    return _of_tensor(content, plugin) if isinstance(content, Tensor) else []


def _of_tensor(tensor: Tensor, plugin: str) -> Sequence[_Media]:
    values = tensor.values
    if plugin == "text":
        return [tracker.Markdown("\n\n".join(value.decode("utf-8", "replace") for value in values))]
    if plugin == "images":
        return [_picture(data) for data in values[2:]]  # width and height come first
    if plugin == "audio":
        sounds = values[::2] if len(tensor.shape) == 2 else values  # each with a label
        return [_sound(data) for data in sounds]
    if plugin == "histograms" and len(tensor.shape) == 2 and tensor.shape[0]:
        return _histogram(values[2::3], [values[0], *values[1::3]])
    if plugin == "pr_curves" and len(tensor.shape) == 2:
        return [_curve(tensor)]
    if plugin == "mesh" and len(tensor.shape) == 3 and tensor.shape[2] == 3:
        return [tracker.Object3D([values[start : start + 3] for start in range(0, 3 * tensor.shape[1], 3)])]
    return []


def _histogram(counts: list[float], edges: list[float]) -> Sequence[_Media]:
    """Empty bins at both ends are left out: TensorBoard's own scale goes to 1e308. Neighbours are joined if many."""
    filled = [index for index, count in enumerate(counts) if count]
    if not filled:
        return []
    first, last = filled[0], filled[-1] + 1
    counts, edges = counts[first:last], edges[first : last + 1]
    together = -(-len(counts) // _MOST_BINS)
    counts = [sum(counts[start : start + together]) for start in range(0, len(counts), together)]
    edges = [*edges[:-1:together], edges[-1]]
    # A bin of one value only has no width in TensorBoard, and must have some in a histogram.
    for index in range(1, len(edges)):
        if edges[index] <= edges[index - 1]:
            edges[index] = edges[index - 1] + max(abs(edges[index - 1]), 1.0) * 1e-9
    return [tracker.Histogram(np_histogram=(counts, edges))]


def _picture(data: bytes) -> _Media:
    """tensorboardX keeps videos as animated GIFs among the images."""
    if data[:4] == b"GIF8":
        return tracker.Video(io.BytesIO(data), format="gif")
    return _Stored(tracker.Image, data, ".jpg" if data[:2] == b"\xff\xd8" else ".png")


def _sound(data: bytes) -> _Media:
    return _Stored(tracker.Audio, data, ".wav")


class _Stored:
    """A media value of a temporary file, which must be there until it is stored."""

    def __init__(self, make: Any, data: bytes, suffix: str) -> None:
        self._make, self._data, self._suffix = make, data, suffix

    def store(self, key: str, step: int, files: Path) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"value{self._suffix}")
            path.write_bytes(self._data)
            stored: dict[str, Any] = self._make(path).store(key, step, files)
            return stored


def _curve(tensor: Tensor) -> _Media:
    """Rows of the tensor are the six quantities, its columns thresholds evenly from 0 to 1."""
    count = tensor.shape[1]
    rows = [tensor.values[row * count : (row + 1) * count] for row in range(len(_CURVE))]
    thresholds = [index / max(count - 1, 1) for index in range(count)]
    return tracker.Table(
        columns=["threshold", *_CURVE], data=[list(point) for point in zip(thresholds, *rows, strict=True)]
    )
