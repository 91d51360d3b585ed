"""The project page, as a person uses it."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def _lines(page, metric: str, count: int) -> None:
    expect(page.get_by_role("img", name=f"{metric}, {count} lines")).to_be_visible()


def test_from_the_projects_to_charts_in_sections(page, site):
    page.goto(site)
    page.get_by_role("link", name="vision").click()
    expect(page).to_have_title("vision · tracker")
    for section in ("Charts", "train", "val"):
        expect(page.get_by_role("region", name=section, exact=True)).to_be_visible()
    _lines(page, "train/loss", 5)
    _lines(page, "reward", 5)


def test_a_tooltip_is_sorted_by_value_and_a_click_opens_the_run(page, site):
    page.goto(f"{site}/project/vision")
    chart = page.get_by_role("img", name="train/accuracy, 5 lines")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    values = page.locator(".tip b")
    expect(values).to_have_count(5)
    numbers = [float(value) for value in values.all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    page.get_by_role("link", name="cedar").hover()
    canvas = chart.locator("canvas")
    for part in range(5, 95, 2):  # down through the middle until a line is near
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * part / 100)
        if page.locator(".tip .row.near").count():
            break
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"/project/vision/run/"))
    expect(canvas).to_have_count(0)


def test_an_eye_hides_a_run_and_the_link_says_so(page, site):
    page.goto(f"{site}/project/vision")
    _lines(page, "train/loss", 5)
    page.get_by_role("button", name="Hide birch").click()
    _lines(page, "train/loss", 4)
    page.reload()
    _lines(page, "train/loss", 4)
    page.get_by_role("button", name="Show birch").click()
    _lines(page, "train/loss", 5)
    page.get_by_role("button", name="Hide cedar").click(modifiers=["Alt"])
    _lines(page, "train/loss", 1)
    page.get_by_role("button", name="Show all").click()
    _lines(page, "train/loss", 5)


def test_a_colour_stays_with_its_run(page, site):
    color = "getComputedStyle(document.querySelector('[aria-label$=\"elm\"] i')).backgroundColor"
    page.goto(f"{site}/project/vision")
    expect(page.get_by_role("button", name="Hide elm")).to_be_visible()
    before = page.evaluate(color)
    page.goto(f"{site}/project/vision?filter=lr%20%3E%200.01&sort=name")
    expect(page.get_by_role("listitem")).to_have_count(2)
    assert page.evaluate(color) == before


def test_filters_typed_and_built(page, site):
    page.goto(f"{site}/project/vision")
    field = page.get_by_placeholder("Filter: name")
    field.fill("lr >= 0.01 and model.name = vit")
    expect(page.get_by_role("listitem")).to_have_count(3)
    _lines(page, "train/loss", 3)
    field.fill("lr >=")
    expect(page.get_by_text("a value is missing at the end")).to_be_visible()
    field.fill("")
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_label("Column").select_option("state")
    page.get_by_label("Value").fill("failed")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("link", name="dune")).to_be_visible()


def test_a_filter_that_finds_nothing_says_what_to_do(page, site):
    for view in ("charts", "table"):
        page.goto(f"{site}/project/vision?view={view}&filter=lr%20%3E%205")
        page.get_by_role("button", name="Clear the filter").click()
        expect(page.get_by_role("link", name="elm")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/vision(\?view=table)?$"))


def test_chart_controls_are_in_the_address(page, site):
    page.goto(f"{site}/project/vision")
    page.get_by_label("Smoothing", exact=True).select_option("ema")
    page.get_by_role("button", name="Log y").click()
    page.get_by_label("x-axis").select_option("reward")
    expect(page).to_have_url(re.compile("smooth=ema.*amount=0.6.*logy=1"))
    page.reload()
    expect(page.get_by_label("Smoothing", exact=True)).to_have_value("ema")
    expect(page.get_by_role("button", name="Log y")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("x-axis")).to_have_value("reward")
    _lines(page, "train/loss", 5)


def test_charts_are_found_by_a_regular_expression(page, site):
    page.goto(f"{site}/project/vision")
    page.get_by_label("Search charts").fill("^val/|accuracy$")
    expect(page.locator("section.panel")).to_have_count(2)
    page.get_by_label("Search charts").fill("nothing")
    expect(page.get_by_role("heading", name="No chart matches “nothing”")).to_be_visible()


def test_dragging_zooms_every_chart_and_a_double_click_resets(page, site):
    page.goto(f"{site}/project/vision")
    chart = page.get_by_role("img", name="reward, 5 lines")
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"range=[\d.]+%3A[\d.]+"))
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.get_by_role("img", name="reward, 5 lines").dblclick(position={"x": 120, "y": 60})
    expect(page.get_by_role("button", name="Reset zoom")).to_have_count(0)


def test_groups_are_drawn_as_one_line_each_with_their_members_when_asked(page, site):
    page.goto(f"{site}/project/vision")
    page.get_by_label("Group by").select_option("config.model.name")
    _lines(page, "train/loss", 2)
    page.get_by_role("button", name="Members").click()
    _lines(page, "train/loss", 7)


def test_a_chart_in_full_screen_and_downloaded(page, site):
    page.goto(f"{site}/project/vision?panels=reward")
    page.get_by_role("region", name="reward").hover()
    page.get_by_role("button", name="Download reward").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text()
    assert text.splitlines()[0].split(",")[0] == "step"
    assert text.splitlines()[1:3][1].split(",") == ["1"] * 6
    page.get_by_role("button", name="Full screen: reward").click()
    expect(page.locator("section.panel")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Charts", exact=True)).to_be_visible()


def test_a_metric_is_drawn_over_its_step_metric(page, site):
    page.goto(f"{site}/project/talk?panels=late")
    page.get_by_role("region", name="late").hover()
    page.get_by_role("button", name="Download late").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.path().read_text().split() == ["epoch,talker", "0,0", "10,1", "20,2"]


def test_the_keyboard_walks_the_runs(page, site):
    page.goto(f"{site}/project/vision")
    expect(page.get_by_role("listitem")).to_have_count(5)
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("h")
    expect(page.get_by_role("button", name="Show dune")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("table")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.press("/")
    expect(page.get_by_label("Search charts")).to_be_focused()


def test_every_key_of_the_sheet_does_what_it_says(page, site):
    press = page.keyboard.press
    page.goto(f"{site}/project/vision")
    runs = page.get_by_role("listitem")
    expect(runs).to_have_count(5)
    press("f")
    expect(page.get_by_label("Filter runs")).to_be_focused()
    press("Escape")
    expect(page.get_by_label("Filter runs")).not_to_be_focused()
    press("s")
    expect(runs).to_have_count(0)
    press("s")
    expect(runs).to_have_count(5)
    press("j")
    press("j")
    press("k")
    press("b")
    expect(page).to_have_url(re.compile("base="))
    expect(page.get_by_role("button", name="Baseline elm")).to_have_attribute("aria-pressed", "true")
    press("b")
    press("h")
    expect(page.get_by_role("button", name="Show elm")).to_be_visible()
    press("l")
    expect(page.get_by_role("button", name="Log y")).to_have_attribute("aria-pressed", "true")
    press("a")
    expect(page.get_by_role("dialog", name="Add panel")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    dark = page.locator("html[data-theme=dark]")
    for _ in range(2):  # from the system's over light to dark
        press("d")
    expect(dark).to_have_count(1)
    press("d")
    expect(dark).to_have_count(0)
    page.goto(f"{site}/project/vision?range=10:20")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    press("r")
    expect(page.get_by_role("button", name="Reset zoom")).to_have_count(0)
    page.get_by_role("button", name="Full screen: reward").click()
    expect(page.get_by_role("button", name="Close full screen")).to_be_visible()
    page.mouse.click(5, 5)
    press("Escape")
    expect(page.get_by_role("button", name="Close full screen")).to_have_count(0)
    press("t")
    press("j")
    press("Enter")
    expect(page.get_by_role("heading", name="elm", level=1)).to_be_visible()
