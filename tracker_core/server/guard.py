"""Who may ask, and what a page may do: the checks before every request and the headers after it.

On a loopback address there is no login, so the danger is a page from elsewhere in the same browser: a name that
resolves to 127.0.0.1 (stopped by the Host header), a form that posts here (stopped by Sec-Fetch-Site and Origin), or a
frame that lays our buttons under somebody's pointer (stopped by frame-ancestors; what may be framed has no buttons).
On any other address every request needs the token, from the link or from the cookie that the link left. A frame on a
foreign page gets no cookie, so what it reads carries a ticket in every address (`frame.py`), which opens one run.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse

from tracker_core._served import folder_of
from tracker_core.server.operation import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "tracker-token"
EMBED = "/embed/"
"""Below it lie the pages that other pages may hold in a frame. They change nothing."""

OPEN = ("/assets/", "/theme.js", "/favicon.svg")
"""The code of the pages, which is no secret: a frame asks for it without the token."""

EMBED_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self';"
    " connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'none';"
    " require-trusted-types-for 'script'; trusted-types svelte-trusted-html"
)
"""No inline script or style, nothing from elsewhere, and no text becomes markup. It says nothing of frame-ancestors:
no list would hold notebooks in editors and saved pages, whose addresses have schemes of their own."""

POLICY = f"{EMBED_POLICY}; frame-ancestors 'self'"

FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'"
"""For what runs brought along: shown, but without script, origin or network."""

PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src data:"
"""For PDF, which browsers show with a viewer of their own and refuse to in a sandbox."""

PAGES = "/files/media/html/"
"""Below it lie pages that were logged as such, which mostly draw by script."""

PAGE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:;"
    " style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:"
)
"""For logged pages: their scripts run in an origin of their own, which can reach neither us nor the network."""

FIGURE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline';"
    " img-src data: blob:"
)
"""For the frame that draws plotly figures: its script runs, without our origin and without a network."""

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """ASGI middleware. Without a token only a loopback Host passes."""

    def __init__(self, app: ASGIApp, token: str | None, framed: Callable[[str], ASGIApp]) -> None:
        self._app = app
        self._token = token
        self._framed = framed
        """Gives the application of one run, by its folder."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        path = scope["path"]
        shown = [value for name, value in query if name == "token"]
        reads = scope["method"] in ("GET", "HEAD")
        inside = self._app
        if any(map(self._right, shown)) and not path.startswith("/api/"):
            await self._enter(scope, query)(scope, receive, send)
            return
        if folder := self._ticketed(shown) if reads and path.startswith((EMBED, "/api/")) else None:
            inside = self._framed(folder)
        elif not (reads and self._token is not None and path.startswith(OPEN)):
            refusal = self._refusal(scope["method"], headers)
            if refusal is not None:
                await failure(403, refusal)(scope, receive, send)
                return

        # With a token, a page's script could read it off its address.
        await inside(scope, receive, dressed(send, path, scripts=self._token is None))

    def _ticketed(self, shown: list[str]) -> str | None:
        """The folder of the one run that may be read with what was shown."""
        token = self._token
        return None if token is None else next(filter(None, (folder_of(token, it) for it in shown)), None)

    def _refusal(self, method: str, headers: Headers) -> str | None:
        if self._token is None:
            if _host(headers.get("host", "")) not in LOOPBACK:
                return "This server answers on its loopback address only."
        elif not self._right(cookie(headers.get("cookie", ""), COOKIE)):
            return "This server wants the token: open the link that `tracker ui` printed."
        return foreign(method, headers)

    def _right(self, token: str) -> bool:
        return self._token is not None and hmac.compare_digest(token.encode(), self._token.encode())

    def _enter(self, scope: Scope, query: list[tuple[str, str]]) -> RedirectResponse:
        """Keeps the token in a cookie and takes it out of the address, where it would end in histories."""
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        page = scope["raw_path"].decode("latin-1").rpartition("/")[2]
        # Relative, since a proxy may have taken something off the path.
        assert self._token is not None
        answer = RedirectResponse(f"./{page}" + (f"?{rest}" if rest else ""), 303)
        answer.set_cookie(COOKIE, self._token, httponly=True, samesite="strict", path="/")
        return answer


def _host(value: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return urlsplit(f"//{value}").hostname or ""
    except ValueError:
        return ""


def cookie(header: str, wanted: str) -> str:
    """The value of the cookie `wanted` in a Cookie header."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""


def foreign(method: str, headers: Headers) -> str | None:
    """Why a change is refused that a page from elsewhere has a visitor's browser make."""
    if method in ("GET", "HEAD"):
        return None
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        # The second is what a proxy was asked for; no page from elsewhere can have a browser send that header.
        hosts = (headers.get("host"), headers.get("x-forwarded-host"))
        ours = origin is None or urlsplit(origin).netloc in hosts
    return None if ours else "Changes are made from the tracker's own pages only."


def dressed(send: Send, path: str, *, scripts: bool) -> Send:
    """`send`, with the security headers of what lies at `path`; `scripts` lets those of logged pages run."""

    async def dress(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                answer.setdefault(name, value)
            if scripts and PAGES in path and answer.get("content-type", "").startswith("text/html"):
                answer["content-security-policy"] = PAGE_POLICY
            answer.setdefault("content-security-policy", EMBED_POLICY if path.startswith(EMBED) else POLICY)
        await send(message)

    return dress
