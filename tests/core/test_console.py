from __future__ import annotations

import contextlib
import gc
import io
import logging
import os
import sys
import threading
import warnings
import weakref

import pytest
import rich.console
import rich.progress
from tqdm import tqdm

from tracker_core import _console, _stream_hook


class Page:
    """The console as a reader of the records sees it."""

    def __init__(self) -> None:
        self.records = []

    def write(self, record) -> None:
        self.records.append(record)

    def lines(self, stream: str = "stdout") -> list[str]:
        found: dict[int, str] = {}
        for record in self.records:
            if record.stream == stream:
                found[record.line] = record.text
        assert sorted(found) == list(range(len(found)))
        return [found[number] for number in sorted(found)]


@pytest.fixture
def page():
    return Page()


def test_keeps_both_streams_and_passes_all_through(page, capsys):
    with _console.captured(page.write):
        print("one")
        print("two", 2, file=sys.stderr)
        sys.stdout.writelines(["three\n", "four"])
    captured = capsys.readouterr()
    assert captured.out == "one\nthree\nfour"
    assert captured.err == "two 2\n"
    assert page.lines() == ["one", "three", "four"]
    assert page.lines("stderr") == ["two 2"]


def test_a_finished_line_is_written_at_once(page):
    with _console.captured(page.write):
        for number in range(200):
            print(number)
            assert page.lines()[number] == str(number)


def test_a_logger_that_holds_the_stream_is_kept_too(page):
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("test_console")
    logger.addHandler(handler)
    try:
        with _console.captured(page.write):
            logger.warning("held")
    finally:
        logger.removeHandler(handler)
    assert page.lines("stderr") == ["held"]


def test_a_progress_bar_is_one_line_and_few_records(page):
    with _console.captured(page.write):
        for _ in tqdm(range(2000), file=sys.stdout, mininterval=0, miniters=1, ncols=80):
            pass
        print("done")
    bar, done = page.lines()
    assert done == "done"
    assert "2000/2000" in bar
    assert bar.startswith("100%")
    assert len(page.records) < 50


def test_nested_bars_are_a_line_each(page):
    with _console.captured(page.write):
        for _ in tqdm(range(3), desc="outer", file=sys.stdout, mininterval=0, ncols=80, position=0):
            for _ in tqdm(range(50), desc="inner", file=sys.stdout, mininterval=0, ncols=80, position=1, leave=True):
                pass
    lines = page.lines()
    assert any(line.startswith("outer: 100%") and "3/3" in line for line in lines)
    assert any(line.startswith("inner: 100%") and "50/50" in line for line in lines)
    assert len(lines) <= 5


def test_bars_that_rich_draws_are_a_line_each(page):
    with _console.captured(page.write):
        console = rich.console.Console(force_terminal=True, width=80, file=sys.stdout)
        with rich.progress.Progress(console=console, auto_refresh=False) as progress:
            tasks = [progress.add_task(name, total=20) for name in ("outer", "inner")]
            for _ in range(20):
                for task in tasks:
                    progress.update(task, advance=1, refresh=True)
            console.print("between")
    between, outer, inner = page.lines()[:3]
    assert between == "between"
    assert outer.startswith("outer")
    assert inner.startswith("inner")
    assert "100%" in outer
    assert "100%" in inner
    assert len(page.records) < 20


def test_a_prompt_is_there_at_the_end(page):
    with _console.captured(page.write):
        print("first")
        sys.stdout.write("continue? ")
    assert page.lines() == ["first", "continue? "]


def test_what_is_undone_is_as_before():
    stdout, had = sys.stdout, "write" in vars(sys.stdout)
    with _console.captured(lambda _: None):
        assert "write" in vars(sys.stdout)
    assert sys.stdout is stdout
    assert ("write" in vars(sys.stdout)) == had


def test_somebody_elses_wrapper_stays_and_ours_turns_inert(page):
    with _console.captured(page.write):
        inner = sys.stdout.write
        theirs: list[str] = []

        def write(text: str) -> int:
            theirs.append(text)
            return inner(text)

        sys.stdout.write = write
    try:
        count = len(page.records)
        print("after")
        assert sys.stdout.write is write
        assert theirs[0] == "after"
        assert len(page.records) == count
    finally:
        del sys.stdout.write


def test_streams_that_are_assigned_meanwhile_are_followed(page):
    first = io.StringIO()
    with contextlib.redirect_stdout(first), _console.captured(page.write):
        print("one")
        with contextlib.redirect_stdout(io.StringIO()) as inner:
            print("two")
        print("three")
        with contextlib.redirect_stderr(sys.stdout):
            print("four", file=sys.stderr)
        first.write("five\n")  # as a logger that holds the stream
        inner.write("not on the terminal any more\n")
        assert "write" not in vars(inner)
    assert page.lines() == ["one", "two", "three", "five"]
    assert page.lines("stderr") == ["four"]
    assert "write" not in vars(first)


