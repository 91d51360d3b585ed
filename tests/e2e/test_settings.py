"""The settings page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

SCRIPT = "import tracker_core as tracker; tracker.init(settings={'silent': True}).finish()"


def test_the_default_project_and_saving_code_hold_for_the_next_run(page, tmp_path, serve, environment, pages):
    page.goto(f"{serve(tmp_path)}/settings")
    project = page.get_by_label("Default project")
    project.fill("garden/shed")
    project.press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("cannot")
    project.fill("garden")
    project.press("Tab")
    expect(page.get_by_text("Saved")).to_be_visible()
    page.get_by_label("Save the code").select_option("On")
    page.reload()
    expect(page.get_by_label("Save the code")).to_have_value("true")
    script = tmp_path / "grow.py"
    script.write_text(SCRIPT)
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, env=environment, check=True)
    page.get_by_role("link", name="tracker: all projects").click()
    page.get_by_role("link", name="garden").click()
    page.get_by_role("listitem").get_by_role("link").click()
    page.get_by_role("tab", name="Files").click()
    expect(page.get_by_role("button", name="code/grow.py")).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Default project").fill("")
    page.get_by_label("Save the code").select_option("As the script says")
    expect(page.get_by_text("Saved")).to_be_visible()
    file = Path(page.locator("p .mono").inner_text())
    assert file.is_relative_to(environment["HOME"])
    expect(page.get_by_label("Save the code")).to_have_value("null")


def test_colours_that_everybody_tells_apart(page, site):
    page.goto(f"{site}/settings")
    page.get_by_label("Colour-blind").check()
    page.goto(f"{site}/project/vision")
    dots = page.get_by_role("button", name=re.compile("^Hide ")).locator("i")
    expect(dots).to_have_count(5)
    safe = ("0, 114, 178", "213, 94, 0", "0, 158, 115", "204, 121, 167", "230, 159, 0", "63, 160, 216", "122, 111, 0")
    for dot in dots.all():
        color = dot.evaluate("it => getComputedStyle(it).backgroundColor")
        assert color in {f"rgb({it})" for it in (*safe, "127, 127, 127")}


def test_what_was_chosen_is_forgotten(page, site):
    page.goto(f"{site}/project/talk?view=table")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog", name="Columns").get_by_role("checkbox", name="duration").uncheck()
    head = page.get_by_role("columnheader", name="duration")
    expect(head).to_have_count(0)
    page.goto(f"{site}/settings")
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("button", name="Forget")).to_be_disabled()
    page.goto(f"{site}/project/talk?view=table")
    expect(head).to_be_visible()
