"""User code that a type checker must accept, and, with `type: ignore`, code that it must refuse.

mypy runs over this file in `make check`; a needless ignore is an error there, so each of them is a test too.
"""

from __future__ import annotations

import tracker_core as tracker


def errors_carry_what_a_handler_needs(error: tracker.Error) -> str:
    if isinstance(error, tracker.LaunchError):
        reason: str = error.reason
        return reason
    if isinstance(error, tracker.NotFoundError):
        lookup: LookupError = error
        return str(lookup)
    return str(error)


def launch_error_knows_its_reasons() -> None:
    raise tracker.LaunchError("no", "no such reason")  # type: ignore[arg-type]


def version_is_text() -> str:
    return tracker.__version__
