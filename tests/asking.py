"""What the tests of the app ask the server for, and wait for."""

from __future__ import annotations

import time

PORT = 8735
TOKEN = "let-me-in"  # noqa: S105 - of a test
PATIENCE = 600.0
"""Seconds until what must come true is taken never to; a busy machine is slow."""


def wait_for(condition):
    """What a condition gives, as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.05)
    return found


def queue(server, names=("night.mp4",), **choices):
    """Queue recordings of the root; the job's id."""
    from dashcam_pipeline.app.roots import id_of  # noqa: PLC0415 - needs the extra app

    reply = server.client.post(
        "api/jobs",
        json={
            "folder": id_of(server.root),
            "clips": [id_of(server.root / name) for name in names],
            "choices": {"quality": "fast", **choices},
        },
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["id"]


def job(server, identity):
    """A job as the page is told of it."""
    from dashcam_pipeline.app.overview import overview  # noqa: PLC0415 - needs the extra app

    jobs = overview(server.app.foreman, "en")["jobs"]
    return next((one for one in jobs if one["id"] == identity), None)
