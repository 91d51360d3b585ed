"""The page on which a visitor of a team's server pastes their key, and the cookie that they get for it.

The cookie says which key was shown and until when it counts, signed by the server; it never holds the key.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from starlette.responses import HTMLResponse, RedirectResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tracker_core.server.account import Accounts, User

PATH = "/signin"
COOKIE = "tracker-session"
DAYS = 30

_POLICY = "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}"
    "input,button{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin:.25rem 0}.wrong{color:#c33}"
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in - tracker</title><style>{style}</style>
<main><h1>tracker</h1>{body}</main></html>
"""
_FORM = """<form method="post" action="./signin?next={next}">
<label>Your API key <input type="password" name="key" autocomplete="current-password" autofocus required></label>
<button>Sign in</button></form>
<p>Whoever runs this server gives you one: <code>tracker server user add NAME</code>.</p>
"""
_LEAVE = """<p>You are signed in as {user}. <a href="{next}">Go on</a></p>
<form method="post" action="./signin"><button>Sign out</button></form>
"""
_LONGEST = 4096


def session(accounts: Accounts, cookie: str) -> User | None:
    """The user whose cookie this is; None when it is forged, too old, or its key is good no more."""
    digest, _, rest = cookie.partition(".")
    until, _, signature = rest.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(accounts, digest, until).encode()):
        return None
    return accounts.holder(digest) if time.time() < float(until) else None


def page(user: User | None, request: Request, wrong: str = "") -> Response:
    after = escape(_after(request))
    if user is not None:
        body = _LEAVE.format(user=escape(user.name), next=after)
    else:
        told = f'<p class="wrong">{escape(wrong)}</p>' if wrong else ""
        body = told + _FORM.format(next=quote(_after(request), safe=""))
    return HTMLResponse(
        _PAGE.format(style=_STYLE, body=body),
        403 if wrong else 200,
        headers={"content-security-policy": _POLICY.format(style=_base64_sha256(_STYLE)), "cache-control": "no-store"},
    )


async def post(accounts: Accounts, request: Request) -> Response:
    """Signs in with the form's key; without one, signs out."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _LONGEST:
            break
    key = parse_qs(bytes(content[:_LONGEST]).decode("latin-1")).get("key", [""])[0].strip()
    if not key:
        answer = RedirectResponse(f".{PATH}", 303)
        answer.delete_cookie(COOKIE)
        return answer
    digest = accounts.digest(key)
    if digest is None:
        return page(None, request, "This server does not know that key.")
    until = str(int(time.time()) + DAYS * 86400)
    answer = RedirectResponse(_after(request), 303)
    answer.set_cookie(
        COOKIE,
        f"{digest}.{until}.{_signature(accounts, digest, until)}",
        max_age=DAYS * 86400,
        httponly=True,
        samesite="lax",  # strict would ask everybody to sign in again who follows a link to a run
        secure=request.url.scheme == "https",
    )
    return answer


def _after(request: Request) -> str:
    """Where the visitor wanted to go: below this server's own address, whatever a proxy puts before its paths."""
    wanted = request.query_params.get("next", "")
    return "./" + wanted.lstrip("/\\") if wanted.isprintable() else "./"


def _signature(accounts: Accounts, digest: str, until: str) -> str:
    return hmac.new(accounts.secret, f"session {digest} {until}".encode(), hashlib.sha256).hexdigest()


def _base64_sha256(text: str) -> str:
    import base64

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
