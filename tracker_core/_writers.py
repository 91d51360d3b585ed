"""Writers: whose rows a journal holds.

A point is (key, step, writer). A step that one writer logs again keeps the value written last, over all attempts; what
several writers log at one step is kept of each. The main writer is the training process over all its attempts, with
what its background process mirrors and the history that a fork was given. Ranks are writers over all attempts, too. A
forked child, a worker and a second process on the same id are writers of their own.
"""

from __future__ import annotations

MAIN = "main"

_PARTS = ("main", "background", "history")
"""Labels of journals whose rows are those of the training process."""

_LASTING = ("rank", "node")
"""What begins the label of a writer that is the same one in every attempt."""


def of(journal: str, attempt: int, beside: int | None) -> str:
    """The writer of a journal of this name; `beside` says that its attempt began while another one went on."""
    label = journal.partition("-")[2].partition(".")[0]
    base = label.partition("~")[0]
    if base in _PARTS:
        return MAIN if beside is None else f"process-{attempt}"
    if base.startswith("rank") and base[4:].isdecimal():  # as it was written before ranks had a dash
        return f"rank-{base[4:]}"
    if base.partition("-")[0] in _LASTING:
        return base
    return label if attempt <= 1 else f"{label}.{attempt}"


def rank(writer: str) -> tuple[int, int, str]:
    """Sorts writers: the main one, ranks by number, others by name. The first has the plain line of a key."""
    return *precedence(writer), writer


def precedence(writer: str) -> tuple[int, int]:
    """Whose values the summary has, of those that log a key. Forked children, workers and the like are equal."""
    if writer == MAIN:
        return 0, 0
    kind, _, number = writer.partition("-")
    if kind in _LASTING:
        return 1, int(number) if number.isdecimal() else 0
    return 2, 0
