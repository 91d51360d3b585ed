"""Arrays of any library as numpy's, and pictures of any layout as bytes."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tracker_core import _values

Array: TypeAlias = npt.NDArray[Any]
_CHANNELS = (1, 3, 4)
_TOLERANCE = 0.01
"""How far floats may be outside of [0, 1] or [-1, 1]: resizing and arithmetic in float16 overshoot."""


def owned(value: Any) -> Array:
    """A numpy array of its own memory: what the caller does to `value` later does not reach it.

    Takes tensors on any device. Masked and missing elements are NaN; floats that numpy does not know, such as
    bfloat16, become float32, longer ones float64. Raises TypeError for what is no array of numbers.
    """
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = _from_torch(value)
    elif not isinstance(value, np.ndarray) and hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, np.ma.MaskedArray):
        masked = bool(np.ma.getmaskarray(value).any())
        value = np.where(np.ma.getmaskarray(value), np.nan, value.data) if masked else value.data
    array = _numbers(np.array(value, order="C", copy=True))
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _numbers(array: Array) -> Array:
    kind = array.dtype.kind
    if kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if kind == "V" and array.dtype.names is None:  # ml_dtypes
        return array.astype(np.float32)
    if kind == "O":  # Decimal, None, pandas' NA
        return np.array([_number(item) for item in array.ravel().tolist()], np.float64).reshape(array.shape)
    if kind not in "biuf":
        raise TypeError(f"an array of numbers is wanted, not one of {array.dtype}")
    return array


def _number(item: Any) -> float:
    number = np.nan if _values.is_missing(item) else _values.number(item)
    if number is None:
        raise TypeError(f"an array of numbers is wanted, not one that holds {type(item).__name__}")
    return float(number)


def is_torch(value: object) -> bool:
    """Whether `value` is a torch tensor, without importing torch."""
    return type(value).__module__.split(".")[0] == "torch"


def _from_torch(tensor: Any) -> Any:
    tensor = tensor.detach().cpu()
    if tensor.is_sparse:
        tensor = tensor.to_dense()
    try:
        return tensor.numpy()
    except TypeError:  # bfloat16 has no numpy type
        return tensor.float().numpy()


def raw(array: Array) -> memoryview:
    """The bytes of a contiguous array, without a copy."""
    return array.reshape(-1).view(np.uint8).data


class Layout(NamedTuple):
    """How the pixels of an image lie. `batch` is 0 for one image; `first` tells channels before rows."""

    batch: int
    height: int
    width: int
    channels: int
    first: bool


def layout(shape: tuple[int, ...], prefer: Literal["first", "last"]) -> Layout:
    """Reads an image's layout off its shape: (H, W), (H, W, C), (C, H, W), or one of the last two in a batch.

    `prefer` decides where both readings make sense. Raises ValueError when none does.
    """
    if len(shape) == 2:
        return Layout(0, shape[0], shape[1], 1, first=False)
    if len(shape) not in (3, 4):
        raise ValueError(f"an image has 2 or 3 dimensions, a batch of them 4; not the shape {shape}")
    batch, body = (shape[0], shape[1:]) if len(shape) == 4 else (0, shape)
    first, last = body[0] in _CHANNELS, body[2] in (*_CHANNELS, 2)
    if not first and not last:
        raise ValueError(f"no dimension of the shape {shape} can be 1, 3 or 4 colour channels")
    if first and (prefer == "first" or not last):
        return Layout(batch, body[1], body[2], body[0], first=True)
    return Layout(batch, body[0], body[1], body[2], first=False)


def as_bytes(array: Array, *, normalize: bool) -> Array:
    """The values as uint8.

    With `normalize`, floats within [0, 1] and [-1, 1], give or take a hundredth, are stretched to [0, 255], judged by
    the finite extremes of the whole array; everything else is clipped to [0, 255]. NaN becomes 0. Booleans become 0
    and 255.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        array = array.astype(np.int16) * 255
    if array.dtype.kind != "f":
        return np.clip(array, 0, 255).astype(np.uint8)
    pixels = array.astype(np.float32)
    finite = pixels[np.isfinite(pixels)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if normalize and low >= -_TOLERANCE and high <= 1 + _TOLERANCE:
        pixels = pixels * 255
    elif normalize and low >= -1 - _TOLERANCE and high <= 1 + _TOLERANCE:
        pixels = (pixels + 1) * 127.5
    rounded: Array = np.rint(np.clip(np.nan_to_num(pixels, nan=0.0, posinf=255, neginf=0), 0, 255)).astype(np.uint8)
    return rounded


def grid(count: int) -> tuple[int, int]:
    """Rows and columns of a near-square grid that holds `count` pictures."""
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns


def tiled(images: Array) -> Array:
    """A batch (B, ..., H, W, C) as one picture, filled row by row, black where none is left."""
    rows, columns = grid(images.shape[0])
    padding = np.zeros((rows * columns - images.shape[0], *images.shape[1:]), images.dtype)
    cells = np.concatenate([images, padding]).reshape(rows, columns, *images.shape[1:])
    *middle, height, width, channels = images.shape[1:]
    # (rows, columns, ..., H, W, C) -> (..., rows, H, columns, W, C)
    axes = [*range(2, 2 + len(middle)), 0, cells.ndim - 3, 1, cells.ndim - 2, cells.ndim - 1]
    picture: Array = cells.transpose(axes).reshape(*middle, rows * height, columns * width, channels)
    return picture
