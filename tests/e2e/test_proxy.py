"""The pages below a path that a reverse proxy takes off before it asks us."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tracker_core._served import ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREFIX = "/some/prefix"


@pytest.fixture
def proxied() -> Iterator[Callable[[str], str]]:
    """Puts a proxy before a server and gives the proxy's address. It asks for nothing but what lies below PREFIX."""
    with contextlib.ExitStack() as stack:

        def start(address: str) -> str:
            behind = urlsplit(address).netloc

            class Proxy(http.server.BaseHTTPRequestHandler):
                def log_message(self, *_args) -> None:
                    pass

                def forward(self) -> None:
                    if not self.path.startswith(f"{PREFIX}/"):
                        self.send_error(404)
                        return
                    body = self.rfile.read(int(self.headers.get("content-length", 0)))
                    asked = http.client.HTTPConnection(behind)
                    asked.request(self.command, self.path.removeprefix(PREFIX), body, {**self.headers, "Host": behind})
                    answer = asked.getresponse()
                    self.send_response(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in ("transfer-encoding", "connection", "server", "date"):
                            self.send_header(name, value)
                    self.end_headers()
                    with contextlib.suppress(ConnectionError, http.client.HTTPException):  # either side may hang up
                        while part := answer.read1():
                            self.wfile.write(part)
                    asked.close()

                do_GET = do_PATCH = do_PUT = do_DELETE = forward  # noqa: N815 - the handler's names

            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy))
            server.daemon_threads = True
            server.block_on_close = False  # streams end with their pages
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"

        yield start


def test_pages_work_below_the_path_of_a_proxy(page, make_site, proxied):
    site = proxied(make_site("one", "two"))
    failed = []
    page.on("response", lambda answer: answer.status >= 400 and failed.append(answer.url))
    page.goto(f"{site}/")
    page.get_by_role("link", name="p 2 runs").click()
    expect(page.get_by_role("img", name="train/loss, 2 lines")).to_be_visible()
    page.get_by_role("tab", name="Table").click()
    expect(page).to_have_url(f"{site}/project/p?view=table")
    page.get_by_role("link", name="one").click()
    for tab in ("Media", "Console", "Files", "Artifacts", "Overview"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("region", name="Facts")).to_be_visible()
    page.reload()  # three folders deeper
    expect(page.get_by_role("region", name="Facts")).to_be_visible()
    notes = page.get_by_label("Notes")
    notes.fill("behind a proxy")
    notes.blur()
    expect(page.get_by_text("Saved")).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    expect(page).to_have_url(f"{site}/settings")
    page.get_by_role("link", name="all projects").click()
    expect(page).to_have_url(f"{site}/")
    page.go_back()
    page.go_back()
    expect(notes).to_have_value("behind a proxy")
    assert failed == []


def test_a_frame_and_the_token_behind_a_proxy(page, serve, make_site, proxied, tmp_path):
    make_site("one")
    serve(tmp_path, 0, "--host", "0.0.0.0")
    link = urlsplit(serve.link)
    site = proxied(f"http://127.0.0.1:{link.port}")
    (run,) = (path.name for path in (tmp_path / "tracker").glob("offline-run-*"))
    token = ticket(parse_qs(link.query)["token"][0], run)
    page.goto(f"{site}/embed/run/{run}?token={token}&view=charts")
    expect(page.get_by_role("img", name="train/loss, 1 lines")).to_be_visible()
    page.goto(f"{site}/project/p?{link.query}")
    expect(page).to_have_url(re.compile(rf"{PREFIX}/project/p$"))
    expect(page.get_by_role("img", name="train/loss, 1 lines")).to_be_visible()
