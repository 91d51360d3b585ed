"""Foreign objects that are logged as they are."""

from __future__ import annotations

import subprocess
import sys

import bokeh.layouts
import bokeh.plotting
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

import tracker_core as tracker
from tracker_core._media import wrap


@pytest.fixture
def pyplot(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    from matplotlib import pyplot as plt

    yield plt
    plt.close("all")


def test_figures_pictures_frames(pyplot):
    figure, axes = pyplot.subplots()
    assert isinstance(wrap(figure), tracker.Image)
    assert isinstance(wrap(axes), tracker.Image)
    assert isinstance(wrap(pyplot), tracker.Image)
    assert isinstance(wrap(go.Figure()), tracker.Plotly)
    assert isinstance(wrap(bokeh.plotting.figure()), tracker.Bokeh)
    assert isinstance(wrap(bokeh.layouts.row(bokeh.plotting.figure())), tracker.Bokeh)
    assert isinstance(wrap(Pillow.new("L", (2, 2))), tracker.Image)
    assert isinstance(wrap(pd.DataFrame({"a": [1]})), tracker.Table)
    assert isinstance(wrap(pa.table({"a": [1]})), tracker.Table)
    assert wrap(pd.Series(["a"] * 40, name="word")).columns == ["word"]


POLARS = """
import polars as pl
import tracker_core as tracker
from tracker_core._media import wrap
frame = pl.DataFrame({"n": [1, 2], "word": ["a", None]})
for given in (frame, frame.lazy().filter(pl.col("n") > 0)):
    table = wrap(given)
    assert (table.columns, table.data) == (["n", "word"], [[1, "a"], [2, None]]), table.data
    assert tracker.Table(dataframe=given).data == tracker.Table(data=given, columns=["a", "b"]).data == table.data
assert sum(wrap(pl.Series(range(33))).histogram) == 33
assert wrap(pl.Series("word", ["a"] * 40)).columns == ["word"]
"""


def test_frames_of_polars():  # which has threads, so in a process of its own
    subprocess.run([sys.executable, "-W", "error", "-c", POLARS], check=True)


def test_arrays_of_more_than_32_numbers():
    assert sum(wrap(np.zeros(33)).histogram) == 33
    assert sum(wrap(torch.zeros(6, 6)).histogram) == 36
    assert sum(wrap(torch.zeros(6, 6).to_sparse()).histogram) == 36
    assert sum(wrap(pd.Series(range(33))).histogram) == 33


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        1.5,
        "text",
        b"",
        {},
        [],
        [1, 2],
        ["a"],
        np.zeros(32),
        np.float64(1),
        torch.zeros(3),
        object(),
        sys,
        np.array(["a"] * 40),
        np.array([object()] * 40),
        pd.Series(["a"] * 32),
        pd.Timestamp(0),
    ],
    ids=range(18),
)
def test_everything_else_is_left_alone(value):
    assert wrap(value) is None


def test_lists_of_media_are_one_group(files, drain):
    images = [tracker.Image(np.full((2, 2, 3), level, np.uint8), caption=str(level)) for level in range(3)]
    reference = wrap(images).store("samples", 5, files)
    drain()
    assert (reference["_type"], reference["of"], reference["count"]) == ("group", "image-file", 3)
    assert [item["caption"] for item in reference["items"]] == ["0", "1", "2"]
    assert len({item["path"] for item in reference["items"]}) == 3
    assert all((files / item["path"]).is_file() for item in reference["items"])


def test_lists_of_pictures_and_mixed_media(files):
    assert wrap([Pillow.new("L", (2, 2))] * 2).store("key", 0, files)["of"] == "image-file"
    assert wrap((tracker.Html("a"), tracker.Text("b"))).store("key", 0, files)["of"] == "mixed"
    assert wrap([1, tracker.Html("a"), None, "b"]).store("key", 0, files)["count"] == 3
    assert wrap([tracker.Text("a")]).store("key", 0, files)["of"] == "text"
    assert wrap([None, Pillow.new("L", (2, 2))]).store("key", 0, files)["count"] == 1
    assert wrap([np.zeros(40), np.ones(40)]).store("key", 0, files)["of"] == "histogram"
    assert wrap([1, "b", None]) is None


def test_what_cannot_be_taken_is_warned_about_and_left_alone():
    with pytest.warns(UserWarning, match="Tensor could not be taken as media"):
        assert wrap(torch.zeros(40, dtype=torch.complex64)) is None


def test_asking_loads_no_library():
    code = (
        "import sys; from tracker_core._media import wrap; assert wrap([1.0]) is None and wrap(object()) is None;"
        "print([name for name in ('numpy', 'PIL', 'bokeh', 'matplotlib', 'plotly') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
