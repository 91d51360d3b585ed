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


def reason(error: BaseException) -> str:
    """The message of `error`; the name of its type where it has none, or one that cannot be made."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - an exception of the user's may fail in any way
        return type(error).__name__
