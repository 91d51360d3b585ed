"""The files of a run, with their previews."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def choose(page, open_run):
    open_run("files", "shelf", "Files")

    def click(name: str) -> None:
        page.get_by_role("list", name="Files").get_by_role("button", name=re.compile(name)).click()

    return click


def test_code_is_coloured_and_only_then_loaded(page, choose):
    assert not page.evaluate("performance.getEntriesByType('resource').some(it => /code-/.test(it.name))")
    choose("train.py")
    code = page.get_by_role("textbox", name="train.py")
    expect(code).to_contain_text("def train")
    expect(code.locator("span", has_text=re.compile("^def$"))).not_to_have_css("color", "rgb(32, 32, 29)")
    code.focus()
    page.keyboard.press("Control+f")
    page.keyboard.type("rate")
    expect(page.locator(".cm-searchMatch").first).to_be_visible()
    choose("data.json")
    expect(page.get_by_role("textbox", name="data.json")).to_contain_text('{"answer": 42}')
    page.reload()
    expect(page.get_by_role("textbox", name="data.json")).to_contain_text('{"answer": 42}')


def test_values_in_columns(page, choose):
    choose("table.csv")
    sheet = page.get_by_role("group", name="table.csv")
    expect(sheet.get_by_role("columnheader")).to_have_text(["name", "score"])
    expect(sheet.get_by_role("cell")).to_have_text(["amber, dark", "0.5", "birch", "0.75"])


def test_pictures_sounds_films_and_papers(page, choose):
    choose(r"\.png")
    expect(page.get_by_role("img", name=re.compile(r"\.png"))).to_have_js_property("naturalWidth", 8)
    choose(r"\.wav")
    expect(page.locator("audio")).to_have_js_property("readyState", 4)
    choose(r"\.mp4")
    expect(page.locator("video")).to_have_js_property("videoWidth", 16)
    with page.expect_response(re.compile("paper.pdf")) as paper:
        choose("paper.pdf")
    assert paper.value.headers["content-type"] == "application/pdf"
    assert paper.value.headers["content-disposition"].startswith("inline")


def test_the_beginning_of_a_long_file_and_what_has_no_preview(page, choose):
    choose("long.log")
    expect(page.get_by_text("The first 1.0 MB of 1.6 MB.")).to_be_visible()
    expect(page.get_by_role("textbox", name="long.log")).to_contain_text("0123456789abcde")
    choose("weights.bin")
    expect(page.get_by_text("no preview")).to_be_visible()
    choose("empty.txt")
    expect(page.get_by_text("The file is empty.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "empty.txt"


def test_files_are_searched(page, choose):
    page.get_by_label("Search files").fill("TRAIN")
    expect(page.get_by_role("list", name="Files").get_by_role("button")).to_have_count(1)
