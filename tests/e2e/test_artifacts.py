"""Artifacts, and who made what from what."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_from_the_project_to_a_version_and_its_files(page, site):
    page.goto(f"{site}/project/chain")
    page.get_by_role("link", name="Artifacts").click()
    page.get_by_role("button", name="data 2 versions").click()
    expect(page.get_by_label("Version")).to_contain_text("v1 (clean, latest)")
    facts = page.get_by_role("region", name="Facts")
    for word in ("dataset", "clean", "collector", "first", "second"):
        expect(facts.get_by_text(word, exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Metadata").get_by_text("rows")).to_be_visible()
    files = page.get_by_role("region", name="Files of the artifact")
    files.get_by_role("button", name="part/readme.md").click()
    expect(files.get_by_role("textbox", name="part/readme.md")).to_contain_text("one and two")
    with page.expect_download() as download:
        files.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "readme.md"
    files.get_by_role("button", name="weights").click()
    expect(files.get_by_text("lies elsewhere")).to_be_visible()
    page.get_by_label("Version").select_option("data:v0")
    expect(facts.get_by_text("Nobody yet")).to_be_visible()
    expect(page).to_have_url(re.compile("item=data%3Av0"))
    page.get_by_label("Search artifacts").fill("mod")
    expect(page.get_by_role("button", name=re.compile("versions"))).to_have_count(1)


def test_lineage_leads_from_run_to_artifact_to_run(page, open_run):
    open_run("chain", "first", "Artifacts")

    def node(name: str):
        return page.get_by_role("group", name="Lineage").get_by_role("link").filter(has_text=name)

    for name in ("collector", "data:v1", "first", "model:v0", "judge"):
        expect(node(name)).to_be_visible()
    expect(node("second")).to_have_count(0)
    expect(page.get_by_role("region", name="Made").get_by_role("link")).to_have_text(["model:v0"])
    expect(page.get_by_role("region", name="Used").get_by_role("link")).to_have_text(["data:v1"])
    node("data:v1").click()
    expect(page.get_by_role("heading", name="data", exact=True)).to_be_visible()
    expect(node("second")).to_be_visible()
    node("model:v1").click()
    expect(page.get_by_label("Version")).to_contain_text("v1 (latest)")
    node("second").click()
    expect(page.get_by_role("heading", name="second")).to_be_visible()


def test_hostile_artifacts_stay_text(page, site):
    page.goto(f"{site}/project/chain/artifacts?item=data:v1")
    expect(page.get_by_role("region", name="Facts").get_by_text("<img src=x")).to_be_visible()
    files = page.get_by_role("region", name="Files of the artifact")
    files.get_by_role("button", name="page.html").click()
    expect(page.frame_locator("iframe").get_by_role("heading", name="report")).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert "taken" not in page.title()
    assert page.locator("img[src=x]").count() == 0


def test_without_any(page, site, open_run):
    page.goto(f"{site}/project/vision/artifacts")
    expect(page.get_by_role("heading", name="No artifacts here yet")).to_be_visible()
    open_run("vision", "amber", "Artifacts")
    expect(page.get_by_text(re.compile("made and used no artifacts"))).to_be_visible()
