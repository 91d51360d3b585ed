"""The run page, live updates, and content that means harm."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

import tracker_core as tracker

QUIET = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
SCROLLS_INSIDE = """sheet => sheet.scrollHeight > sheet.clientHeight &&
  sheet.getBoundingClientRect().bottom <= sheet.closest("section").getBoundingClientRect().bottom"""
LIVE = """
import sys, time
import tracker_core as tracker
run = tracker.init(dir=sys.argv[1], project="live", name="runner", settings={"silent": True, "system_interval": 0})
step = 0
while not sys.stdin.closed:
    line = sys.stdin.readline()
    if not line:
        break
    for _ in range(int(line)):
        run.log({"loss": 1 / (step + 1)})
        step += 1
run.finish()
"""


def _open(page, site: str, project: str, tab: str) -> None:
    page.goto(f"{site}/project/{project}")
    page.locator(".run a").first.click()
    page.get_by_role("tab", name=tab).click()


def test_a_run_is_deleted_from_its_page(page, make_site):
    _open(page, make_site("one", "two"), "p", "Overview")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/project/p$"))
    expect(page.get_by_role("listitem")).to_have_count(1)


def test_the_folder_of_a_run_opens_its_page(page, tmp_path, make_site, serve):
    make_site("one", "two")
    folder = next(path for path in (tmp_path / "tracker").glob("offline-run-*"))
    serve(folder)
    page.goto(serve.link)
    expect(page.get_by_role("heading", name=re.compile("one|two"), level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(f"/project/p/run/{folder.name}$"))
    page.goto(serve.link.replace(folder.name, "offline-run-none"))
    expect(page.get_by_role("heading", name="This run cannot be shown")).to_be_visible()


def test_media_follow_one_slider(page, site):
    _open(page, site, "pictures", "Media")
    expect(page.get_by_text("picture 3")).to_be_visible()
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    slider.press("Home")
    expect(page.get_by_role("img", name="picture 0")).to_be_visible()
    slider.press("ArrowRight")
    expect(page.get_by_text("picture 1")).to_be_visible()
    expect(page.get_by_role("region", name="weights").locator("rect").first).to_be_visible()
    expect(page.get_by_role("region", name="report").get_by_text("Nothing yet at this step.")).to_be_visible()
    expect(page.get_by_role("img", name="picture 1")).to_have_js_property("naturalWidth", 8)


def test_a_logged_table_is_sorted_and_searched(page, site):
    _open(page, site, "pictures", "Media")
    report = page.get_by_role("region", name="report")
    expect(report.get_by_text("3 rows")).to_be_visible()
    report.get_by_role("button", name="n", exact=True).click()
    expect(report.locator("td:first-child")).to_have_text(["1", "2", "3"])
    report.get_by_label("Search rows of report").fill("2")
    expect(report.locator("tbody tr")).to_have_count(1)
    assert page.evaluate("window.owned") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_large_table_is_sorted_and_searched_over_its_pages(page, site):
    _open(page, site, "pictures", "Media")
    ledger = page.get_by_role("region", name="ledger")
    expect(ledger.get_by_text("250 rows, 1 to 100")).to_be_visible()
    assert ledger.get_by_role("group", name="Rows of ledger").evaluate(SCROLLS_INSIDE)
    ledger.get_by_role("button", name="Next").click()
    expect(ledger.locator("td").nth(1)).to_have_text("name 100")
    ledger.get_by_role("button", name="place").click()
    expect(ledger.locator("td").first).to_have_text("0")
    ledger.get_by_role("button", name="place").click()
    expect(ledger.locator("td").first).to_have_text("249")
    ledger.get_by_label("Search rows of ledger").fill("NAME 24")
    expect(ledger.get_by_text("11 of 250 rows")).to_be_visible()
    expect(ledger.locator("tbody tr")).to_have_count(11)


def test_a_table_is_filtered_by_its_columns(page, site):
    _open(page, site, "pictures", "Media")
    ledger = page.get_by_role("region", name="ledger")
    expect(ledger.get_by_label("Filter place")).to_have_count(0)
    ledger.get_by_role("button", name="Filter").click()
    ledger.get_by_label("Filter place").fill("< 100")
    expect(ledger.get_by_text("100 of 250 rows")).to_be_visible()
    ledger.get_by_label("Filter name").fill("name 11")
    expect(ledger.locator("td:first-child")).to_have_text(["77", *map(str, range(20, 84, 7))])  # 11 and 110 to 119
    ledger.get_by_label("Filter name").fill("nothing")
    expect(ledger.get_by_text("No row is like that.")).to_be_visible()
    ledger.get_by_role("button", name="Filter").click()
    expect(ledger.get_by_text("250 rows, 1 to 100")).to_be_visible()
    assert ledger.get_by_role("group", name="Rows of ledger").evaluate(SCROLLS_INSIDE)


def test_charts_of_one_run(page, site):
    _open(page, site, "vision", "Charts")
    expect(page.get_by_role("img", name="train/loss, 1 lines")).to_be_visible()


def test_a_live_run_appears_grows_and_ends(page, tmp_path, serve, environment, pages):
    address = serve(tmp_path)
    page.goto(address)
    expect(page.get_by_role("heading", name="No runs here yet")).to_be_visible()
    process = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(tmp_path)], stdin=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    )
    with process:
        process.stdin.write("5\n")
        process.stdin.flush()
        page.get_by_role("link", name="live").click(timeout=30_000)
        expect(page.get_by_role("listitem").get_by_title("running")).to_be_visible()
        chart = page.get_by_role("img", name="loss, 1 lines")
        expect(chart).to_be_visible()
        page.goto(f"{address}/project/live?view=table")
        process.stdin.write("50\n")
        process.stdin.flush()
        expect(page.get_by_role("cell", name=re.compile(r"^0\.0181818$"))).to_be_visible()
        process.stdin.close()
        process.wait(timeout=120)
    expect(page.get_by_role("cell", name="finished")).to_be_visible()


def test_a_page_outlives_its_server(page, tmp_path, serve, make_site):
    address = make_site("first")
    page.goto(f"{address}/project/p")
    expect(page.get_by_role("listitem")).to_have_count(1)
    serve.last.terminate()
    serve.last.wait(timeout=120)
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    make_site("second", port=int(address.rsplit(":", 1)[1]))
    expect(page.get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_text("Reconnecting…")).to_have_count(0)


def test_news_that_were_missed_are_asked_for_again(page, tmp_path, make_site):
    page.goto(f"{make_site('first')}/project/p?view=table")
    expect(page.get_by_role("link", name="first", exact=True)).to_be_visible()
    page.route("**/api/projects/**", lambda route: route.abort())
    with tracker.init(project="p", name="second", dir=str(tmp_path), settings=QUIET):
        expect(page.get_by_text("Reconnecting…")).to_be_visible()
    expect(page.get_by_role("link", name="first", exact=True)).to_be_visible()
    page.unroute("**/api/projects/**")
    expect(page.get_by_role("link", name="second", exact=True)).to_be_visible()
    expect(page.get_by_text("Reconnecting…")).to_have_count(0)


@pytest.mark.parametrize("tab", ["Overview", "Charts", "Media", "Console", "Files", "Artifacts"])
def test_hostile_content_stays_text(page, site, tab):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    _open(page, site, "hostile", tab)
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    if tab == "Files":
        for name in ("report.html", "picture.svg", "script.js"):
            page.get_by_role("button", name=re.compile(name)).click()
            page.wait_for_timeout(400)
    page.wait_for_timeout(600)
    assert page.evaluate("window.owned") is None
    assert page.locator("img[src=x]").count() == 0
    assert "taken" not in page.title()
    assert dialogs == []


def test_a_hostile_file_opened_by_itself_has_no_origin(page, site):
    page.goto(f"{site}/api/projects/hostile/board")
    key = re.search(r'"key":"(offline-run[^"]+)"', page.content())[1]
    page.goto(f"{site}/api/runs/{key}/files/report.html")
    expect(page.get_by_role("heading", name="report")).to_be_visible()
    assert page.title() != "taken"
    assert page.evaluate("window.origin") == "null"


@pytest.mark.parametrize("view", ["charts", "table"])
def test_hostile_names_in_lists_stay_text(page, site, view):
    page.goto(f"{site}/project/hostile?view={view}")
    expect(page.get_by_role("link", name="<img src=x")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("window.owned") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_chosen_colour_is_seen_by_everybody(browser, page, make_site):
    site = make_site("one", "two")
    _open(page, site, "p", "Overview")
    page.get_by_label("Colour of the run").fill("#ff0000")
    expect(page.get_by_role("button", name="Reset")).to_be_visible()
    with browser.new_context() as other:
        theirs = other.new_page()
        theirs.goto(f"{site}/project/p")
        dot = theirs.get_by_role("button", name="Hide two").locator("i")
        expect(dot).to_have_css("background-color", "rgb(255, 0, 0)")
        page.get_by_role("button", name="Reset").click()
        expect(dot).not_to_have_css("background-color", "rgb(255, 0, 0)")


def test_tabs_are_walked_by_arrows(page, site):
    _open(page, site, "pictures", "Media")
    page.get_by_role("tab", name="Media").press("Home")
    first = page.get_by_role("tab").first
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-selected", "true")
    first.press("ArrowRight")
    expect(page.get_by_role("tab").nth(1)).to_be_focused()
    expect(page.get_by_role("tab", selected=True)).to_have_count(1)
    page.get_by_role("tab").nth(1).press("End")
    expect(page.get_by_role("tab").last).to_be_focused()
    page.get_by_role("tab").last.press("ArrowRight")
    expect(first).to_be_focused()
