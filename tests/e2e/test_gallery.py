"""Panels of media beside a run that goes on: what the page asks the server for."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

RUNS = 15
PANELS = 4
SCRIPT = """
import sys
import numpy as np
import tracker_core as tracker

settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}

def start(name):
    return tracker.init(dir=sys.argv[1], name=name, project="p", reinit="create_new", settings=settings)

def pictures(number):
    return {f"picture{panel}": tracker.Image(np.full((4, 4, 3), number, np.uint8)) for panel in range(int(sys.argv[3]))}

for number in range(int(sys.argv[2])):
    with start(f"done{number}") as run:
        run.log({"loss": 0.5})
        run.log(pictures(number))
run = start("live")
run.log({"loss": 0.5})
print(flush=True)
for line in sys.stdin:
    run.log({"loss": 0.5, **(pictures(200) if line.strip() == "pictures" else {})})
    print(flush=True)
"""


@pytest.fixture
def live(environment, tmp_path):
    """A run that goes on beside others with media: logs a row for each line, with pictures if the line says so."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(RUNS), str(PANELS)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()

        def log(what: str = "loss") -> None:
            print(what, file=process.stdin, flush=True)
            process.stdout.readline()

        yield log
        process.stdin.close()


def test_media_are_fetched_once_and_then_those_that_are_new(page, live, serve, tmp_path):
    asked: list[str] = []
    page.on("request", lambda request: "/media?" in request.url and asked.append(request.url))
    page.goto(f"{serve(tmp_path)}/project/p")
    for panel in range(PANELS):
        region = page.get_by_role("region", name=f"picture{panel}", exact=True)
        region.scroll_into_view_if_needed()
        expect(region.locator(".grid > figure")).to_have_count(12)
    assert len(asked) <= PANELS  # not one for each run
    asked.clear()
    for _ in range(4):
        with page.expect_response(re.compile("/series.*after=")):
            live()
    assert asked == []
    live("pictures")
    for panel in range(PANELS):
        region = page.get_by_role("region", name=f"picture{panel}", exact=True)
        region.scroll_into_view_if_needed()
        expect(region.get_by_role("button", name="live")).to_be_visible()
    assert 0 < len(asked) <= PANELS
    assert all(len(re.findall("[?&]run=", url)) == 1 for url in asked)
