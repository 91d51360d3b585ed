"""A team's server in the browser: who signs in sees their own runs, and who they are."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

TRAIN = """
import tracker_core as tracker
with tracker.init(project="digits", name="mine", settings={"silent": True, "system_interval": 0}) as run:
    run.log({"loss": 1.0})
"""


class Server(NamedTuple):
    address: str
    key: str


@pytest.fixture
def server(pages, environment, tmp_path) -> Iterator[Server]:
    """A team's server with a run of the user alice, who is in the team vision, and the key of alice."""
    command = [sys.executable, "-m", "tracker_core", "server"]
    environment = {**environment, "TRACKER_SERVER_DATA": str(tmp_path / "data")}

    def tell(*words: str) -> str:
        return subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=True).stdout

    key = tell("user", "add", "alice").split()[-1]
    tell("team", "add", "vision", "alice")
    with subprocess.Popen([*command, "start", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True) as it:
        try:
            address = re.search(r"http://\S+", it.stdout.readline())[0].rstrip("/")
            trained = {**environment, "TRACKER_BASE_URL": address, "TRACKER_API_KEY": key}
            subprocess.run([sys.executable, "-c", TRAIN], env=trained, cwd=tmp_path, check=True)
            yield Server(address, key)
        finally:
            it.terminate()


def test_a_member_signs_in_looks_and_leaves(page, server):
    page.goto(f"{server.address}/project/alice~digits")
    page.get_by_label("Your API key").fill(server.key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("listitem").get_by_role("link", name="mine").click()
    expect(page.get_by_role("region", name="loss")).to_be_visible()
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_text("Host", exact=True)).to_be_visible()
    expect(page.get_by_text("Stored in")).to_have_count(0)  # the disk of the server is nobody's concern
    page.get_by_role("link", name="tracker: all projects").click()
    card = page.get_by_role("link", name="digits")
    expect(card).to_contain_text("alice")
    page.get_by_role("banner").get_by_role("link", name="alice").click()
    expect(page.get_by_role("region", name="Account")).to_contain_text("vision")
    expect(page.get_by_role("heading", name="New runs")).to_have_count(0)
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your API key")).to_be_visible()


def test_who_is_signed_out_meanwhile_is_led_back(page, server):
    page.goto(f"{server.address}/project/alice~digits")
    page.get_by_label("Your API key").fill(server.key)
    page.get_by_role("button", name="Sign in").click()
    run = page.get_by_role("listitem").get_by_role("link", name="mine")
    expect(run).to_be_visible()
    page.route("**/api/projects/**", lambda route: route.abort())  # nothing but the click meets the sign-in
    page.context.clear_cookies()
    run.click()
    expect(page.get_by_label("Your API key")).to_be_visible()
    page.unroute("**/api/projects/**")
    page.get_by_label("Your API key").fill(server.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/project/alice~digits/run/alice~run-"))
    expect(page.get_by_role("region", name="loss")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_signing_in_is_accessible_and_fits_a_narrow_screen(page, server, axe, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{server.address}/settings")
    page.get_by_label("Your API key").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".wrong")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    assert [f"{it['id']}: {node['html'][:200]}" for it in found for node in it["nodes"][:3]] == []
