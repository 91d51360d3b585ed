"""Runs beside each other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def compared(page, site):
    """The page that compares the two runs of `twins`, reached by the table; `left` stands left."""
    page.goto(f"{site}/project/twins?view=table&sort=name")
    for name in ("left", "right"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    return page


def test_only_what_differs_is_shown(compared):
    values = compared.get_by_role("group", name="Values")
    expect(values.get_by_role("rowheader", name="lr", exact=True)).to_be_visible()
    expect(values.get_by_role("rowheader", name="torch")).to_be_visible()
    for name in ("depth", "numpy", "cpu.count", "python"):
        expect(values.get_by_role("rowheader", name=name)).to_have_count(0)
    for name in ("Run", "Config", "Summary", "Git", "Hardware", "Environment", "Packages"):
        expect(values.get_by_role("columnheader", name=name).or_(values.get_by_text(name, exact=True))).to_be_visible()
    compared.get_by_label("Equal values too").check()
    for name in ("depth", "numpy", "cpu.count", "python"):
        expect(values.get_by_role("rowheader", name=name, exact=True)).to_be_visible()
    compared.get_by_label("Search keys").fill("cpu")
    expect(values.get_by_role("rowheader", name="lr", exact=True)).to_have_count(0)
    compared.reload()
    expect(values.get_by_role("rowheader", name="cpu.count")).to_be_visible()


def test_code_side_by_side(compared):
    compared.get_by_role("tab", name="Code").click()
    files = compared.get_by_role("list", name="Files")
    expect(files.get_by_role("button", name=re.compile("extra.py only"))).to_be_visible()
    expect(files.get_by_role("button", name="code/same.py same")).to_be_visible()
    files.get_by_role("button", name="code/train.py differs").click()  # though of one length
    left = compared.get_by_role("textbox", name="code/train.py of left")
    right = compared.get_by_role("textbox", name="code/train.py of right")
    expect(left.locator(".cm-changedLine")).to_have_text("rate = 0.1")
    expect(right.locator(".cm-changedLine")).to_have_text("rate = 0.2")
    expect(compared.get_by_text(re.compile("unchanged lines")).first).to_be_visible()
    compared.reload()
    expect(left).to_be_visible()
    compared.get_by_label("Right", exact=True).select_option("left")
    expect(compared.get_by_text("Both are the same.")).to_be_visible()
    compared.get_by_label("Search files").fill("requirements")
    expect(files.get_by_role("button")).to_have_count(1)


def test_media_of_one_step_beside_each_other(compared):
    compared.get_by_role("tab", name="Media").click()
    for name in ("left 2", "right 2"):
        expect(compared.get_by_role("img", name=name)).to_be_visible()
    slider = compared.get_by_role("slider", name="Step")
    slider.focus()
    slider.press("Home")
    for name in ("left 0", "right 0"):
        expect(compared.get_by_role("img", name=name)).to_be_visible()
    expect(compared.get_by_role("group", name="film of left").get_by_text("Nothing yet at this step.")).to_be_visible()
    slider.press("End")
    expect(compared.locator("video")).to_have_count(2)
    compared.get_by_role("button", name="Play all").click()
    for at in range(2):
        expect(compared.locator("video").nth(at)).to_have_js_property("paused", False)
    compared.get_by_role("button", name="Stop all").click()
    expect(compared.locator("video").first).to_have_js_property("paused", True)


def test_twenty_runs_are_compared_and_no_more(page, make_site):
    names = [f"run {number}" for number in range(21)]
    page.goto(f"{make_site(*names)}/project/p?view=table&sort=name")
    page.get_by_label("Select all").check()
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    page.get_by_label("Select run 0").uncheck()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare 20 runs")).to_be_visible()
    expect(page.get_by_role("group", name="Values").get_by_role("link")).to_have_count(20)
    page.get_by_role("tab", name="Code").click()
    expect(page.get_by_label("Left", exact=True).get_by_role("option")).to_have_count(20)
