"""What can be done with a result: its report, whether it is still what was written, its folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.routing import Route

from dashcam_pipeline.app import desktop
from dashcam_pipeline.app.replies import Plain, language_of, said
from dashcam_pipeline.app.routes.common import app_of, asked, text
from dashcam_pipeline.batch.journal import work_folder
from dashcam_pipeline.inference.digest import short_name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def report(request: Request) -> Response:
    """The report page of a result: ``job``, ``result`` -> its address, when it is written."""
    app, language, data = app_of(request), language_of(request), await asked(request)
    job = app.foreman.queue.find(text(data, "job"))
    result = app.roots.of_id(text(data, "result"))
    original = app.original(job, result)
    output = Path(job.output)
    folder = app.roots.new(work_folder(output) / "pages" / short_name(os.fsencode(result)))
    given = {
        "path": str(result),
        "original": None if original is None else str(original),
        "page": str(folder / "report.html"),
        "language": language,
    }
    made = await app.checker.answer("report", given)
    address = "files" + quote(os.fsencode(made["page"]))
    return Plain({"address": address})


async def verify(request: Request) -> Response:
    """Whether a result is still what was written: ``job``, ``result`` -> ``passed``, rows."""
    app, language, data = app_of(request), language_of(request), await asked(request)
    job = app.foreman.queue.find(text(data, "job"))
    result = app.roots.of_id(text(data, "result"))
    original = app.original(job, result)
    given = {"path": str(result), "original": None if original is None else str(original)}
    found = await app.checker.answer("verify", given)
    for row in found["rows"]:
        row["said"] = said(row["said"], language)
    return Plain(found)


async def open_folder(request: Request) -> Response:
    """Show the folder of a job's results on the desktop: ``job``."""
    app, data = app_of(request), await asked(request)
    job = app.foreman.queue.find(text(data, "job"))
    desktop.open_folder(app.roots.resolve(Path(job.output)))
    return Plain({})


ROUTES: Final = [
    Route("/api/report", report, methods=["POST"]),
    Route("/api/verify", verify, methods=["POST"]),
    Route("/api/open", open_folder, methods=["POST"]),
]
