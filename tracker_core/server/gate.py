"""The gate of a team's server: says who asks, by key or by cookie, and lets them into an application that holds what is
theirs and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse

from tracker_core.server import signin
from tracker_core.server.guard import OPEN, cookie, dressed, foreign
from tracker_core.server.operation import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tracker_core.server.account import Accounts, User

_BEARER = re.compile(r"\s*bearer\s+(\S+)\s*", re.IGNORECASE)
_WHO = "This server does not know this key. Get one from whoever runs it, then: tracker login --relogin"


class Gate:
    """ASGI. `inside` gives the application of a user."""

    def __init__(self, accounts: Accounts, inside: Callable[[User], ASGIApp], visitor: ASGIApp) -> None:
        self._accounts = accounts
        self._inside = inside
        self._visitor = visitor
        """What answers those who are nobody: for the code of the pages, which is no secret."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._visitor(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        answer = await self._answer(scope, receive)
        await answer(scope, receive, dressed(send, scope["path"], scripts=True))

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        shown = headers.get("authorization")
        if shown is not None:  # no browser sends one by itself, so no page from elsewhere can have it sent
            match = _BEARER.fullmatch(shown)
            user = self._accounts.who(match[1]) if match else None
            return self._inside(user) if user is not None else failure(401, _WHO)
        if method in ("GET", "HEAD") and path.startswith(OPEN):
            return self._visitor
        if (refusal := foreign(method, headers)) is not None:
            return failure(403, refusal)
        user = self._visiting(headers)
        if path == signin.PATH:
            return await self._sign_in(user, Request(scope, receive))
        if user is not None:
            return self._inside(user)
        if path.startswith("/api/"):
            return failure(401, "Sign in, or send a key: Authorization: Bearer KEY.")
        query = scope["query_string"].decode("latin-1")
        wanted = path + (f"?{query}" if query else "")
        # Relative, since a proxy may have taken something off the path.
        up = "../" * (path.count("/") - 1) or "./"
        return RedirectResponse(f"{up}{signin.PATH[1:]}?next={quote(wanted, safe='')}", 303)

    def _visiting(self, headers: Headers) -> User | None:
        shown = cookie(headers.get("cookie", ""), signin.COOKIE)
        return signin.session(self._accounts, shown) if shown else None

    async def _sign_in(self, user: User | None, request: Request) -> Response:
        if request.method == "POST":
            return await signin.post(self._accounts, request)
        return signin.page(user, request)
