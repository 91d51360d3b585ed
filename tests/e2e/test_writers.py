"""Charts of a run whose processes logged different values."""

from __future__ import annotations

import subprocess
import sys

from playwright.sync_api import expect

SCRIPT = """
import os, sys
import tracker_core as tracker

settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
run = tracker.init(dir=sys.argv[1], name="pair", project="p", settings=settings)
child = os.fork()
for step in range(20):
    run.log({"loss": 1.0 if child else 2.0, "same": 0.5}, step=step)
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
run.finish()
"""


def test_writers_that_differ_have_labelled_lines(page, environment, serve, tmp_path):
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], env=environment, check=True)
    page.goto(f"{serve(tmp_path)}/project/p")
    expect(page.get_by_role("img", name="same, 1 lines")).to_be_visible()
    expect(page.get_by_role("img", name="loss, 2 lines")).to_be_visible()
    box = page.get_by_role("region", name="loss", exact=True).locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 - 2, box["y"] + 40)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    rows = page.locator(".tip .row")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("pair (")
    expect(rows.nth(0).locator("b")).to_have_text("2")
    expect(rows.nth(1).locator("b")).to_have_text("1")
