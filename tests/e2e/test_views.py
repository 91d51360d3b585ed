"""Saved views: what was chosen on the project page, under a name."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def project(page, make_site) -> str:
    """Two runs of their own, since views stay with the project."""
    address = f"{make_site('left', 'right')}/project/p"
    page.goto(address)
    expect(page.get_by_role("img", name="reward, 2 lines")).to_be_visible()
    return address


def _save(page, name: str) -> None:
    page.get_by_title("Saved views").click()
    page.get_by_role("button", name="Save this view as").click()
    page.get_by_role("textbox", name="Save view").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_title("Saved views")).to_contain_text(name)


def _menu(page):
    page.get_by_title("Saved views").click()
    return page.get_by_role("group", name="Saved views")


def test_a_view_is_saved_opened_changed_renamed_and_deleted(page, project):
    page.get_by_role("button", name="Log y").click()
    page.get_by_role("button", name="Hide left").click()
    _save(page, "Right only")
    menu = _menu(page)
    menu.get_by_role("button", name="Everything at its standard").click()
    expect(page.get_by_role("img", name="reward, 2 lines")).to_be_visible()
    expect(page.get_by_role("button", name="Log y")).to_have_attribute("aria-pressed", "false")
    _menu(page).get_by_role("button", name="Right only", exact=True).click()
    expect(page.get_by_role("img", name="reward, 1 lines")).to_be_visible()
    expect(page.get_by_role("button", name="Log y")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Log x").click()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("button", name="Save changes")).to_have_count(0)
    _menu(page).get_by_role("button", name="Rename view Right only").click()
    page.get_by_role("textbox", name="Rename view").fill("Kept")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_title("Saved views")).to_contain_text("Kept")
    page.goto(f"{project}?saved=Kept")
    expect(page.get_by_role("button", name="Log x")).to_have_attribute("aria-pressed", "true")
    _menu(page).get_by_role("button", name="Delete view Kept").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(_menu(page).get_by_text("A view keeps filters")).to_be_visible()


def test_a_view_is_shared_by_its_link(page, project):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Filter runs").fill("left")
    _save(page, "a & b/c")
    _menu(page).get_by_role("button", name="Copy the link to a & b/c").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_label("Filter runs")).to_have_value("left")
    expect(page.get_by_role("img", name="reward, 1 lines")).to_be_visible()


def test_a_project_opens_with_its_home_view(page, project):
    page.keyboard.press("t")
    page.get_by_role("button", name="Columns").click()
    menu = page.get_by_role("dialog", name="Columns")
    menu.get_by_label("Search columns").fill("steps")
    menu.get_by_role("checkbox", name="steps").check()
    menu.get_by_role("button", name="Close").click()
    _save(page, "Table first")
    _menu(page).get_by_role("button", name="Open the project with Table first").click()
    page.goto(project)
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("columnheader").filter(has_text="last step")).to_be_visible()
    _menu(page).get_by_role("button", name="Everything at its standard").click()
    expect(page.get_by_role("img", name="reward, 2 lines")).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name="reward, 2 lines")).to_be_visible()


def test_panels_belong_to_the_view(page, project):
    page.get_by_role("button", name="Add panel").click()
    dialog = page.get_by_role("dialog", name="Add panel")
    dialog.get_by_text("Text", exact=True).click()
    dialog.get_by_label("Text", exact=True).last.fill("Only *here*")
    dialog.get_by_role("button", name="Add panel").click()
    expect(page.get_by_text("Only here")).to_be_visible()
    _save(page, "With a note")
    expect(page).to_have_url(re.compile("saved=With"))
    _menu(page).get_by_role("button", name="Everything at its standard").click()
    expect(page.get_by_text("Only here")).to_have_count(0)
    page.goto(f"{project}?saved=With%20a%20note")
    expect(page.get_by_text("Only here")).to_be_visible()


def test_a_view_that_cannot_be_saved_is_told(page, project, tmp_path):
    (tmp_path / "tracker" / "views").write_text("in the way")
    page.get_by_title("Saved views").click()
    page.get_by_role("button", name="Save this view as").click()
    page.get_by_role("textbox", name="Save view").fill("lost")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be saved")
