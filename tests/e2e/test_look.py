"""How the pages look: themes, narrow screens, states, accessibility; pictures for the docs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

PLACES = [
    "/",
    "/project/vision",
    "/project/vision?view=table",
    "/settings",
    "/project/lab/run/{lab}?view=overview",
    "/project/vision/run/{vision}?view=charts",
    "/project/pictures/run/{pictures}?view=media",
    "/project/talk/run/{talk}?view=console",
    "/project/files/run/{files}?view=files&item=train.py",
    "/project/files/run/{files}?view=files&item=table.csv",
    "/project/chain/run/{chain}?view=artifacts",
    "/project/chain/artifacts?item=data:v1",
    "/project/twins/compare?runs={twins},{twins[1]}",
    "/project/twins/compare?view=code&file=code/train.py&runs={twins},{twins[1]}",
    "/project/twins/compare?view=media&runs={twins},{twins[1]}",
    "/embed/run/{lab}?view=overview",
]
"""Every page. A project in braces stands for the key of its first run, with a number for another."""
PANELS = (
    "/project/vision?layout=(add:!((id:p1,kind:bar,of:!(min.train/loss)),(id:p2,kind:scatter,x:lr,y:min.train/loss,"
    "color:model.name),(id:p3,kind:parallel,of:!(lr,model.name,min.train/loss)),(id:p4,kind:importance,"
    "y:min.train/loss),(id:p5,kind:markdown,text:'%23 Notes')),size:(p3:!(2,1)))"
)
MEDIA = ["/project/charts", "/project/pictures"]


class Runs(dict):
    """The keys of a project's runs, asked for when they are named."""

    def __init__(self, page, site) -> None:
        self._ask = lambda project: page.request.get(f"{site}/api/projects/{project}/board").json()["runs"]

    def __missing__(self, project: str) -> Keys:
        self[project] = Keys(run["key"] for run in self._ask(project))
        return self[project]


class Keys(list):
    def __format__(self, _spec: str) -> str:
        return self[0]


@pytest.fixture
def visit(page, site):
    """Opens one of the places and waits until it stands."""

    def go(place: str) -> None:
        page.goto(site + place.format_map(Runs(page, site)))
        expect(page.locator("main > *").first).to_be_visible()
        page.wait_for_load_state("load")
        expect(page.locator(".loading")).to_have_count(0)
        page.wait_for_timeout(700)  # what is fetched for the tab

    return go


@pytest.mark.parametrize("place", [*PLACES, PANELS, *MEDIA])
def test_nothing_runs_over_the_side_of_a_narrow_screen(page, visit, place):
    page.set_viewport_size({"width": 400, "height": 800})
    visit(place)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_theme_is_chosen_and_kept(page, site):
    page.goto(f"{site}/settings")
    body = page.locator("body")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Dark").check()
    expect(body).not_to_have_css("background-color", light)
    dark = page.evaluate(background)
    page.goto(site)
    expect(body).to_have_css("background-color", dark)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("/project/none", "This project cannot be shown"),
        ("/project/vision/run/none", "This run cannot be shown"),
        ("/project/vision/compare", "Choose two runs or more to compare"),
        ("/nowhere", "There is no such page"),
    ],
)
def test_what_cannot_be_shown_is_told(page, site, place, told):
    page.goto(site + place)
    expect(page.get_by_role("heading", name=told)).to_be_visible()


def test_the_first_load_is_small(page, site):
    page.goto(f"{site}/project/vision")
    expect(page.locator("canvas").first).to_be_visible()
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(it => !it.name.includes('/api/')).map(it => it.transferSize)"
    )
    assert 0 < sum(sizes) < 150_000


def test_nothing_is_asked_of_other_servers_and_the_policy_is_kept(page, site, visit):
    asked, broken = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: "Content Security Policy" in message.text and broken.append(message.text))
    for place in [*PLACES, PANELS, *MEDIA]:
        visit(place)
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
    assert broken == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("place", [*PLACES, PANELS, *MEDIA, "/project/vision/compare?runs=a,b"])
def test_the_pages_are_accessible(page, visit, axe, place, theme):
    page.emulate_media(color_scheme=theme)
    visit(place)
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    told = [f"{it['id']}: {it['help']}: {node['html'][:200]}" for it in found for node in it["nodes"][:3]]
    assert told == []


OPENED = [
    ("/project/vision", "Add panel"),
    ("/project/vision", "Views"),
    ("/project/vision", "More for reward"),
    ("/project/vision", "Download reward"),
    ("/project/vision", "Full screen: reward"),
    ("/project/vision", "Edit reward"),
    ("/project/vision?view=table", "Columns"),
    ("/project/vision?view=table", "Add a filter"),
    ("/project/vision?view=table", "Rename elm"),
    ("/project/lab/run/{lab}?view=overview", "Delete"),
    ("/project/lab/run/{lab}?view=overview", "Show packages"),
    ("/project/pictures/run/{pictures}?view=media&panels=ledger", "Filter"),
    ("/project/vision", "?"),
]
"""What opens, and the name of the button or the key that opens it."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("place", "opener"), OPENED)
def test_what_opens_is_accessible_and_fits_a_narrow_screen(page, visit, axe, place, opener, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 400, "height": 800})
    visit(place)
    if len(opener) == 1:
        page.keyboard.press(opener)
    else:
        button = page.get_by_role("button", name=opener, exact=True).first
        button.hover()
        button.click()
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    assert [f"{it['id']}: {node['html'][:200]}" for it in found for node in it["nodes"][:3]] == []


@pytest.mark.skipif("DOCS_PICTURES" not in os.environ, reason="set DOCS_PICTURES to a folder to take them")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_for_the_docs(browser, site, theme):
    folder = Path(os.environ["DOCS_PICTURES"])
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)
    page = context.new_page()
    runs = Runs(page, site)
    for name, place in (
        ("charts", "/project/vision"),
        ("table", "/project/vision?view=table"),
        ("panels", PANELS),
        ("logged", "/project/charts"),
        ("compare", "/project/twins/compare?view=code&file=code/train.py&runs={twins},{twins[1]}"),
        ("lineage", "/project/chain/run/{chain[1]}?view=artifacts"),
    ):
        page.goto(site + place.format_map(runs))
        page.wait_for_timeout(4000)  # until the last chart is drawn, on a busy machine too
        page.screenshot(path=folder / f"{name}-{theme}.png")
    context.close()
