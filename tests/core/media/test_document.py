"""Pages, plotly figures, texts and graphs."""

from __future__ import annotations

import html
import importlib
import io
import json
import re

import bokeh.document
import bokeh.plotting
import plotly.graph_objects as go
import plotly.io
import pytest

import tracker_core as tracker


@pytest.fixture
def keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    return importlib.import_module("keras")


def test_html_from_text_and_file(kept, tmp_path):
    page = "<html><head></head><body>naïve</body></html>"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    with (tmp_path / "page.html").open(encoding="utf-8") as opened:
        for value in (page, tmp_path / "page.html", str(tmp_path / "page.html"), opened, io.StringIO(page)):
            reference, path = kept(tracker.Html(value, inject=False))
            assert path.read_text(encoding="utf-8") == page
            assert reference["_type"] == "html-file"


def test_html_style_goes_into_the_head(kept):
    text = kept(tracker.Html("<html><head><title>a</title></head></html>"))[1].read_text()
    assert text.startswith("<html><head><base")
    assert text.endswith("<title>a</title></head></html>")
    assert kept(tracker.Html("plain"))[1].read_text().endswith("</style>plain")


def test_html_name_of_a_file_may_be_a_text(kept, tmp_path, monkeypatch):
    (tmp_path / "a.html").write_text("<b>file</b>")
    monkeypatch.chdir(tmp_path)
    assert kept(tracker.Html("a.html", inject=False))[1].read_text() == "<b>file</b>"
    assert kept(tracker.Html("a.html", inject=False, data_is_not_path=True))[1].read_text() == "a.html"
    with pytest.warns(UserWarning, match="no such file"):
        assert kept(tracker.Html("b.html", inject=False))[1].read_text() == "b.html"


def test_plotly_comes_back_as_the_same_figure(kept):
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), layout={"title": "both"})
    before = figure.to_json()
    logged = tracker.Plotly(figure)
    figure.layout.title = "changed"
    reference, path = kept(logged)
    assert json.loads(path.read_text()) == json.loads(before)
    assert plotly.io.from_json(path.read_text()).data[0].y == (3, 4)
    assert reference["path"].endswith(".plotly.json")
    with pytest.raises(tracker.UsageError, match="plotly figure"):
        tracker.Plotly("text")


def test_bokeh_is_a_page_that_needs_nothing_else(kept):
    figure = bokeh.plotting.figure(title="drawn")
    figure.scatter([1, 2], [3, 4.125])
    reference, path = kept(tracker.Bokeh(figure))
    assert reference["_type"] == "html-file"
    page = path.read_text(encoding="utf-8")
    [found] = re.findall(r'<script type="application/json" id="[^"]+">(.*?)</script>', page, re.DOTALL)
    [document] = json.loads(html.unescape(found)).values()
    assert bokeh.document.Document.from_json(document).roots[0].title.text == "drawn"
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)
    with pytest.raises(tracker.UsageError, match="bokeh figure"):
        tracker.Bokeh("text")


def test_short_text_stands_in_the_row_and_long_text_in_a_file(files, kept):
    assert tracker.Text("short").store("key", 0, files) == {"_type": "text", "text": "short"}
    assert tracker.Markdown("# a", caption="c").store("key", 0, files) == {
        "_type": "markdown",
        "text": "# a",
        "caption": "c",
    }
    long = "ü" * 5000
    _, path = kept(tracker.Markdown(long))
    assert path.suffix == ".md"
    assert path.read_text(encoding="utf-8") == long


def test_graph(kept):
    graph = tracker.Graph("torch")
    first = graph.add_node(name="in", class_name="Linear", num_parameters=6)
    second = graph.add_node(id="out", name="out")
    graph.add_edge(first, second)
    reference, path = kept(graph)
    found = json.loads(path.read_text())
    assert found["nodes"][0] == {"id": "0", "name": "in", "class_name": "Linear", "num_parameters": 6}
    assert found["edges"] == [["0", "out"]]
    assert (reference["nodes"], reference["edges"]) == (2, 1)
    with pytest.raises(tracker.UsageError, match="no such field"):
        graph.add_node(colour="red")


def test_graph_of_a_keras_model(keras):
    source = keras.Input((4,))
    left, right = keras.layers.Dense(3, name="left")(source), keras.layers.Dense(3, name="right")(source)
    model = keras.Model(source, keras.layers.Add(name="sum")([left, right]))
    graph = tracker.Graph.from_keras(model)
    assert {("left", "sum"), ("right", "sum")} <= set(graph.edges)
    assert next(node for node in graph.nodes if node.id == "left").num_parameters == 15


def test_graph_of_a_stack_of_layers(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="a"), keras.layers.Dense(1, name="b")])
    assert ("a", "b") in tracker.Graph.from_keras(model).edges
