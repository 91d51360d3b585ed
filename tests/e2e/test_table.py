"""The runs table, as a person uses it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect


def _sees(page, names: list[str]) -> None:
    expect(page.locator(".row .name a")).to_have_text(names)


def _column(page, name: str):
    return page.get_by_role("columnheader").filter(has_text=re.compile(f"^{re.escape(name)}"))


def test_sorting_by_one_column_and_by_several(page, site):
    page.goto(f"{site}/project/vision?view=table")
    _column(page, "lr").get_by_role("button").click()
    expect(_column(page, "lr")).to_have_attribute("aria-sort", "ascending")
    _sees(page, ["amber", "birch", "cedar", "dune", "elm"])
    _column(page, "model.name").get_by_role("button").click()
    _column(page, "lr").get_by_role("button").click(modifiers=["Shift"])
    _column(page, "lr").get_by_role("button").click(modifiers=["Shift"])
    expect(_column(page, "lr")).to_have_attribute("aria-sort", "descending")
    _sees(page, ["birch", "amber", "elm", "dune", "cedar"])
    page.reload()
    expect(_column(page, "lr")).to_have_attribute("aria-sort", "descending")
    _sees(page, ["birch", "amber", "elm", "dune", "cedar"])


def test_columns_are_chosen_and_remembered(page, site):
    page.goto(f"{site}/project/vision?view=table")
    page.get_by_role("button", name="Columns").click()
    menu = page.get_by_role("dialog", name="Columns")
    menu.get_by_label("Search columns").fill("reward")
    menu.get_by_role("checkbox", name="summary.reward").check()
    menu.get_by_label("Search columns").fill("created")
    menu.get_by_role("checkbox", name="created").uncheck()
    menu.get_by_label("Search columns").fill("min.")
    menu.get_by_role("checkbox", name="min.train/accuracy").check()
    menu.get_by_role("button", name="Close").click()
    expect(_column(page, "train/accuracy (min)")).to_be_visible()
    expect(page.get_by_role("cell", name="0", exact=True).first).to_be_visible()
    page.reload()
    expect(_column(page, "reward")).to_be_visible()
    expect(_column(page, "created")).to_have_count(0)


def test_columns_are_resized_and_dragged(browser, page, site):
    page.goto(f"{site}/project/vision?view=table")
    head = _column(page, "state")
    before = head.bounding_box()["width"]
    grip = head.locator(".grip").bounding_box()
    page.mouse.move(grip["x"] + 3, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 63, grip["y"] + 5, steps=3)
    page.mouse.up()
    expect(head).not_to_have_css("width", f"{before}px")
    assert head.bounding_box()["width"] > before + 40
    with browser.new_context() as other:  # the link shows it to others
        theirs = other.new_page()
        theirs.goto(page.url)
        assert _column(theirs, "state").bounding_box()["width"] == head.bounding_box()["width"]
    _column(page, "duration").drag_to(head)
    order = page.get_by_role("columnheader").filter(has_text=re.compile("^(duration|state)"))
    expect(order.first).to_contain_text("duration")


def test_what_the_table_shows_is_downloaded(page, site):
    page.goto(f"{site}/project/vision?view=table&sort=name&filter=lr%20%3E%200.01&columns=state,config.lr,tags")
    expect(page.get_by_role("link", name="elm")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the table").click()
    lines = [line.split(",") for line in Path(saved.value.path()).read_text().splitlines()]
    assert saved.value.suggested_filename == "vision.csv"
    assert [line[:1] + line[2:] for line in lines] == [
        ["name", "state", "config.lr", "tags"],
        ["dune", "failed", "0.03", ""],
        ["elm", "finished", "0.1", ""],
    ]


def test_runs_are_grouped_and_folded(page, site):
    page.goto(f"{site}/project/vision?view=table&sort=name")
    page.get_by_label("Group table by").select_option("config.model.name")
    group = page.get_by_role("button", name=re.compile("model.name vit 3"))
    group.click()
    _sees(page, ["amber", "birch"])
    expect(page).to_have_url(re.compile("group=config.model.name"))


def test_renaming_tagging_and_deleting(page, make_site):
    page.goto(f"{make_site('left', 'right', 'third')}/project/p?view=table&sort=name")
    page.get_by_role("link", name="left").hover()
    page.get_by_role("button", name="Rename left").click()
    page.get_by_role("textbox", name="Rename run").fill("renamed")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("link", name="renamed")).to_be_visible()
    for name in ("renamed", "right"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("textbox", name="Tag 2 runs").fill("keep, first")
    page.get_by_role("dialog").get_by_role("button", name="Tag").click()
    expect(page.locator(".tag", has_text="keep")).to_have_count(2)
    page.get_by_label("Select right").uncheck()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="renamed")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("link", name="right")).to_be_visible()
    _sees(page, ["right", "third"])
    expect(page.locator(".tag", has_text="keep")).to_have_count(1)


def test_columns_are_pinned(page, site):
    page.goto(f"{site}/project/vision?view=table")
    page.get_by_role("button", name="Columns").click()
    menu = page.get_by_role("dialog", name="Columns")
    menu.get_by_label("Search columns").fill("reward")
    menu.get_by_role("checkbox", name="summary.reward").check()
    menu.get_by_role("button", name="Pin summary.reward").click()
    menu.get_by_role("button", name="Close").click()
    heads = page.get_by_role("columnheader")
    expect(heads.nth(3)).to_contain_text("reward")
    page.set_viewport_size({"width": 700, "height": 600})
    place, other = (_column(page, name).bounding_box()["x"] for name in ("reward", "duration"))
    page.locator(".scroll").evaluate("it => (it.scrollLeft = 400)")
    assert _column(page, "reward").bounding_box()["x"] == place
    assert _column(page, "duration").bounding_box()["x"] < other
    page.reload()
    expect(heads.nth(3)).to_contain_text("reward")


def test_selected_runs_are_hidden_and_coloured(page, make_site):
    page.goto(f"{make_site('amber', 'birch', 'cedar')}/project/p?view=table&sort=name")
    for name in ("amber", "birch"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_label("Colour of the selected runs").fill("#00ff00")
    for name in ("amber", "birch"):
        dot = page.get_by_role("button", name=f"Hide {name}").locator("i")
        expect(dot).to_have_css("background-color", "rgb(0, 255, 0)")
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(page.get_by_role("button", name="Show amber")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("img", name="reward, 1 lines")).to_be_visible()


def test_groups_are_nested_and_told_on_average(page, site):
    page.goto(f"{site}/project/vision?view=table&sort=name&group=config.model.name,state")
    outer = page.get_by_role("row").filter(has=page.get_by_role("button", name=re.compile("model.name cnn 2")))
    expect(outer).to_contain_text("0.002")  # the mean of 0.001 and 0.003
    expect(page.get_by_role("button", name=re.compile("state finished 2"))).to_have_count(2)
    expect(page.get_by_role("button", name=re.compile("state failed 1"))).to_be_visible()
    page.locator(".bar").get_by_role("button", name="model.name").click()  # no longer grouped by it
    expect(page.get_by_role("button", name=re.compile("state finished 4"))).to_be_visible()


def test_columns_of_what_was_captured_and_of_extremes(page, site):
    page.goto(f"{site}/project/vision?view=table&columns=metadata.cpu.count,max.reward")
    expect(_column(page, "metadata.cpu.count")).to_be_visible()
    expect(page.get_by_role("cell", name="59").first).to_be_visible()


def test_thousands_of_runs_are_a_few_rows_of_the_page(page, thousands):
    page.goto(f"{thousands}/project/bench?view=table")
    expect(page.get_by_text("2,000 runs")).to_be_visible(timeout=90_000)  # its index is built first
    rows = page.get_by_role("row")
    assert rows.count() < 80
    page.locator(".scroll").evaluate("it => (it.scrollTop = it.scrollHeight)")
    expect(page.get_by_role("link", name="trial-0", exact=True)).to_be_visible()
    assert rows.count() < 80
    page.get_by_label("Filter runs").fill("seed < 10")
    expect(page.get_by_text("10 runs", exact=True)).to_be_visible()
    _column(page, "seed").get_by_role("button").click()
    _sees(page, [f"trial-{number}" for number in range(10)])