def test_a_stream_that_was_put_back_during_the_run_is_followed(page, monkeypatch):
    real = io.StringIO()
    monkeypatch.setattr(sys, "stdout", real)
    with contextlib.redirect_stdout(io.StringIO()) as buffer:
        capture = _console.captured(page.write)
        capture.__enter__()
        print("one")
    buffer.close()
    print("two")
    capture.__exit__(None, None, None)
    print("three")
    assert page.lines() == ["one", "two"]
    assert real.getvalue() == "two\nthree\n"
    assert "write" not in vars(real)


def test_a_tee_keeps_each_line_once(page, monkeypatch):
    class Tee:
        def __init__(self, *streams):
            self.streams = streams

        def write(self, text):
            for stream in self.streams:
                stream.write(text)
            return len(text)

        def flush(self):
            pass

    real, file = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", real)
    with _console.captured(page.write):
        sys.stdout = Tee(real, file)
        print("both")
        sys.stdout = Tee(sys.stdout, sys.stderr)
        print("all")
        sys.stdout = real
        print("one")
    assert page.lines() == ["both", "all", "one"]
    assert page.lines("stderr") == []
    assert (real.getvalue(), file.getvalue()) == ("both\nall\none\n", "both\nall\n")


def test_a_stream_that_came_and_went_is_not_kept_alive(page):
    with _console.captured(page.write):
        with contextlib.redirect_stdout(io.StringIO()) as buffer:
            print("one")
        gone = weakref.ref(buffer)
        del buffer
        gc.collect()
        assert gone() is None


def test_a_write_that_is_put_back_does_not_double_lines(page, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    hook = _stream_hook.StreamHook("stdout", page.records.append, _stream_hook.Nesting())
    for number in range(500):
        before = stream.write
        hook.renew()
        stream.write = lambda text, write=stream.write: write(text)
        hook.renew()
        stream.write = before
        hook.renew()
        stream.write(str(number))
        assert page.records == [str(number)]
        page.records.clear()
    hook.close()


def test_the_module_sys_is_as_before():
    kind = type(sys)
    outer, inner = _console.captured(lambda _: None), _console.captured(lambda _: None)
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert type(sys) is not kind
    inner.__exit__(None, None, None)
    assert type(sys) is kind


def test_two_runs_at_once_both_keep_it():
    first, second = Page(), Page()
    outer = _console.captured(first.write)
    inner = _console.captured(second.write)
    outer.__enter__()
    inner.__enter__()
    print("both")
    outer.__exit__(None, None, None)  # in the wrong order
    print("second only")
    inner.__exit__(None, None, None)
    print("nobody")
    assert first.lines() == ["both"]
    assert second.lines() == ["both", "second only"]


def test_a_failing_journal_is_not_seen_by_who_prints(capsys):
    def fail(_):
        raise OSError("full")

    with _console.captured(fail):
        print("one")
        print("two")
    assert capsys.readouterr().out == "one\ntwo\n"


def test_a_journal_that_prints_does_not_recurse(page, capsys):
    def write(record):
        print("warned")
        page.write(record)

    with _console.captured(write):
        print("one")
    assert page.lines() == ["one"]
    assert capsys.readouterr().out.count("warned") == len(page.records)


def test_what_the_stream_raises_reaches_the_caller(page, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with _console.captured(page.write):
        with pytest.raises(TypeError):
            stream.write(b"bytes")
        stream.close()
        with pytest.raises(ValueError, match="closed"):
            print("late")
    assert page.records == []


def test_threads_lose_no_line(page):
    def work(name: int) -> None:
        for number in range(200):
            sys.stdout.write(f"{name}-{number}\n")

    with _console.captured(page.write):
        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [line for line in page.lines() if line]
    assert sorted(lines) == sorted(f"{name}-{number}" for name in range(4) for number in range(200))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_not_captured(page, capfd):
    with _console.captured(page.write):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pytest-xdist has threads
            child = os.fork()
        if child == 0:
            count = len(page.records)
            print("child")
            os._exit(len(page.records) - count)
        _, status = os.waitpid(child, 0)
    assert status == 0


def test_streams_that_are_missing_or_closed_to_change_are_left_alone(page, monkeypatch):
    class Fixed:
        __slots__ = ()

        def write(self, text: str) -> int:
            return len(text)

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Fixed())
    with _console.captured(page.write):
        print("nowhere")
        sys.stderr.write("fixed")
    assert page.records == []
