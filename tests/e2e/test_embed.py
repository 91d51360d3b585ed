"""A run in a frame of somebody else's page."""

from __future__ import annotations

import contextlib
import functools
import http.server
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Puts an address into a frame of a page of another site, and gives that page's address."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args) -> None:
            pass

    with contextlib.ExitStack() as stack:
        handler = functools.partial(Quiet, directory=str(folder))
        server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)

        def write(address: str) -> str:
            name = f"{len(list(folder.iterdir()))}.html"  # a page of each, which no cache knows
            (folder / name).write_text(f'<iframe src="{address}" width="900" height="600">')
            # Another site than 127.0.0.1, so that the frame gets no cookie.
            return f"http://localhost:{server.server_address[1]}/{name}"

        yield write


def _key(folder: Path) -> str:
    (run,) = (path.name for path in (folder / "tracker").iterdir() if path.name.startswith("offline-run-"))
    return run


def test_a_frame_shows_a_run_and_changes_nothing(page, tmp_path, make_site, elsewhere):
    address = make_site("one")
    page.goto(elsewhere(f"{address}/embed/run/{_key(tmp_path)}?view=charts&panels=loss"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="one")).to_be_visible()
    expect(frame.get_by_role("img", name="train/loss, 1 lines")).to_be_visible()
    expect(frame.get_by_role("img", name=re.compile("reward"))).to_have_count(0)
    frame.get_by_role("tab", name="Overview").click()
    expect(frame.get_by_role("region", name="Summary").get_by_text("reward")).to_be_visible()
    for tab in ("Media", "System", "Console", "Files"):
        frame.get_by_role("tab", name=tab).click()
        expect(frame.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(frame.get_by_role("button", name=re.compile("Delete|Rename"))).to_have_count(0)
    with page.expect_popup() as popup:
        frame.get_by_role("link", name="one").click()
    expect(popup.value).to_have_url(re.compile(r"/project/p/run/"))
    expect(popup.value.get_by_role("button", name="Delete")).to_be_visible()


def test_a_whole_page_cannot_be_put_into_a_frame(page, make_site, elsewhere):
    address = elsewhere(f"{make_site('one')}/project/p")
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(address)
    expect(page.frame_locator("iframe").get_by_role("link", name="one")).to_have_count(0)


def test_a_frame_carries_a_ticket_and_follows_the_run(page, tmp_path, serve, make_site, elsewhere):
    make_site("one")
    serve(tmp_path, 0, "--host", "0.0.0.0")
    link = urlsplit(serve.link)
    address = f"http://127.0.0.1:{link.port}/embed/run/{_key(tmp_path)}"
    for without in (address, f"{address}?{link.query}"):  # the token itself is nothing for a page that others read
        page.goto(elsewhere(without))
        expect(page.frame_locator("iframe").get_by_text("wants the token")).to_be_visible()
    page.goto(f"http://127.0.0.1:{link.port}/project/p?{link.query}")
    page.get_by_role("link", name="one").click()
    page.get_by_role("tab", name="Overview").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the code").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    shown = re.search('src="([^"]+)"', code)[1]
    assert parse_qs(link.query)["token"][0] not in shown
    page.goto(elsewhere(f"{shown}&theme=dark"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("img", name="train/loss, 1 lines")).to_be_visible()
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    with page.expect_popup() as popup:
        frame.get_by_role("link", name="one").click()
    opened = popup.value
    opened.get_by_role("button", name="Rename").click()
    assert "token" not in opened.url
    opened.get_by_role("textbox", name="Rename run").fill("uno")
    opened.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(frame.get_by_role("heading", name="uno")).to_be_visible()
