"""The page itself, its parts, and files below the roots that reports show."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from dashcam_pipeline._version import __version__
from dashcam_pipeline.app.dropped import Wanted, find
from dashcam_pipeline.app.replies import Plain
from dashcam_pipeline.app.roots import OutsideError, id_of
from dashcam_pipeline.app.routes.common import app_of, asked, malformed, number, text
from dashcam_pipeline.app.security import REPORT_POLICY
from dashcam_pipeline.media.containers import is_recording

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

OWN: Final = files("dashcam_pipeline.app") / "assets"
SHARED: Final = files("dashcam_pipeline.compare.page") / "assets"
"""Parts of the report page: one player, one set of colours."""

FONTS: Final = SHARED / "hangul"

KINDS: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

_MOST_DIGITS: Final = 18
"""Of a file's size."""

SHOWN: Final = frozenset((".html", ".jpg", ".png", ".svg", ".webm", ".woff2"))
"""Endings that a report may show, beside recordings."""


async def index(request: Request) -> Response:
    """The page."""
    app_of(request)
    return _asset(OWN / "index.html")


async def asset(request: Request) -> Response:
    """A part of the page."""
    name = request.path_params["name"]
    found = _parts().get(name)
    return Response("No such part.", 404) if found is None else _asset(found)


@cache
def _parts() -> dict[str, Traversable]:
    """All that pages are made of, by name; our own before what is shared."""
    files_ = [file for place in (FONTS, SHARED, OWN) for file in place.iterdir()]
    return {
        file.name: file
        for file in files_
        if Path(file.name).suffix in KINDS and file.name != "index.html"
    }


def _asset(file: Traversable) -> Response:
    kind = KINDS[Path(file.name).suffix]
    text_kind = kind if kind.startswith(("image", "font")) else f"{kind}; charset=utf-8"
    return Response(file.read_bytes(), headers={"Content-Type": text_kind})


async def texts(_request: Request) -> Response:
    """Every text of the page in both languages, by ``section.key``: the player's and our own."""
    return Plain({language: _texts(language) for language in ("en", "ko")})


def _texts(language: str) -> dict[str, str]:
    tables: dict[str, Any] = {}
    for place in (SHARED, OWN):
        loaded = tomllib.loads((place / "texts.toml").read_text(encoding="utf-8"))
        for section, entries in loaded.items():
            tables.setdefault(section, {}).update(entries)
    return {
        f"{section}.{key}": by_language[language]
        for section, entries in tables.items()
        for key, by_language in entries.items()
    }


async def alive(_request: Request) -> Response:
    """That this server is here: asked by a second start."""
    return Plain({"alive": True})


async def begin(request: Request) -> Response:
    """What the page needs to begin."""
    app = app_of(request)
    app.warm()
    roots: list[dict[str, Any]] = [
        {"id": id_of(root), "name": root.name or str(root)} for root in app.named.folders
    ]
    inbox = app.inbox.folder
    if inbox.is_dir() and any(inbox.iterdir()):
        roots.append({"id": id_of(inbox.resolve()), "name": "", "dropped": True})
    return Plain({"version": __version__, "roots": roots})


async def file(request: Request) -> Response:
    """A file below the roots, as reports link it: pages, pictures and videos, and no others."""
    raw = request.scope["raw_path"].split(b"?")[0].removeprefix(b"/files")
    named = unquote_to_bytes(raw)
    if b"\0" in named:
        raise OutsideError("", advice="")
    path = app_of(request).roots.resolve(Path(os.fsdecode(named)))
    if not path.is_file() or (path.suffix.lower() not in SHOWN and not is_recording(path)):
        return Response("No such file.", 404)
    headers = {
        "Content-Security-Policy": REPORT_POLICY,
        "Cross-Origin-Opener-Policy": "unsafe-none",  # a sandbox allows no other
    }
    if path.suffix.lower() == ".woff2":
        headers["Access-Control-Allow-Origin"] = "null"  # a sandbox asks for fonts so
    return FileResponse(path, headers=headers)


async def found(request: Request) -> Response:
    """Where a dropped file lies: ``name``, ``size``, ``print`` -> ``id``, null if nowhere."""
    app = app_of(request)
    data = await asked(request)
    wanted = Wanted(text(data, "name"), int(number(data, "size")), text(data, "print"))
    path = await run_in_threadpool(app.inbox.find, wanted)
    if path is None:
        path = await run_in_threadpool(find, app.named, wanted)
    if path is None:
        return Plain({"id": None})
    return Plain({"id": id_of(path), "folder": id_of(path.parent)})


async def dropped(request: Request) -> Response:
    """A file from elsewhere, for the inbox: ``name``, ``size``, ``print`` -> ``id``."""
    app, query = app_of(request), request.query_params
    size = query.get("size", "")
    if not size.isdecimal() or len(size) > _MOST_DIGITS:
        raise malformed()
    wanted = Wanted(query.get("name", ""), int(size), query.get("print", ""))
    path = app.inbox.find(wanted) or await app.inbox.take(wanted, request.stream())
    return Plain({"id": id_of(path), "folder": id_of(path.parent)})


ROUTES: Final = [
    Route("/", index),
    Route("/assets/texts.json", texts),
    Route("/assets/{name}", asset),
    Route("/api/alive", alive),
    Route("/api/begin", begin),
    Route("/api/found", found, methods=["POST"]),
    Route("/api/dropped", dropped, methods=["PUT"]),
    Route("/files/{path:path}", file),
]
