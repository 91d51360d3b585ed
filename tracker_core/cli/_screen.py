"""What commands write: text for people on a terminal, data for programs."""

from __future__ import annotations

import codecs
import contextlib
import io
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

PIPE_WIDTH = 4096
"""Columns where no terminal says: lines that a program reads are not broken."""

_ERRORS = "tracker_terminal"


def tolerate_encoding() -> None:
    """Let stdout and stderr take any text: bytes of file names as they are, `?` for what they cannot show."""
    codecs.register_error(_ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):  # closed
                stream.reconfigure(errors=_ERRORS)


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    characters = error.object[error.start : error.end]
    replaced = b"".join(bytes([ord(each) - 0xDC00]) if "\udc80" <= each <= "\udcff" else b"?" for each in characters)
    return replaced, error.end


def screen() -> Console:
    """Writes to stdout; a terminal that cannot show a character gets a `?` for it."""
    from rich.console import Console

    tolerate_encoding()
    stream = sys.stdout if sys.stdout is not None else io.StringIO()
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)  # users' text is no markup


@contextlib.contextmanager
def data_output() -> Iterator[TextIO]:
    """Stdout for data: UTF-8 whatever the locale, so that nothing is lost; as text on a terminal."""
    if sys.stdout is None:
        raise OSError("stdout is closed: give a file with -o")
    if sys.stdout.isatty() or not isinstance(sys.stdout, io.TextIOWrapper):
        yield sys.stdout
        return
    sys.stdout.flush()
    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", newline="")
    try:
        yield stream
        stream.flush()
    finally:
        with contextlib.suppress(OSError):
            stream.detach()
