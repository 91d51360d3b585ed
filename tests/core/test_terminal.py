from __future__ import annotations

import pytest

from tracker_core._terminal import LENGTH_LIMIT, WINDOW, Terminal

UP = "\x1b[A"


def shown(*texts: str) -> list[str]:
    terminal = Terminal()
    for text in texts:
        terminal.feed(text)
    return [line.render() for line in terminal.lines.values()]


@pytest.mark.parametrize(
    ("texts", "lines"),
    [
        (["one\ntwo"], ["one", "two"]),
        (["a", "b", "\n", "\n"], ["ab", "", ""]),
        (["10%\r20%"], ["20%"]),
        (["1000\r20"], ["2000"]),
        (["12\b3"], ["13"]),
        (["\b\bx"], ["x"]),
        (["a\r\nb"], ["a", "b"]),
        (["a\tb"], ["a\tb"]),
        (["outer\ninner" + UP + "\rOUTER\n\rINNER"], ["OUTER", "INNER"]),
        (["one\ntwo\n" + "\x1b[1A\x1b[2K" + "2"], ["one", "2", ""]),
        (["Epoch 1\n" + "\x1b[1A\x1b[1000D\x1b[K" + "Epoch 2\n"], ["Epoch 2", ""]),
        (["abcdef\x1b[3D\x1b[K"], ["abc"]),
        (["abcdef\x1b[3G\x1b[1K"], ["   def"]),
        (["ab\x1b[3Cc"], ["ab   c"]),
        (["a\nb\nc" + UP + UP + "\r\x1b[J"], ["", "", ""]),
        (["title\x1b]0;name\x07s"], ["titles"]),
        (["a\x1b[?25lb\x1b[?25h"], ["ab"]),
        (["nul\x00\x07s"], ["nuls"]),
        (["\x1b[5;31mhot\x1b[0m cold"], ["\x1b[5;31mhot\x1b[0m cold"]),
        (["\x1b[1m\x1b[31mx\x1b[0;32my"], ["\x1b[1m\x1b[31mx\x1b[0m\x1b[0;32my\x1b[0m"]),
    ],
)
def test_shows_what_a_terminal_would(texts, lines):
    assert shown(*texts) == lines
    assert shown(*"".join(texts)) == lines, "the same, one character at a time"


def test_a_colour_goes_on_over_lines():
    assert shown("\x1b[31ma\nb\x1b[0mc") == ["\x1b[31ma\x1b[0m", "\x1b[31mb\x1b[0mc"]


def test_the_cursor_stays_within_what_can_still_change():
    terminal = Terminal()
    terminal.feed("\n" * 1000)
    terminal.forget()
    terminal.feed("\x1b[999Ax")
    assert len(terminal.lines) == WINDOW
    assert terminal.lines[1000 - WINDOW + 1].text == "x"


def test_nothing_grows_without_limit():
    terminal = Terminal()
    terminal.feed("x" * (LENGTH_LIMIT + 10) + "\x1b[99999Cy")
    assert len(terminal.lines[0].text) == LENGTH_LIMIT
    terminal.feed("\n" + "\x1b[31m" * 1000 + "z")
    assert len(terminal.lines[1].render()) < 100
    terminal.feed("\x1b]" + "t" * 1000)
    terminal.feed("end")
    assert terminal.lines[1].text.endswith("end")
