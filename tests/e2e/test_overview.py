"""What the run page says about a run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def overview(page, open_run):
    open_run("lab", "careful", "Overview")
    return page


def test_facts_environment_and_attempts(overview):
    facts = overview.get_by_role("region", name="Facts")
    for word in ("finished", "Author", "Host", "Exit code", "Duration"):
        expect(facts.get_by_text(word, exact=True)).to_be_visible()
    environment = overview.get_by_role("region", name="Environment")
    expect(environment.get_by_text(re.compile(r"train\.py"))).to_be_visible()
    for name in ("Command", "Python", "System", "CPU", "Memory"):
        expect(environment.get_by_text(name, exact=True)).to_be_visible()
    expect(overview.get_by_role("region", name="Attempts").get_by_role("listitem")).to_have_count(2)


def test_git_leads_to_the_commit_and_shows_what_changed(overview):
    git = overview.get_by_role("region", name="Git")
    expect(git.get_by_role("link", name=re.compile("^[0-9a-f]{12}$"))).to_have_attribute(
        "href", re.compile(r"^https://gitlab\.com/someone/lab/-/commit/[0-9a-f]{40}$")
    )
    expect(git.get_by_text("1 untracked file")).to_be_visible()
    git.get_by_role("button", name="Show changes").click()
    changes = git.get_by_role("group", name="Changes of train.py")
    expect(changes.locator("tr.remove")).to_contain_text('"loss": 0.5')
    expect(changes.locator("tr.add")).to_contain_text('"loss": 0.25')
    git.get_by_role("button", name="train.py").click()
    expect(changes).to_have_count(0)


def test_the_config_is_a_tree_that_folds_and_is_searched(overview):
    config = overview.get_by_role("region", name="Config")
    expect(config.get_by_text("pool")).to_be_visible()
    config.get_by_role("button", name="model").click()
    expect(config.get_by_text("pool")).to_have_count(0)
    config.get_by_label("Search Config").fill("kind")
    expect(config.get_by_text("pool")).to_be_visible()
    expect(config.get_by_text("option_3")).to_have_count(0)
    config.get_by_label("Search Config").fill("nowhere")
    expect(config.get_by_text("Nothing matches.")).to_be_visible()


def test_packages_are_listed_and_searched(overview):
    packages = overview.get_by_role("region", name="Packages")
    packages.get_by_role("button", name="Show packages").click()
    packages.get_by_label("Search Packages").fill("msgspec")
    expect(packages.get_by_title("msgspec")).to_be_visible()
    expect(packages.get_by_title("numpy")).to_have_count(0)


def test_what_magic_did_is_told(overview):
    magic = overview.get_by_role("region", name="Magic")
    expect(magic.get_by_text("keras")).to_be_visible()
    expect(magic.get_by_text("3.15 · fit")).to_be_visible()
    expect(magic.get_by_text("optuna")).to_be_visible()


def test_notes_tags_and_name_are_edited_in_place(page, make_site, open_run):
    open_run("p", "one", "Overview", site=make_site("one"))
    page.get_by_label("Notes").fill("It works.")
    page.get_by_label("Add tag").fill("good")
    page.get_by_label("Add tag").press("Enter")
    expect(page.get_by_role("button", name="Remove tag good")).to_be_visible()
    expect(page.get_by_text("Saved")).to_be_visible()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Rename run").fill("uno")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="uno")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="uno")).to_be_visible()
    expect(page.get_by_label("Notes")).to_have_value("It works.")
    page.get_by_role("button", name="Remove tag good").click()
    expect(page.get_by_role("button", name="Remove tag good")).to_have_count(0)
