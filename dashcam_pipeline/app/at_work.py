"""How far the recordings of a job are: by what its batch says, or by the journal of its results."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.app.running import MISSING
from dashcam_pipeline.batch.events import (
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipStarted,
)
from dashcam_pipeline.batch.journal import WHOLE, Journal, journal_path

if TYPE_CHECKING:
    from dashcam_pipeline.app.queue import Job
    from dashcam_pipeline.app.running import Running
    from dashcam_pipeline.batch.events import Event

_ENDED: Final = frozenset(("done", "damaged", "skipped", "bright", "failed"))
"""Fates of recordings that there is nothing left to do with."""


@dataclass(slots=True)
class ClipAtWork:
    """A recording of a job.

    Args:
        status: its fate; ``waiting``, ``running``, or ``gone`` where its result no longer is.
        reason, advice: why, and what to do about it.
        output: relative to the folder of the results; empty without one.
        frames, expected: written so far, and how many there will be.
        first: frames that were there when this run began with it.
    """

    status: str = "waiting"
    reason: str = ""
    advice: str = ""
    output: str = ""
    frames: int = 0
    expected: int | None = None
    first: int | None = None

    def heed(self, event: Event) -> float:
        """Take in what the batch says of it.

        Returns:
            the share of it that turns out to have been done by an earlier run.
        """
        before = 0.0
        if isinstance(event, ClipStarted):
            self.status, self.reason = "running", ""
        elif isinstance(event, ClipProgressed):
            self.status, self.frames, self.expected = "running", event.frames, event.expected
            before = self.share if self.first is None else 0.0
            self.first = event.frames if self.first is None else self.first
        elif isinstance(event, ClipDone):
            before = 0.0 if event.attempts else 1.0
            self.status, self.reason, self.output = event.status, event.reason, event.output
        elif isinstance(event, ClipFailed):
            self.status, self.reason, self.advice = "failed", event.reason, event.advice
        elif isinstance(event, ClipLeft):
            self.status, self.reason = "waiting", event.reason
        return before

    @property
    def share(self) -> float:
        """That is done of it."""
        if self.status != "running":
            return float(self.status in _ENDED)
        return min(1.0, self.frames / self.expected) if self.expected else 0.0


@dataclass(slots=True)
class JobAtWork:
    """What is known of the job at work, beside the journal."""

    job: Job
    running: Running
    clips: OrderedDict[str, ClipAtWork]
    sizes: dict[str, int]
    begin: float = field(default_factory=time.monotonic)
    workers: int = 1
    share_at_begin: float = 0.0
    paused_at: float | None = None
    cancelled: bool = False

    @classmethod
    def of(cls, job: Job, running: Running) -> JobAtWork:
        """A job that is begun."""
        clips = OrderedDict((path, ClipAtWork()) for path in job.paths)
        return cls(job, running, clips, dict(zip(job.paths, job.sizes, strict=True)))

    @property
    def share(self) -> float:
        """Of the job that is done."""
        done = sum(self.sizes[path] * clip.share for path, clip in self.clips.items())
        return done / self.job.total

    @property
    def elapsed(self) -> float:
        """Seconds at work in this run."""
        return (self.paused_at or time.monotonic()) - self.begin

    @property
    def counts(self) -> dict[str, int]:
        """Recordings by fate; those that were not reached are left out."""
        return dict(Counter(clip.status for clip in self.clips.values() if clip.share == 1))

    @property
    def failed(self) -> dict[str, tuple[str, str]]:
        """Recordings that failed, by their paths: why, and what to do about it."""
        return {
            path: (clip.reason, clip.advice)
            for path, clip in self.clips.items()
            if clip.status == "failed"
        }

    def pause(self) -> None:
        """Time stands still."""
        self.paused_at = self.paused_at or time.monotonic()

    def resume(self) -> None:
        """It goes on."""
        if self.paused_at is not None:
            self.begin += time.monotonic() - self.paused_at
            self.paused_at = None

    def heed(self, event: Event) -> tuple[float, int] | None:
        """Take in what the batch says.

        Returns:
            seconds of this machine that a recording took, and its bytes, where it was made from
            its first to its last frame in this run.
        """
        if isinstance(event, BatchStarted):
            self.begin, self.workers = time.monotonic(), event.workers
            if self.paused_at is not None:
                self.paused_at = self.begin
        path = getattr(event, "path", None)
        clip = self.clips.get(path) if path is not None else None
        if clip is None or path is None:
            return None
        self.share_at_begin += self.sizes[path] / self.job.total * clip.heed(event)
        if isinstance(event, ClipDone) and event.attempts and not clip.first:
            return event.seconds / self.workers, self.sizes[path]
        return None


def on_record(job: Job) -> OrderedDict[str, ClipAtWork]:
    """The recordings of a job that isn't at work, by the journal of its results.

    Raises:
        OutputError: the journal can't be read.
    """
    clips = OrderedDict((path, _unrecorded(job, path)) for path in job.paths)
    journal = journal_path(Path(job.output))
    if not journal.exists():
        return clips
    with Journal(journal, writable=False) as entries:
        for path, clip in clips.items():
            entry = entries.get(path)
            if entry is None or clip.status == "failed":
                continue
            if entry.status in WHOLE and not entry.output_is_whole(Path(job.output)):
                clips[path] = replace(clip, status="gone" if job.state == "done" else clip.status)
                continue
            clip.status = "waiting" if entry.status == "started" else entry.status
            clip.reason, clip.output = entry.reason, entry.output
    return clips


def _unrecorded(job: Job, path: str) -> ClipAtWork:
    """A recording, before the journal is asked."""
    if path in job.failed:
        return ClipAtWork("failed", *job.failed[path])
    if job.state != "done" and not (Path(job.folder) / path).exists():
        return ClipAtWork("failed", *MISSING)
    return ClipAtWork("gone" if job.state == "done" else "waiting")
