"""The queue, and what happens in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dashcam_pipeline.app import overview
from dashcam_pipeline.app.choices import Choices
from dashcam_pipeline.app.library import default_output, relative, still_there
from dashcam_pipeline.app.replies import Plain, language_of
from dashcam_pipeline.app.roots import id_of
from dashcam_pipeline.app.routes.common import app_of, asked, malformed, mapping, text, texts
from dashcam_pipeline.errors import InputMissingError
from dashcam_pipeline.translation import _, _n, system_reason

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashcam_pipeline.app.foreman import Foreman
    from dashcam_pipeline.app.queue import Job


async def output(request: Request) -> Response:
    """Where results of a folder would go: ``id`` -> ``output``."""
    app = app_of(request)
    folder = app.roots.of_id(request.query_params.get("id", ""))
    target = default_output(app.writable, folder)
    return Plain({"output": app.shown(target)})


async def add(request: Request) -> Response:
    """Queue recordings: ``folder``, ``clips``, ``choices``, maybe ``output`` (a folder's id).

    Those that went away since they were chosen are left out, and named: ``id``, ``gone``.
    """
    app, data = app_of(request), await asked(request)
    folder = app.roots.of_id(text(data, "folder"))
    there, gone = still_there(app.roots, folder, texts(data, "clips"))
    if gone and not there:
        raise InputMissingError(
            _n("The recording is gone.", "All {n} recordings are gone.", len(gone)),
            advice=_("Look at the folder again, and choose anew."),
        )
    paths = relative(folder, there)
    choices = Choices.of(mapping(data, "choices"))
    if data.get("output"):
        target = app.roots.of_id(text(data, "output"))
    else:
        target = default_output(app.writable, folder)
    try:
        job = app.foreman.add(folder, paths, target, choices)
    except OSError as error:
        raise InputMissingError(
            _("A recording can't be read: {reason}.", reason=system_reason(error)),
            advice=_("Look at the folder again, and choose anew."),
        ) from error
    return Plain({"id": job.id, "gone": gone})


async def act(request: Request) -> Response:
    """Do something with a job: cancel, again, earlier, later, remove."""
    app = app_of(request)
    job = app.foreman.queue.find(request.path_params["id"])
    _act(app.foreman, job, request.path_params["action"])
    return Plain({})


def _act(foreman: Foreman, job: Job, action: str) -> None:
    if action == "cancel":
        foreman.cancel(job)
    elif action == "again":
        foreman.again(job)
    elif action == "remove":
        foreman.remove(job)
    elif action in {"earlier", "later"}:
        foreman.move(job, -1 if action == "earlier" else 1)
    else:
        raise malformed()


async def hold(request: Request) -> Response:
    """Let everything stand still, or go on."""
    foreman, what = app_of(request).foreman, request.path_params["what"]
    if what == "pause":
        foreman.pause()
    elif what == "resume":
        foreman.resume()
    else:
        raise malformed()
    return Plain({})


async def clips(request: Request) -> Response:
    """The recordings of a job, as the journal has them."""
    app = app_of(request)
    job = app.foreman.queue.find(request.path_params["id"])
    folder, results = Path(job.folder), Path(job.output)
    rows = overview.clips(app.foreman, job, language_of(request))
    for row in rows:
        path = row.pop("path")
        row["name"], row["id"] = path, id_of(folder / path)
        row["result"] = id_of(results / row.pop("output")) if row["output"] else None
    return Plain({"clips": rows})


async def events(request: Request) -> Response:
    """What happens, as it does."""
    app, language = app_of(request), language_of(request)
    stream = app.hub.stream(lambda: overview.overview(app.foreman, language))
    return StreamingResponse(stream, media_type="text/event-stream")


ROUTES: Final = [
    Route("/api/output", output),
    Route("/api/events", events),
    Route("/api/jobs", add, methods=["POST"]),
    Route("/api/queue/{what}", hold, methods=["POST"]),
    Route("/api/jobs/{id}", clips),
    Route("/api/jobs/{id}/{action}", act, methods=["POST"]),
]
