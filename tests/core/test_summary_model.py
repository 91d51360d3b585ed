"""The summary of a live run, that of `Api` and that of a resumed run are the same after any sequence of calls."""

from __future__ import annotations

import math
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracker_core as tracker
from tracker_core import _past

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = st.sampled_from(["a", "c/x"])
VALUES = st.one_of(st.integers(-5, 5), st.floats(-5, 5, width=16), st.just(math.nan), st.just("text"))
ROWS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)
SUMMARIES = st.sampled_from(["min", "max,mean", "first,last", "none", "best", None])

CALLS = st.one_of(
    st.tuples(st.just("log"), ROWS, st.none(), st.sampled_from([None, None, False])),
    st.tuples(st.just("log"), ROWS, st.integers(0, 3), st.none()),
    st.tuples(st.just("set"), KEYS, VALUES),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("define"), st.sampled_from(["a", "c/*", "*"]), SUMMARIES, st.booleans()),
    st.tuples(st.just("resume")),
    st.tuples(st.just("rewind"), st.integers(0, 5)),
    st.tuples(st.just("fork"), st.integers(0, 5)),
    st.tuples(st.just("edit"), KEYS, VALUES),
)


class Model:
    """A run and what was done to it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._forks = 0
        self.run = self._init(id="run0")

    def _init(self, **arguments: Any) -> tracker.Run:
        quiet = {"silent": True, "system_interval": 0, "console": "off"}
        return tracker.init(project="p", dir=self._folder, mode="offline", settings=quiet, **arguments)

    def log(self, row: dict[str, Any], step: int | None, commit: bool | None) -> None:
        self.run.log(row, step=step, commit=commit)

    def set(self, key: str, value: Any) -> None:
        self.run.summary[key] = value

    def delete(self, key: str) -> None:
        if key in self.run.summary.keys():  # noqa: SIM118 - `in` also finds parts of names
            del self.run.summary[key]

    def define(self, name: str, summary: str | None, overwrite: bool) -> None:
        self.run.define_metric(name, summary=summary, overwrite=overwrite)

    def resume(self) -> None:
        self.run.finish()
        self.run = self._init(id=self.run.id, resume="must")

    def rewind(self, step: int) -> None:
        self.run.finish()
        self.run = self._init(resume_from=f"{self.run.id}?_step={step}")

    def fork(self, step: int) -> None:
        self.run.finish()
        self._forks += 1
        self.run = self._init(id=f"run{self._forks}", fork_from=f"{self.run.id}?_step={step}")

    def edit(self, key: str, value: Any) -> None:
        self.run.finish()
        summary = tracker.Api(self._folder).run(f"p/{self.run.id}").summary
        summary[key] = value
        summary.update()
        self.run = self._init(id=self.run.id, resume="must")

    def summaries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "live", self.run.summary.as_dict()
        yield "resumed", _past.read(self.run.folder).latest
        yield "api", dict(tracker.Api(self._folder).run(f"p/{self.run.id}").summary)


@given(st.lists(CALLS, min_size=1, max_size=14))
@settings(max_examples=40)
def test_all_summaries_agree(calls):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        model = Model(folder)
        try:
            for name, *arguments in calls:
                getattr(model, name)(*arguments)
                (_, live), *others = model.summaries()
                for reader, summary in others:
                    assert summary.keys() == live.keys(), (reader, summary, live)
                    for key, value in summary.items():
                        assert value == pytest.approx(live[key], nan_ok=True), (reader, key)
        finally:
            model.run.finish()
