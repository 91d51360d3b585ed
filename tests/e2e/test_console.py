"""The console of a run."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

LONG = """
import sys
import tracker_core as tracker

run = tracker.init(dir=sys.argv[1], project="long", name="talker", settings={"silent": True, "system_interval": 0})
for block in range(100):
    sys.stdout.write("".join(f"\\x1b[32mstep\\x1b[0m {block * 1000 + line}\\n" for line in range(1000)))
sys.stdout.flush()
for line in iter(sys.stdin.readline, ""):
    print(line, end="", flush=True)
    run.log({"said": 1})
run.finish()
"""


@pytest.fixture
def console(page):
    return page.get_by_role("list", name="Console")


def test_colours_and_progress_bars(page, open_run, console):
    open_run("talk", "talker", "Console")
    expect(page.get_by_text("300 lines")).to_be_visible()
    expect(page.locator(".ansi-red").first).to_contain_text("line")
    open_run("lab", "careful", "Console")
    expect(console.get_by_role("listitem")).to_have_count(2)  # one bar of each attempt
    expect(console.get_by_text("100%|##########|")).to_have_count(2)


def test_a_hundred_thousand_lines_are_followed_scrolled_and_searched(
    page, tmp_path, serve, environment, open_run, console
):
    command = [sys.executable, "-c", LONG, str(tmp_path)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment, cwd=tmp_path
    )
    with process:
        process.stdin.write("first\n")
        process.stdin.flush()
        site = serve(tmp_path)
        page.goto(site)
        page.get_by_role("link", name="long").click(timeout=30_000)
        asked = []
        page.on("request", lambda request: "/console?" in request.url and asked.append(request.url))
        open_run("long", "talker", "Console", site=site)
        expect(console.get_by_text("first")).to_be_visible()  # the end, where the run is
        assert len(set(asked)) < 60  # of two hundred parts; the end moves while it is still read
        process.stdin.write("second\n")
        process.stdin.flush()
        expect(console.get_by_text("second")).to_be_visible()
        page.get_by_label("Follow").uncheck()
        console.focus()
        page.keyboard.press("Home")
        expect(console.get_by_text("step 0", exact=True)).to_be_visible()
        page.get_by_label("Search lines").fill("STEP 4321")
        expect(page.get_by_text("11 lines found")).to_be_visible()
        console.get_by_role("button", name="43,215").or_(console.get_by_role("button", name="43215")).click()
        expect(console.get_by_text("step 43213", exact=True)).to_be_visible()
        expect(console.get_by_text("step 43214", exact=True)).to_be_visible()
        page.get_by_label("Search lines").fill("no such words")
        expect(page.get_by_text("No line contains “no such words”.")).to_be_visible()
        process.stdin.close()
        process.wait(timeout=60)


def test_a_silent_run_says_so(page, open_run):
    open_run("vision", "amber", "Console")
    expect(page.get_by_text(re.compile("^The run printed nothing"))).to_be_visible()
