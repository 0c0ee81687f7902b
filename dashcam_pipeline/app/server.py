"""The server: everything that it is made of, put together; ``serve`` runs it."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dashcam_pipeline.app.core import App
from dashcam_pipeline.app.dropped import Inbox
from dashcam_pipeline.app.instance import Claim, Instance, inbox_folder, state_folder
from dashcam_pipeline.app.replies import failed
from dashcam_pipeline.app.roots import Roots
from dashcam_pipeline.app.routes import ROUTES
from dashcam_pipeline.app.security import Guard, new_token
from dashcam_pipeline.errors import DashcamError, OutputError, UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from starlette.types import ASGIApp

HOST: Final = "127.0.0.1"

PORT: Final = 8735
"""Taken if it is free, so that the browser knows its settings again; else the system gives one."""

_BACKLOG: Final = 64

_GRACE_SECONDS: Final = 1
"""How long open requests may take when the server ends."""


def make_asgi(app: App, *, token: str, port: int) -> ASGIApp:
    """The whole server as an ASGI application."""

    @asynccontextmanager
    async def lifespan(_starlette: Starlette) -> AsyncIterator[None]:
        app.start()
        try:
            yield
        finally:
            app.close()

    starlette = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={DashcamError: failed, ClientDisconnect: _gone},
    )
    starlette.state.app = app
    return Guard(starlette, token=token, port=port)


async def _gone(_request: Request, _error: Exception) -> Response:
    """The reply that nobody reads: a page was closed while it sent something."""
    return Response(status_code=400)


def serve(
    roots: Iterable[Path],
    *,
    port: int | None = None,
    ready: Callable[[str], None],
    found: Callable[[str, list[Path]], None],
    shown: Callable[[str], str] = str,
) -> None:
    """Serve until Ctrl-C; or, if a server runs already, say so at once.

    Args:
        roots: folders that may be looked at.
        port: to listen on; None takes the usual one if it is free, else any.
        ready: called with the address of the page, when it is there.
        found: called with the address of the page of a server that runs already, and those of the
            folders that it may not look at.
        shown: says a text in the user's language, for what the desktop is told.

    Raises:
        InputMissingError: a root isn't there.
        UsageError: the port is taken.
        OutputError: the state can't be kept.
        KeyboardInterrupt: Ctrl-C; everything has ended in an orderly way.
    """
    allowed = Roots.of(roots)
    try:
        claim = Claim(state_folder())
        mine = claim.take()
    except OSError as error:
        raise OutputError(
            _("{folder} can't be used: {error}.", folder=state_folder(), error=error),
            advice=_("Let XDG_STATE_HOME name a folder that can be written."),
        ) from error
    if not mine:
        other = claim.other()
        if other is None or not other.is_alive():
            raise UsageError(
                _("Another `dashcam app` runs, and doesn't answer."),
                advice=_("End it, or wait until it has started."),
            )
        theirs = Roots(tuple(map(Path, other.roots)))
        found(other.address, [folder for folder in allowed.folders if not theirs.holds(folder)])
        return
    left = claim.other()  # of a server that was killed: its page finds this one
    listening = _listen(port, left.port if left else PORT)
    try:
        token = left.token if left else new_token()
        port = listening.getsockname()[1]
        app = App(allowed, state_folder(), Inbox(inbox_folder()), shown_text=shown)
        instance = Instance(port, token, tuple(map(str, allowed.folders)))
        claim.publish(instance)

        def began() -> None:
            ready(instance.address)
            app.warm()  # while the browser starts

        server = _Server(
            uvicorn.Config(
                make_asgi(app, token=token, port=port),
                lifespan="on",
                log_level="warning",
                access_log=False,  # the token is in every address
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            ),
            began=began,
            ends=app.hub.close,
        )
        server.run(sockets=[listening])
    finally:
        listening.close()
        claim.release()


class _Server(uvicorn.Server):
    """A server that says when it listens, and ends its streams when it is told to end."""

    def __init__(
        self, config: uvicorn.Config, *, began: Callable[[], None], ends: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._began, self._ends = began, ends

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._began()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams first: they would be waited for."""
        self._ends()
        await super().shutdown(sockets=sockets)


def _listen(port: int | None, usual: int = PORT) -> socket.socket:
    """A socket on this machine alone: at the port asked for, or the usual one, or any."""
    for number in (usual, PORT, 0) if port is None else (port,):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: nobody else may listen there, too
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, number))
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            continue
        return listening
    raise UsageError(
        _("Port {port} is taken, or may not be used.", port=port),
        advice=_("Name another one, or none: a free one is then found."),
    )
