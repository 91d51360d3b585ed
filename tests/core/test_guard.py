"""The guard: failures end in one warning; what must reach the framework, the user or the debugger does."""

from __future__ import annotations

import bdb
import logging

import pytest

from tracker_core import _guard
from tracker_core.integration import guard, passes, unseen


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(_guard, "_passed", [])


def warnings(caplog):
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


class Mute(Exception):  # noqa: N818 - its text cannot be had
    def __str__(self):
        raise RuntimeError("no text")


class Hooks:
    @unseen
    def on_step(self, error):
        raise error

    @unseen
    def on_end(self, error):
        raise error


def test_hook_returns_what_it_returns():
    assert unseen(lambda a, b=0: a + b)(1, b=2) == 3


@pytest.mark.parametrize("error", [ValueError("odd"), MemoryError(), RecursionError("deep"), Mute(), StopIteration(3)])
def test_failure_ends_in_one_warning(error, caplog):
    for _ in range(3):
        assert Hooks().on_step(error) is None
    (text,) = warnings(caplog)
    assert "Hooks.on_step is not recorded" in text
    assert type(error).__name__ in text


def test_each_kind_is_reported_once(caplog):
    for text in ("first", "second", "third"):
        Hooks().on_step(ValueError(text))
        Hooks().on_step(TypeError(text))
    Hooks().on_end(ValueError("first"))  # the same cause met in another hook
    assert [text.partition("recorded: ")[2] for text in warnings(caplog)] == ["ValueError: first", "TypeError: first"]


def test_part_that_fails_leaves_the_rest_of_the_hook(caplog):
    kept = []
    for value in (1, "x", 3):
        with guard("half of it"):
            kept.append(value / 2)
    assert kept == [0.5, 1.5]
    assert len(warnings(caplog)) == 1


def test_traceback_is_logged_for_whoever_debugs(caplog):
    caplog.set_level(logging.DEBUG, "tracker")
    Hooks().on_step(ValueError("odd"))
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(2), GeneratorExit(), bdb.BdbQuit()])
def test_exceptions_that_end_the_program_pass(error):
    with pytest.raises(type(error)):
        Hooks().on_step(error)
    with pytest.raises(type(error)), guard("it"):
        raise error


def test_exceptions_that_control_a_loop_pass():
    class Pruned(Exception):  # noqa: N818 - as frameworks call theirs
        pass

    passes(Pruned)
    passes(Pruned)
    with pytest.raises(Pruned):
        Hooks().on_step(Pruned())


def test_a_log_handler_that_fails_is_no_failure_of_the_training(monkeypatch):
    class Broken(logging.Handler):
        def handle(self, record):
            raise OSError("the log server is gone")

    logger = logging.getLogger("tracker")
    monkeypatch.setattr(logger, "handlers", [Broken()])
    assert Hooks().on_step(ValueError("odd")) is None
