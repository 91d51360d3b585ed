"""matplotlib figures as pictures."""

from __future__ import annotations

import io
from typing import Any


def is_matplotlib(value: object) -> bool:
    """Whether `value` is a figure, a part of one, or the pyplot module; imports nothing."""
    if type(value).__module__.split(".")[0] == "matplotlib":
        return hasattr(value, "savefig") or hasattr(value, "figure")
    return getattr(value, "__name__", "") == "matplotlib.pyplot"


def rendered(value: Any, **options: Any) -> bytes:
    """The figure as it looks now, as PNG. It is drawn in the caller's thread: figures are not thread-safe."""
    figure = value.gcf() if hasattr(value, "gcf") else value
    if not hasattr(figure, "savefig"):
        figure = figure.figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", **options)
    return buffer.getvalue()
