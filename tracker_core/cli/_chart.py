"""A line chart of text: braille characters, each a raster of two by four dots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tracker_core.cli._text import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EMPTY = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of the dot in row r and column c of a character."""


def chart(
    x: Sequence[float], low: Sequence[float], high: Sequence[float], *, end: float, width: int, height: int
) -> list[str]:
    """Lines of `width` characters with labelled axes: `height` of them, and two for the x-axis.

    Each point is a vertical bar from `low` to `high`, joined to the one before; points that are not finite leave a
    hole. The x-axis goes on to `end`, or to the last point when that is beyond. Nothing to draw gives no lines.
    """
    points = [
        point for point in zip(x, low, high, strict=True) if all(math.isfinite(coordinate) for coordinate in point)
    ]
    if not points:
        return []
    bottom, top = min(point[1] for point in points), max(point[2] for point in points)
    middle = height // 2
    labels = {middle: number(top - (top - bottom) * (middle / (height - 1)))}
    if top > bottom:
        labels |= {0: number(top), height - 1: number(bottom)}
    margin = max(map(len, labels.values()))
    columns = width - margin - 2
    raster = _draw(points, end, columns, height, bottom, top)
    lines = [
        f"{labels.get(row, ''):>{margin}} {'┤' if row in labels else '│'}{text}" for row, text in enumerate(raster)
    ]
    first, last = number(points[0][0]), number(max(end, points[-1][0]))
    gap = f"{'step':^{max(6, columns - len(first) - len(last))}}"
    lines.append(f"{'':{margin}} └{'─' * columns}")
    lines.append(f"{'':{margin}}  {first}{gap}{last}")
    return lines


def _draw(
    points: list[tuple[float, float, float]], end: float, columns: int, height: int, bottom: float, top: float
) -> list[str]:
    cells = [[_EMPTY] * columns for _ in range(height)]
    start, end = points[0][0], max(end, points[-1][0])

    def across(value: float) -> int:
        return 0 if end == start else round((value - start) / (end - start) * (columns * 2 - 1))

    def down(value: float) -> int:
        return height * 2 if top == bottom else round((top - value) / (top - bottom) * (height * 4 - 1))

    def dot(column: int, row: int) -> None:
        cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    before: tuple[int, int] | None = None
    for value, low, high in points:
        column, upper, lower = across(value), down(high), down(low)
        if before is not None:
            _join(before, (column, min(max(before[1], upper), lower)), dot)
        for row in range(upper, lower + 1):
            dot(column, row)
        before = (column, (upper + lower) // 2)
    return ["".join(map(chr, row)) for row in cells]


def _join(start: tuple[int, int], end: tuple[int, int], dot: Callable[[int, int], None]) -> None:
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    for step in range(1, steps):
        share = step / steps
        dot(round(start[0] + (end[0] - start[0]) * share), round(start[1] + (end[1] - start[1]) * share))
