"""Who is answered: this machine's own browser, at our own address, if it knows the token.

* The server listens on 127.0.0.1, but any page that the browser shows could ask it. ``Host`` must
  be our own address, else a name that somebody points at 127.0.0.1 (DNS rebinding) would make that
  page ours. ``Origin`` must be our own where there is one, and there must be one where something
  is changed (cross-site requests).
* Every address begins with a random token, so that other users of the machine know none.
* What we send may load from us alone, and run no script but the files that we send.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_BYTES: Final = 24

SAFE: Final = frozenset(("GET", "HEAD"))
"""Methods that change nothing."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Of our own pages: nothing from elsewhere, and nothing inline."""

REPORT_POLICY: Final = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src {origin} data: blob:; media-src {origin}; "
    "font-src {origin} data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of what lies below the roots: reports carry their script within. The sandbox gives them an origin
of their own: whatever runs there can ask us for nothing."""

HEADERS: Final = {
    "Referrer-Policy": "no-referrer",  # the token is in the address
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Frame-Options": "DENY",
}


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Guard:
    """Refuses what isn't meant for us, before anything looks at it.

    Args:
        app: what answers; it sees addresses without the token.
        token: that every address begins with.
        port: that we listen on.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        if port == 80:  # noqa: PLR2004 - browsers leave HTTP's own port out
            self._hosts |= {"127.0.0.1", "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, _with_headers(send, ""))
            return
        host = Headers(scope=scope)["host"]
        await self._app(self._without_token(scope), receive, _with_headers(send, host))

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        if scope["type"] != "http":
            return PlainTextResponse("No such thing here.", 404)
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._hosts or len(headers.getlist("host")) != 1:
            return PlainTextResponse("This is not the address of this server.", 421)
        if not _is_own(headers, changes=scope["method"] not in SAFE):
            return PlainTextResponse("Only this server's own page may ask.", 403)
        token = scope["path"].lstrip("/").partition("/")[0]
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return PlainTextResponse(
                "Open the address that `dashcam app` printed: it carries a secret.", 403
            )
        return None

    def _without_token(self, scope: Scope) -> Scope:
        prefix = f"/{self._token}"
        raw = scope.get("raw_path") or scope["path"].encode()
        return {
            **scope,
            "path": scope["path"].removeprefix(prefix) or "/",
            "raw_path": raw.removeprefix(prefix.encode()) or b"/",
        }


def _is_own(headers: Headers, *, changes: bool) -> bool:
    """Whether our own page asks, or nobody can tell and nothing is changed by it."""
    origin = headers.get("origin")
    if origin == "null" and not changes and headers.get("sec-fetch-dest") == "font":
        return True  # of a report in its sandbox; what isn't a font, it can't read
    if origin is None and changes:
        return False  # browsers name it wherever something is changed
    if origin is not None and origin != f"http://{headers['host']}":
        return False
    elsewhere = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return not elsewhere or _is_visit(headers)


def _is_visit(headers: Headers) -> bool:
    """Whether somebody opened the address, in a tab of its own: from a terminal, or a report."""
    return (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    ) or headers.get("sec-fetch-dest") in {"image", "video"}


def _with_headers(send: Send, host: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            message["headers"] = headers.raw
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Content-Security-Policy", POLICY)
            if "{origin}" in headers["Content-Security-Policy"]:
                policy = headers["Content-Security-Policy"].replace("{origin}", f"http://{host}")
                headers["Content-Security-Policy"] = policy
        await send(message)

    return sent
