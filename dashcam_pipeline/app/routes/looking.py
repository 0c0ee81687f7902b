"""Folders, thumbnails, one moment before and after, and a clip of some seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from dashcam_pipeline.app.choices import Choices
from dashcam_pipeline.app.library import folder_view
from dashcam_pipeline.app.looking.client import Superseded
from dashcam_pipeline.app.pictures import key_of
from dashcam_pipeline.app.replies import Plain, language_of, lines, said
from dashcam_pipeline.app.routes.common import app_of, asked, mapping, number, text
from dashcam_pipeline.errors import DashcamError, InputMissingError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

_LONG: Final = {"Cache-Control": "private, max-age=86400, immutable"}
"""For pictures whose address says all that they depend on."""


async def folder(request: Request) -> Response:
    """A folder: ``id`` -> what lies in it, by names."""
    app = app_of(request)
    path = app.roots.of_id(request.query_params.get("id", ""))
    return Plain(folder_view(app.roots, path))


async def groups(request: Request) -> Response:
    """The recordings of a folder: ``id`` -> drives and cameras; the newest ask of a tab wins."""
    app, language = app_of(request), language_of(request)
    path = app.roots.of_id(request.query_params.get("id", ""))
    tab = request.query_params.get("tab", "")
    try:
        found = await app.looker.answer("groups", {"path": str(path)}, of=f"groups {tab}")
    except Superseded:
        return Plain({"superseded": True})
    roots = app.roots
    for one in found["damaged"]:
        for key in ("reason", "advice"):
            one[key] = roots.short(said(one[key], language))
    found["notes"] = [roots.short(said(note, language)) for note in found["notes"]]
    return Plain(found)


async def facts(request: Request) -> Response:
    """A recording: ``id`` -> duration, size, rate."""
    app = app_of(request)
    path = app.roots.of_id(request.query_params.get("id", ""))
    found = await app.looker.answer("facts", {"path": str(path)})
    app.warm(path)
    return Plain({**found, "name": path.name})


async def thumbnail(request: Request) -> Response:
    """A small picture of a recording: ``id`` -> JPEG."""
    app = app_of(request)
    path = app.roots.of_id(request.query_params.get("id", ""))
    key = key_of("thumbnail", _version(path))
    jpeg = app.thumbnails.get(key)
    if jpeg is None:
        try:
            jpeg = (await app.looker.answer("thumbnail", {"path": str(path)}))["jpeg"]
        except DashcamError:
            return Response("No picture of it can be read.", 404)
        app.thumbnails.put(key, jpeg)
    return Response(
        jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"}
    )


async def see(request: Request) -> Response:
    """A moment: ``id``, ``seconds``, ``width``, ``choices``, ``tab`` -> before, then after."""
    app, language = app_of(request), language_of(request)
    data = await asked(request)
    path = app.roots.of_id(text(data, "id"))
    choices = Choices.of(mapping(data, "choices"))
    given = {
        "path": str(path),
        "seconds": number(data, "seconds"),
        "width": int(number(data, "width")),
        "settings": choices.picture(),
    }
    tab = text(data, "tab")
    key = key_of(given, _version(path))
    app.make_way()

    async def parts() -> AsyncIterator[dict[str, Any]]:
        side = "before"
        try:
            async for part in app.renderer.ask("see", given, of=f"see {tab}"):
                name = f"{key}-{side}"
                app.pictures.put(name, part.pop("jpeg"))
                if part.get("glass"):
                    part["glass"] = said(part["glass"], language)
                yield {side: f"api/picture/{name}", **part}
                side = "after"
        except Superseded:
            yield {"superseded": True}

    return lines(parts(), language, app.roots)


async def pace(request: Request) -> Response:
    """How long a recording takes: ``id``, ``choices`` -> ``pace``, seconds a byte, if it is known.

    Where no run here has told it yet, a second of the recording is tried.
    """
    app, data = app_of(request), await asked(request)
    path = app.roots.of_id(text(data, "id"))
    return Plain({"pace": await app.pace(path, Choices.of(mapping(data, "choices")))})


async def warm(request: Request) -> Response:
    """Somebody is about to look at a recording: ``id``."""
    app, data = app_of(request), await asked(request)
    app.warm(app.roots.of_id(text(data, "id")))
    return Plain({})


async def picture(request: Request) -> Response:
    """A picture that was rendered."""
    jpeg = app_of(request).pictures.get(request.path_params["key"])
    if jpeg is None:
        return Response("It is no longer here.", 404)
    return Response(jpeg, media_type="image/jpeg", headers=_LONG)


async def clip(request: Request) -> Response:
    """Some seconds: as ``see`` -> lines: how far it is, then where both videos are."""
    app, language = app_of(request), language_of(request)
    data = await asked(request)
    path = app.roots.of_id(text(data, "id"))
    choices = Choices.of(mapping(data, "choices"))
    given: dict[str, Any] = {
        "path": str(path),
        "seconds": number(data, "seconds"),
        "settings": choices.picture(),
    }
    tab = text(data, "tab")
    key = key_of("clip", given, _version(path))
    app.make_way()

    async def parts() -> AsyncIterator[dict[str, Any]]:
        made = app.clips.get(key)
        if made is None:
            given["folder"] = str(app.clips.folder(key))
            try:
                async for part in app.renderer.ask("clip", given, of=f"see {tab}"):
                    made = part
                    if "done" in part:
                        yield part
            except Superseded:
                yield {"superseded": True}
                return
            app.clips.put(key, made or {})
        names = {side: f"api/clip/{key}/{side}.mp4" for side in ("before", "after")}
        yield {**(made or {}), **names}

    return lines(parts(), language, app.roots)


async def clip_file(request: Request) -> Response:
    """One of a clip's two videos."""
    key, name = request.path_params["key"], request.path_params["name"]
    path = app_of(request).clips.file(key, name)
    if path is None:
        return Response("It is no longer here.", 404)
    return FileResponse(path, media_type="video/mp4", headers=_LONG)


def _version(path: Path) -> tuple[str, int, int]:
    """What a file is known by.

    Raises:
        InputMissingError: it is gone.
    """
    try:
        status = path.stat()
    except OSError:
        raise InputMissingError(_("{name} is gone.", name=path.name)) from None
    return str(path).encode("utf-8", "surrogateescape").hex(), status.st_size, status.st_mtime_ns


ROUTES: Final = [
    Route("/api/folder", folder),
    Route("/api/groups", groups),
    Route("/api/facts", facts),
    Route("/api/thumbnail", thumbnail),
    Route("/api/see", see, methods=["POST"]),
    Route("/api/pace", pace, methods=["POST"]),
    Route("/api/warm", warm, methods=["POST"]),
    Route("/api/picture/{key}", picture),
    Route("/api/clip", clip, methods=["POST"]),
    Route("/api/clip/{key}/{name}", clip_file),
]
