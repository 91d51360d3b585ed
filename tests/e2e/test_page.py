"""Pages that were logged: they draw themselves, and reach nothing of ours."""

from __future__ import annotations

import bokeh.plotting
import pytest
from playwright.sync_api import expect

import tracker_core as tracker

CURIOUS = """
<ul id="told"></ul>
<script>
const tell = text => { const item = document.createElement("li"); item.textContent = text; told.append(item) };
tell("drawn");
try { top.document.title = "taken"; tell("took the title") } catch { tell("no title") }
try { localStorage.length; tell("took the storage") } catch { tell("no storage") }
fetch("/api/projects").then(() => tell("took the runs"), () => tell("no runs"));
const picture = new Image();
picture.onload = () => tell("took a picture");
picture.onerror = () => tell("no picture");
picture.src = new URL("/favicon.svg", location.href);
</script>
"""


@pytest.fixture
def address(tmp_path, serve) -> str:
    settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
    with tracker.init(project="pages", id="one", dir=str(tmp_path), settings=settings) as run:
        figure = bokeh.plotting.figure(title="bokeh")
        figure.line([1, 2, 3], [1, 4, 9])
        run.log({"curious": tracker.Html(CURIOUS), "figure": figure})
    return f"{serve(tmp_path)}/embed/run/{run.folder.path.name}?view=media"


def test_a_logged_page_runs_in_an_origin_of_its_own(page, address):
    page.goto(address)
    told = page.frame_locator("iframe[title=curious]").locator("li")
    expect(told).to_have_count(5)
    assert set(told.all_inner_texts()) == {"drawn", "no title", "no storage", "no runs", "no picture"}
    assert page.title() != "taken"


def test_a_bokeh_figure_is_drawn(page, address):
    page.goto(address)
    expect(page.frame_locator("iframe[title=figure]").locator("canvas").first).to_be_visible()
