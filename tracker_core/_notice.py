"""Warnings that point at the user's line, however deep below it they are given."""

from __future__ import annotations

import contextlib
import sys
import warnings

_PASSED_OVER = frozenset(("contextlib", "importlib", "tracker_core", "tracker_integrations", "wrapt"))


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """As `warnings.warn`, told as coming from the line outside of the tracker that led here."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - what `warnings` does with its stacklevel
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def mention(text: str, category: type[Warning] = UserWarning) -> None:
    """As `warn`, but no error where warnings are made errors: for what may happen in the midst of a training."""
    with contextlib.suppress(Warning):
        warn(text, category)
