"""The queue as the page shows it: how far all of it is, and how long it still takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.queue import ENDED, in_order, kind_of
from dashcam_pipeline.app.replies import said
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from dashcam_pipeline.app.at_work import JobAtWork
    from dashcam_pipeline.app.foreman import Foreman
    from dashcam_pipeline.app.queue import Job, Queue

SURE: Final = 0.02
"""Share of a job from which on its own pace is believed."""

REPLACED: Final = _(
    "It was replaced by another recording of that name while it waited, and that one was taken."
)


def overview(foreman: Foreman, language: str) -> dict[str, Any]:
    """All jobs; JSON-able."""
    queue, live = foreman.queue, foreman.live
    jobs = [
        _summary(job, live if live is not None and live.job is job else None, queue, language)
        for job in in_order(queue.jobs)
    ]
    left = [job for job in jobs if job["state"] in {"running", "waiting"}]
    unknown = any(job["left"] is None for job in left)
    total = sum(job["bytes"] for job in left)
    return {
        "paused": queue.paused,
        "jobs": jobs,
        "all": {
            "share": sum(job["bytes"] * job["share"] for job in left) / total if total else 0,
            "left": None if unknown or not left else sum(job["left"] for job in left),
            "jobs": len(left),
        },
        "fault": said(queue.fault, language),
    }


def clips(foreman: Foreman, job: Job, language: str) -> list[dict[str, Any]]:
    """The recordings of a job; JSON-able.

    Raises:
        OutputError: as ``Foreman.clips``.
    """
    return [
        {
            "path": path,
            "status": clip.status,
            "reason": _short(said(clip.reason, language), job),
            "advice": _short(said(clip.advice, language), job),
            "note": said(REPLACED, language) if path in job.replaced else "",
            "output": clip.output,
            "share": clip.share,
        }
        for path, clip in foreman.clips(job).items()
    ]


def _summary(job: Job, live: JobAtWork | None, queue: Queue, language: str) -> dict[str, Any]:
    at_work = {} if live is None else live.clips
    return {
        "id": job.id,
        "state": job.state,
        "folder": Path(job.folder).name or job.folder,
        "clips": len(job.paths),
        "first": Path(job.paths[0]).name,
        "bytes": job.total,
        "output": Path(job.output).name,
        "choices": job.choices,
        "share": live.share if live is not None else float(job.state == "done"),
        "left": _left(job, live, queue),
        "done": sum(clip.share == 1 for clip in at_work.values()),
        "running": [
            {
                "path": path,
                "share": clip.share,
                "frames": clip.frames,
                "expected": clip.expected,
            }
            for path, clip in at_work.items()
            if clip.status == "running"
        ],
        "counts": job.counts,
        "replaced": len(job.replaced),
        "error": _short(said(job.error, language), job),
        "advice": _short(said(job.advice, language), job),
        "stopping": live is not None and live.cancelled,
    }


def _short(text: str, job: Job) -> str:
    """A sentence in which files are named from the job's folders on: the page shows no others."""
    for folder in (job.folder, job.output):
        text = text.replace(f"{folder}{os.sep}", "").replace(folder, Path(folder).name or folder)
    return text


def _left(job: Job, live: JobAtWork | None, queue: Queue) -> float | None:
    """Seconds that a job still takes, if that can be told."""
    if job.state in ENDED:
        return 0.0
    share = 0.0
    if live is not None:
        share, made = live.share, live.share - live.share_at_begin
        if made > SURE:
            return live.elapsed / made * (1 - share)
    pace = queue.foretold(kind_of(job.choices))
    return None if pace is None else pace * job.total * (1 - share)
