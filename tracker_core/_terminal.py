"""What a terminal would show of the text written to it, as far as progress bars need: lines, not pages.

Understood are line feed, carriage return, backspace, colours, and the sequences that move the cursor between the lines
just written and erase in them (tqdm's nested bars, Keras, rich). Any other control sequence is dropped.
"""

from __future__ import annotations

import functools
import re

WINDOW = 64
"""Lines that the cursor can still go back to."""

LENGTH_LIMIT = 10_000
"""Characters of a line that are kept."""

_ESCAPE_LIMIT = 256
_STYLE_LIMIT = 64
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@functools.cache
def _token() -> re.Pattern[str]:
    """Text or one control sequence. Compiled at the first use, since that takes a millisecond of `init`."""
    return re.compile(
        r"(?P<text>[^\x00-\x08\x0a-\x1f\x7f]+)"
        r"|\x1b\[(?P<parameters>[0-9;:?]*)[ -/]*(?P<command>[@-~])"
        r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
        r"|\x1b[()][A-Z0-9]"
        r"|(?P<unfinished>\x1b(?:\[[0-9;:? -/]*|\][^\x07\x1b]*|[()])?\Z)"
        r"|(?P<control>[\x00-\x1f\x7f])"
    )


class Line:
    """One line: its characters, and for each the colour sequences that are on; None when it has no colour at all."""

    __slots__ = ("styles", "text")

    def __init__(self) -> None:
        self.text = ""
        self.styles: list[str] | None = None

    def put(self, column: int, text: str, style: str) -> None:
        text = text[: max(0, LENGTH_LIMIT - column)]
        if style and self.styles is None:
            self.styles = [""] * len(self.text)
        if column > len(self.text):
            self._pad(column)
        self.text = self.text[:column] + text + self.text[column + len(text) :]
        if self.styles is not None:
            self.styles[column : column + len(text)] = [style] * len(text)

    def erase(self, start: int, end: int | None) -> None:
        """Blanks the columns from `start` up to `end`; the line ends at `start` when `end` is None."""
        if end is None or end >= len(self.text):
            self.text = self.text[:start].rstrip() if not start else self.text[:start]
            if self.styles is not None:
                del self.styles[len(self.text) :]
            return
        self.put(start, " " * (end - start), "")

    def render(self) -> str:
        """The line with its colours, which end where the line does."""
        if self.styles is None or not any(self.styles):
            return self.text
        parts: list[str] = []
        current = ""
        for character, style in zip(self.text, self.styles, strict=True):
            if style != current:
                parts.append("\x1b[0m" if current else "")
                parts.append(style)
                current = style
            parts.append(character)
        return "".join(parts) + ("\x1b[0m" if current else "")

    def _pad(self, column: int) -> None:
        missing = min(column, LENGTH_LIMIT) - len(self.text)
        self.text += " " * missing
        if self.styles is not None:
            self.styles += [""] * missing


class Terminal:
    """The lines of one stream, numbered from 0; the last `WINDOW` of them can still change.

    `dirty` has the numbers of the lines that changed, `finished` those of them that were left for a new line below:
    whoever reads them clears them.
    """

    def __init__(self) -> None:
        self.lines: dict[int, Line] = {0: Line()}
        self.dirty: set[int] = set()
        self.finished: set[int] = set()
        self._last = 0
        self._row = 0
        self._column = 0
        self._style = ""
        self._rest = ""

    def feed(self, text: str) -> None:
        if not self._rest and not self._style and self._row == self._last and not _CONTROL.search(text):
            self._feed_plain(text)
            return
        text, self._rest = self._rest + text, ""
        for match in _token().finditer(text):
            kind = match.lastgroup
            if kind == "text":
                self._put(match["text"])
            elif kind == "command":
                self._command(match["command"], match["parameters"])
            elif kind == "control":
                self._control(match["control"])
            elif kind == "unfinished":
                self._rest = match[0] if len(match[0]) <= _ESCAPE_LIMIT else ""

    def forget(self) -> None:
        """Lets go of the lines that have left the window."""
        for number in [number for number in self.lines if number <= self._last - WINDOW]:
            del self.lines[number]

    def _feed_plain(self, text: str) -> None:
        for index, part in enumerate(text.split("\n")):
            if index:
                self._line_feed()
            if part:
                self._put(part)

    def _put(self, text: str) -> None:
        self.lines[self._row].put(self._column, text, self._style)
        self._column = min(self._column + len(text), LENGTH_LIMIT)
        self.dirty.add(self._row)

    def _control(self, control: str) -> None:
        if control == "\n":
            self._line_feed()
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)

    def _line_feed(self) -> None:
        if self._row == self._last:
            self.dirty.add(self._row)  # even when it is empty
            self.finished.add(self._row)
        self._move_to(self._row + 1)
        self._column = 0

    def _move_to(self, row: int) -> None:
        self._row = max(row, self._last - WINDOW + 1, 0)
        while self._last < self._row:
            self._last += 1
            self.lines[self._last] = Line()

    def _command(self, command: str, parameters: str) -> None:
        if command == "m":
            self._colour(parameters)
            return
        first = parameters.partition(";")[0]
        number = int(first) if first.isdecimal() and len(first) < 6 else 0
        count = number or 1
        if command in "AF":
            self._move_to(self._row - count)
        elif command in "BE":
            self._move_to(min(self._row + count, self._last))
        if command in "EF":
            self._column = 0
        elif command == "C":
            self._column = min(self._column + count, LENGTH_LIMIT)
        elif command == "D":
            self._column = max(0, self._column - count)
        elif command == "G":
            self._column = min(count - 1, LENGTH_LIMIT)
        elif command == "K":
            self._erase_line(number)
        elif command == "J" and number == 0:
            self._erase_below()

    def _colour(self, parameters: str) -> None:
        sequence = f"\x1b[{parameters}m"
        if parameters in ("", "0"):
            self._style = ""
        elif parameters.startswith("0;") or len(self._style) + len(sequence) > _STYLE_LIMIT:
            self._style = sequence
        else:
            self._style += sequence

    def _erase_line(self, kind: int) -> None:
        line = self.lines[self._row]
        if kind == 0:
            line.erase(self._column, None)
        elif kind == 1:
            line.erase(0, self._column + 1)
        else:
            line.erase(0, None)
        self.dirty.add(self._row)

    def _erase_below(self) -> None:
        self._erase_line(0)
        for row in range(self._row + 1, self._last + 1):
            self.lines[row].erase(0, None)
            self.dirty.add(row)
