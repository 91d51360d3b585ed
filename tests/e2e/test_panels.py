"""Panels of every kind, made, changed and moved as a person does it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def add(page, site):
    """Opens a project and adds a panel: its kind, then fields of the dialog by their labels."""

    def make(kind: str, /, *, project: str = "vision", choose: tuple[str, ...] = (), **fields: str):
        page.goto(f"{site}/project/{project}")
        page.get_by_role("button", name="Add panel").click()
        dialog = page.get_by_role("dialog", name="Add panel")
        dialog.get_by_text(kind, exact=True).click()
        for name in choose:
            dialog.get_by_role("searchbox").fill(name)
            dialog.get_by_role("checkbox", name=name, exact=True).check()
        for label, text in fields.items():
            field = dialog.get_by_label(label.replace("_", " "), exact=True)
            if field.evaluate("it => it.tagName") == "SELECT":
                field.select_option(label=text)
            else:
                field.fill(text)
        dialog.get_by_role("button", name="Add panel").click()
        expect(dialog).to_have_count(0)

    return make


def _panel(page, name: str):
    return page.get_by_role("region", name=name, exact=True)


def _save(page, panel: str, kind: str) -> str:
    """The text of a download, or its first bytes."""
    _panel(page, panel).hover()
    page.get_by_role("button", name=f"Download {panel}").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    return download.value.path().read_bytes()[:20_000].decode(errors="replace")


def test_bars_of_runs_and_of_groups(page, add):
    add("Bar chart", Value="min.train/loss")
    expect(page.get_by_role("img", name="train/loss (min), 5 bars")).to_be_visible()
    assert _save(page, "train/loss (min)", "CSV").splitlines()[0] == "name,train/loss (min),low,high,runs"
    page.get_by_role("button", name="Edit train/loss (min)").click()
    page.get_by_role("dialog").get_by_label("Group by").fill("model.name")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("img", name="train/loss (min), 2 bars")).to_be_visible()
    rows = [row.split(",") for row in _save(page, "train/loss (min)", "CSV").splitlines()[1:]]
    assert sorted((row[0], row[4]) for row in rows) == [("cnn", "2"), ("vit", "3")]
    assert all(float(low) <= float(mean) <= float(high) for _, mean, low, high, _ in rows)


def test_a_scatter_plot_tells_its_runs_and_opens_them(page, add):
    add("Scatter plot", x="lr", y="summary.train/loss", Colour_by="model.name")
    chart = page.get_by_role("img", name="train/loss over lr, 5 runs")
    expect(chart).to_be_visible()
    expect(_panel(page, "train/loss over lr").get_by_text("vit")).to_be_visible()
    assert _save(page, "train/loss over lr", "SVG").count("<circle") == 5
    assert _save(page, "train/loss over lr", "PNG").startswith("\ufffdPNG")
    box = chart.bounding_box()
    for across in range(6, 100, 2):  # every dot stands somewhere
        for down in range(4, 90, 4):
            page.mouse.move(box["x"] + box["width"] * across / 100, box["y"] + box["height"] * down / 100)
            if page.locator(".tip").count():
                break
        if page.locator(".tip").count():
            break
    expect(page.locator(".tip")).to_contain_text("train/loss:")
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("/project/vision/run/"))


def test_parallel_coordinates_are_brushed(page, add):
    add("Parallel coordinates", choose=("config.lr", "config.model.name", "summary.train/loss"))
    expect(page.get_by_role("img", name="lr, model.name, train/loss of 5 runs")).to_be_visible()
    axis = page.get_by_role("slider", name="Choose runs by model.name")
    box = axis.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 2)  # from above the upper name to below it
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] * 0.45, steps=4)
    page.mouse.up()
    panel = _panel(page, "Parallel coordinates")
    expect(panel.get_by_text("3 of 5 runs")).to_be_visible()
    panel.get_by_role("button", name="Draw only these").click()
    expect(page.get_by_role("img", name="reward, 3 lines")).to_be_visible()
    axis.focus()
    page.keyboard.press("Escape")
    expect(panel.get_by_role("button", name="Draw only these")).to_have_count(0)


def test_parameters_by_their_importance(page, add):
    add("Parameter importance", Metric="summary.train/loss")
    panel = _panel(page, "Importance for train/loss")
    expect(panel.get_by_role("rowheader", name="lr", exact=True)).to_be_visible()
    expect(panel.get_by_role("rowheader", name="epochs")).to_have_count(0)  # it is the same everywhere
    panel.get_by_label("Importance for", exact=True).select_option("max.reward")
    expect(_panel(page, "Importance for reward (max)")).to_be_visible()


def test_histograms_over_steps_as_a_map_and_as_ridges(page, site):
    page.goto(f"{site}/project/pictures")
    expect(page.get_by_role("img", name="weights of album, 4 steps")).to_be_visible()
    _panel(page, "weights").get_by_role("button", name="Ridges").click()
    expect(page).to_have_url(re.compile("layout=.*how.*ridge"))
    assert _save(page, "weights", "CSV").splitlines()[0] == "run,key,step,from,to,count"
    assert "<polygon" in _save(page, "weights", "SVG")


def test_media_of_runs_move_with_one_slider(page, site):
    page.goto(f"{site}/project/pictures")
    panel = _panel(page, "sample")
    expect(panel.get_by_role("img", name="picture 3")).to_be_visible()
    panel.get_by_label("Step of sample").fill("1")
    expect(panel.get_by_role("img", name="picture 1")).to_be_visible()


def test_logged_tables_over_runs(page, site):
    page.goto(f"{site}/project/charts?panels=answers")
    panel = _panel(page, "answers")
    expect(panel.get_by_role("row")).to_have_count(5)
    panel.get_by_role("button", name="score").click()
    expect(panel.get_by_role("row").nth(1)).to_contain_text("0.1")
    panel.get_by_label("Search rows of answers").fill("second")
    expect(panel.get_by_role("row")).to_have_count(3)
    panel.get_by_role("button", name="Filter").click()
    panel.get_by_label("Filter score").fill("> 1")
    expect(panel.get_by_role("row")).to_have_count(2)
    panel.get_by_label("Filter run").fill("first")
    expect(panel.get_by_role("row")).to_have_count(1)
    panel.get_by_label("Search rows of answers").fill("")
    panel.get_by_label("Filter run").fill("")
    panel.get_by_label("Filter score").fill("")
    expect(panel.get_by_role("row")).to_have_count(5)
    assert _save(page, "answers", "CSV").splitlines()[0] == "run,question,score"


CHARTS = {
    "line": "Losses: line of 10 rows",
    "scatter": "Points: scatter of 10 rows",
    "bar": "Counts: bar of 2 rows",
    "histogram": "Values: histogram of 10 rows",
    "series": "Two: line of 6 rows",
    "heatmap": "heatmap: heatmap of 4 rows",
    "confusion": "Confusion Matrix: confusion_matrix of 9 rows",
    "roc": "ROC curve: roc_curve of",
    "pr": "Precision-Recall curve: pr_curve of",
}


@pytest.mark.parametrize("key", CHARTS)
def test_a_logged_chart_is_drawn_for_each_run(page, site, key):
    page.goto(f"{site}/project/charts?panels=^{key}$")
    expect(page.get_by_role("img", name=CHARTS[key])).to_have_count(2)
    drawn = _save(page, key, "SVG")
    assert sum(drawn.count(mark) for mark in ("<rect", "<circle", "<polyline")) > 4
    assert _save(page, key, "CSV").count("\n") > 2


def test_the_areas_under_curves_are_told(page, site):
    page.goto(f"{site}/project/charts?panels=^roc$")
    expect(page.get_by_text(re.compile("auc: a [01]")).first).to_be_visible()


def test_a_plotly_figure_is_drawn_without_our_origin(page, site):
    page.goto(f"{site}/project/charts?panels=^figure$")
    frame = page.frame_locator("iframe[title=figure]").first
    expect(frame.locator("body[data-drawn=true]")).to_be_visible()
    expect(frame.locator(".scatterlayer .trace")).to_have_count(1)
    (inner,) = [it for it in page.frames if it.url.endswith("/figure.html")][:1]
    assert inner.evaluate("window.origin") == "null"
    page.wait_for_timeout(300)
    assert page.evaluate("window.owned") is None


def test_a_cloud_of_points_is_turned(page, site):
    page.goto(f"{site}/project/charts?panels=^cloud$")
    cloud = page.get_by_role("application", name=re.compile("cloud: 500 points")).first
    expect(cloud).to_be_visible()
    picture = "it => it.querySelector('canvas').toDataURL()"
    before = cloud.evaluate(picture)
    cloud.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "([it, old]) => it.querySelector('canvas').toDataURL() !== old", arg=[cloud.element_handle(), before]
    )


def test_a_text_in_markdown_never_becomes_markup(page, add):
    links = "[safe](https://example.org) [not](javascript:alert(1))"
    evil = f"# Notes\n\n- **bold** `code`\n- {links}\n\n<img src=x onerror=alert(1)>"
    add("Text", Text=evil, Title="What we know")
    panel = page.get_by_label("What we know").first
    expect(panel.get_by_role("heading", name="Notes")).to_be_visible()
    expect(panel.get_by_role("link", name="safe")).to_have_attribute("href", "https://example.org")
    expect(panel.get_by_role("link")).to_have_count(1)
    expect(panel.get_by_text("<img src=x")).to_be_visible()


def test_several_metrics_in_one_chart_with_ends_of_its_own(page, add):
    add("Line chart", choose=("train/loss", "val/loss"), y_from="0", y_to="0.5")
    expect(page.get_by_role("img", name="train/loss, val/loss, 10 lines")).to_be_visible()
    head = _save(page, "train/loss, val/loss", "CSV").splitlines()[0]
    assert (head.count("train/loss"), head.count("val/loss")) == (5, 5)
    expect(page).to_have_url(re.compile(r"layout=.*low:0,high:0\.5"))


def test_a_panel_is_edited_resized_moved_and_removed(page, site):
    page.goto(f"{site}/project/vision")
    panel = _panel(page, "train/loss")
    panel.hover()
    page.get_by_role("button", name="Edit train/loss").click()
    dialog = page.get_by_role("dialog", name="Edit train/loss")
    dialog.get_by_label("Title").fill("Error")
    dialog.get_by_label("y-axis").select_option(label="Logarithmic")
    dialog.get_by_role("button", name="Save").click()
    error = _panel(page, "Error")
    expect(error).to_be_visible()
    before = error.bounding_box()
    error.hover()
    corner = error.locator(".corner").bounding_box()
    page.mouse.move(corner["x"] + 8, corner["y"] + 8)
    page.mouse.down()
    page.mouse.move(corner["x"] + before["width"] + 8, corner["y"] + before["height"] + 8, steps=6)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"size:\(train/loss:!\(2,2\)"))
    assert error.bounding_box()["height"] > 1.8 * before["height"]
    page.reload()
    expect(error).to_be_visible()
    assert error.bounding_box()["width"] > 1.8 * before["width"]
    error.hover()
    page.get_by_role("button", name="More for Error").click()
    page.get_by_role("button", name="Remove").click()
    expect(error).to_have_count(0)
    page.get_by_role("button", name="Bring back").click()
    expect(error).to_be_visible()


def test_panels_and_sections_are_dragged(page, site):
    page.set_viewport_size({"width": 1280, "height": 1500})
    page.goto(f"{site}/project/vision")
    panels = page.get_by_role("region", name="train", exact=True).get_by_role("heading", level=3)
    expect(panels).to_have_text(["accuracy", "loss"])
    panels.nth(1).drag_to(_panel(page, "train/accuracy"), target_position={"x": 20, "y": 100})
    expect(panels).to_have_text(["loss", "accuracy"])
    _panel(page, "reward").get_by_role("heading").drag_to(_panel(page, "val/loss"), target_position={"x": 20, "y": 100})
    expect(page.get_by_role("region", name="val", exact=True).get_by_role("heading", level=3)).to_have_text(
        ["reward", "loss"]
    )
    page.reload()
    expect(panels).to_have_text(["loss", "accuracy"])
    sections = page.locator("section.section")
    expect(sections).to_have_count(2)
    sections.nth(1).locator("h2").drag_to(sections.nth(0).locator("h2"))
    expect(sections.nth(0)).to_have_attribute("aria-label", "val")


def test_panels_and_sections_are_moved_by_keys(page, site):
    page.goto(f"{site}/project/vision")
    page.get_by_role("button", name="More for train/accuracy").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move on").focus()
    page.keyboard.press("Enter")
    panels = page.get_by_role("region", name="train", exact=True).get_by_role("heading", level=3)
    expect(panels).to_have_text(["loss", "accuracy"])
    page.get_by_role("button", name="Move val up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("section.section").nth(1)).to_have_attribute("aria-label", "val")
