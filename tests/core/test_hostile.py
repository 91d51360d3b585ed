"""Objects that fail in every way a user's object can: what holds them is recorded, and nothing raises."""

from __future__ import annotations

import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import tracker_core as tracker
from tracker_core import _records as records
from tracker_core._values import plain


class OwnError(Exception):
    def __str__(self):
        raise RuntimeError("an error without a text")


def _fail(*_args, **_kwargs):
    raise OwnError


def _recurse(self, *_args, **_kwargs):
    return _recurse(self)


def _nonsense(self, *_args, **_kwargs):
    return self


PROBED = (
    "__repr__ __str__ __iter__ __len__ __array__ __float__ __int__ __index__ __eq__ __bool__ __getitem__ __fspath__"
    " __format__ __getattr__ __dataclass_fields__ __contains__"
).split()
ATTRIBUTES = (
    "item tolist items keys dtype shape size numel detach cpu numpy to_json isoformat columns collect read mask"
    " model_dump get_config name values __dict__ __class__ __attrs_attrs__"
).split()


def hostile(names, behave, base):
    body = {"__hash__": object.__hash__} if "__eq__" in names else {}
    for name in names:
        body[name] = property(behave) if name in ATTRIBUTES else behave
    kind = type("Hostile", (base,), body)
    try:
        return base.__new__(kind)
    except Exception:  # noqa: BLE001 - then it cannot be handed to anybody
        return object()


HOSTILE = st.builds(
    hostile,
    st.lists(st.sampled_from([*PROBED, *ATTRIBUTES]), min_size=1, max_size=4, unique=True),
    st.sampled_from([_fail, _recurse, _nonsense]),
    st.sampled_from([object, dict, list, str, float, int]),
)
VALUES = st.recursive(
    HOSTILE | st.integers() | st.floats() | st.text(st.characters(), max_size=4) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 3), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(autouse=True)
def _calm():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@given(VALUES)
@settings(max_examples=400)
def test_plain_data_is_made_of_anything(value):
    record = records.Config(time=0.0, set={"value": plain(value)})
    assert records.decode(records.encode(record)) is not None


def test_what_a_run_takes(monkeypatch):
    monkeypatch.setenv("TRACKER_SILENT", "true")
    with tracker.init(config={"before": 1}, settings={"console": "off"}, allow_val_change=True) as run:

        @given(VALUES, VALUES)
        @settings(max_examples=150)
        def take(one, other):
            step = run.step
            run.log({"one": one, "two": {"other": other}, "loss": 0.5})
            assert run.step == step + 1
            assert run.summary["loss"] == 0.5
            run.config.update({"one": one, "good": step})
            assert run.config["good"] == step
            run.config["deep"] = {"one": [one, {"two": other}]}
            run.summary.update({"hand": one, "step": step})
            run.summary["deep"] = {"one": other}

        take()
        rows = run.step
    old = tracker.Api().run(run.id)
    assert list(old.series("loss")[2]) == [0.5] * rows
    assert old.summary["step"] == old.config["good"] == rows - 1


@given(st.lists(VALUES, min_size=1, max_size=4))
@settings(max_examples=150)
def test_a_table_keeps_every_row(cells):
    table = tracker.Table(["cell", "number"], allow_mixed_types=True)
    for cell in cells:
        table.add_data(cell, 1.0)
    assert table.get_column("number") == [1.0] * len(cells)


@given(VALUES)
@settings(max_examples=60)
def test_captions_texts_and_metadata(value):
    files = tracker.Image(np.zeros((2, 2)), caption=value)
    assert files.width == 2
    assert tracker.Text(value).text is not None
    artifact = tracker.Artifact("cats", "dataset", metadata={"value": value, "good": 1})
    assert artifact.metadata["good"] == 1


@given(st.lists(VALUES, min_size=2, max_size=2))
@settings(max_examples=60)
def test_labels_of_charts(labels):
    chart = tracker.plot.heatmap(labels, ["row"], [[1.0, 2.0]], title="map")
    assert [row[2] for row in chart.table.data] == [1.0, 2.0]
    chart = tracker.plot.line_series([0, 1], [[1, 2], [3, 4]], keys=labels)
    assert len(chart.table.data) == 4


class Unreadable(dict):
    def __iter__(self):
        raise RuntimeError("not now")

    keys = items = __iter__


class Broken:
    lr = 0.1

    def model_dump(self):
        raise RuntimeError("not now")


@pytest.mark.parametrize("config", [Broken(), Unreadable(lr=0.1), {"model": Unreadable(lr=0.1)}])
def test_a_config_that_cannot_be_read_is_no_reason_to_stop(config, monkeypatch):
    monkeypatch.setenv("TRACKER_SILENT", "true")
    with tracker.init(config=config, settings={"console": "off"}) as run:
        run.config["depth"] = 3
        run.log(Unreadable(x=1))
        run.log({"level": Unreadable(x=1), "y": 2})
        run.summary.update(Unreadable(z=1))
    assert run.config["depth"] == 3
    assert run.summary["y"] == 2


def test_plain_mistakes_still_raise(monkeypatch):
    monkeypatch.setenv("TRACKER_SILENT", "true")
    with tracker.init(settings={"console": "off"}) as run:
        for wrong in ([1], "text", 5, None, object()):
            with pytest.raises(TypeError, match="mapping"):
                run.log(wrong)
            with pytest.raises(TypeError, match="step"):
                run.log({"x": 1}, step=object())
        with pytest.raises(TypeError, match="strings"):
            run.log({1: 2})
        with pytest.raises(TypeError, match="mapping"):
            run.summary.update(5)
    with pytest.raises(tracker.UsageError, match="finished"):
        run.log({"x": 1})


def test_what_ends_the_process_passes():
    class Interrupted:
        def __repr__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plain(Interrupted())
