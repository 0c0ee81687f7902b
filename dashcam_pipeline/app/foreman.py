"""Runs the queue: one job after the other, and says how far all of it is."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.choices import Choices
from dashcam_pipeline.app.queue import ENDED, Job, Queue, in_order, kind_of
from dashcam_pipeline.app.replies import said
from dashcam_pipeline.app.running import Running
from dashcam_pipeline.batch.events import (
    BatchFinished,
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipStarted,
)
from dashcam_pipeline.batch.journal import WHOLE, Journal, journal_path
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.batch.events import Event

_SURE: Final = 0.02
"""Share of a job from which on its own pace is believed."""


@dataclass(slots=True)
class _Clip:
    """A recording of the job at work."""

    status: str = "waiting"
    reason: str = ""
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
        elif isinstance(event, ClipFailed | ClipLeft):
            self.status = "failed" if isinstance(event, ClipFailed) else "waiting"
            self.reason = event.reason
        return before

    @property
    def share(self) -> float:
        """That is done of it."""
        if self.status != "running":
            return float(self.status in {"done", "damaged", "skipped", "bright", "failed"})
        return min(1.0, self.frames / self.expected) if self.expected else 0.0


@dataclass(slots=True)
class _Live:
    """What is known of the job at work, beside the journal."""

    job: Job
    running: Running
    clips: OrderedDict[str, _Clip]
    sizes: dict[str, int]
    begin: float = field(default_factory=time.monotonic)
    share_at_begin: float = 0.0
    paused_at: float | None = None
    cancelled: bool = False
    started: bool = False

    @property
    def share(self) -> float:
        """Of the job that is done."""
        done = sum(self.sizes[path] * clip.share for path, clip in self.clips.items())
        return done / self.job.total

    @property
    def elapsed(self) -> float:
        """Seconds at work in this run."""
        return (self.paused_at or time.monotonic()) - self.begin


class Foreman:
    """Runs a queue, in one event loop.

    Args:
        queue: of jobs.
        changed: called whenever there is something new to say; cheap.
        ended: called with a job that has come to its end by itself.
    """

    def __init__(
        self, queue: Queue, *, changed: Callable[[], None], ended: Callable[[Job], None]
    ) -> None:
        self.queue = queue
        self._changed, self._ended = changed, ended
        self._live: _Live | None = None
        self._closing = False

    def start(self) -> None:
        """Begin with what waits."""
        self._loop = asyncio.get_running_loop()
        self._begin_next()

    def close(self) -> None:
        """End what is at work; the next server goes on with it."""
        self._closing = True
        if self._live is not None:
            self._live.running.close()

    def add(self, folder: Path, paths: list[str], output: Path, choices: Choices) -> Job:
        """Queue some recordings of a folder.

        Raises:
            OutputError: the queue can't be written.
        """
        job = Job(
            id=secrets.token_hex(6),
            folder=str(folder),
            paths=paths,
            sizes=[(folder / path).stat().st_size for path in paths],
            output=str(output),
            choices=choices.model_dump(mode="json"),
        )
        self.queue.jobs.append(job)
        self._settle()
        return job

    def pause(self) -> None:
        """Let everything stand still."""
        self.queue.paused = True
        if self._live is not None:
            self._live.running.say("pause")
            self._live.paused_at = time.monotonic()
        self._settle()

    def resume(self) -> None:
        """Go on."""
        self.queue.paused = False
        live = self._live
        if live is not None:
            live.running.say("resume")
            if live.paused_at is not None:
                live.begin += time.monotonic() - live.paused_at
                live.paused_at = None
        self._settle()

    def cancel(self, job: Job) -> None:
        """End a job before its time; what is whole of it stays, and it can be gone on with."""
        if self._live is not None and self._live.job is job:
            self._live.cancelled = True
            self._live.running.say("cancel")
        elif job.state not in ENDED:
            self.queue.end(job, "cancelled")
        self._settle()

    def again(self, job: Job) -> None:
        """Go on with a job that has ended: what is done of it is not done again."""
        if job.state in ENDED:
            job.state, job.error, job.advice, job.counts = "waiting", "", "", {}
            self.queue.jobs.remove(job)
            self.queue.jobs.append(job)
        self._settle()

    def move(self, job: Job, by: int) -> None:
        """Earlier (-1) or later (1) than its neighbour."""
        self.queue.move(job, by)
        self._settle()

    def remove(self, job: Job) -> None:
        """Take a job that isn't at work from the list; files stay as they are.

        Raises:
            UsageError: it is at work.
        """
        if job.state == "running":
            raise UsageError(_("This job is at work."), advice=_("Cancel it first."))
        self.queue.jobs.remove(job)
        self._settle()

    def overview(self, language: str) -> dict[str, Any]:
        """All jobs as the page shows them; JSON-able."""
        jobs = [self._summary(job, language) for job in in_order(self.queue.jobs)]
        left = [job for job in jobs if job["state"] in {"running", "waiting"}]
        unknown = any(job["left"] is None for job in left)
        total = sum(job["bytes"] for job in left)
        return {
            "paused": self.queue.paused,
            "jobs": jobs,
            "all": {
                "share": sum(job["bytes"] * job["share"] for job in left) / total if total else 0,
                "left": None if unknown or not left else sum(job["left"] for job in left),
                "jobs": len(left),
            },
            "fault": said(self.queue.fault, language),
        }

    def clips(self, job: Job, language: str) -> list[dict[str, Any]]:
        """The recordings of a job, as far as they are; by the journal, where none is at work.

        Raises:
            OutputError: the journal can't be read.
        """
        clips = self._clips_of(job)
        return [
            {
                "path": path,
                "status": clip.status,
                "reason": said(clip.reason, language),
                "output": clip.output,
                "share": clip.share,
            }
            for path, clip in clips.items()
        ]

    def outputs(self, job: Job) -> dict[str, str]:
        """Results of a job, relative to its output folder, by the recordings' paths."""
        return {path: clip.output for path, clip in self._clips_of(job).items() if clip.output}

    def _clips_of(self, job: Job) -> OrderedDict[str, _Clip]:
        if self._live is not None and self._live.job is job:
            return self._live.clips
        begin = _Clip("gone" if job.state == "done" else "waiting")
        clips = OrderedDict((path, replace(begin)) for path in job.paths)
        journal = journal_path(Path(job.output))
        if not journal.exists():
            return clips
        with Journal(journal, writable=False) as entries:
            for path, clip in clips.items():
                entry = entries.get(path)
                if entry is None:
                    continue
                if entry.status in WHOLE and not entry.output_is_whole(Path(job.output)):
                    continue
                unfinished = entry.status == "started"
                clip.status = "waiting" if unfinished else entry.status
                clip.reason, clip.output = entry.reason, entry.output
        return clips

    def _summary(self, job: Job, language: str) -> dict[str, Any]:
        live = self._live if self._live is not None and self._live.job is job else None
        running = (
            [] if live is None else [(p, c) for p, c in live.clips.items() if c.status == "running"]
        )
        share = live.share if live is not None else float(job.state == "done")
        return {
            "id": job.id,
            "state": job.state,
            "folder": Path(job.folder).name or job.folder,
            "clips": len(job.paths),
            "first": Path(job.paths[0]).name,
            "bytes": job.total,
            "output": Path(job.output).name,
            "choices": job.choices,
            "share": share,
            "left": self._left(job, live),
            "done": 0 if live is None else sum(c.share == 1 for c in live.clips.values()),
            "running": [
                {
                    "path": path,
                    "share": clip.share,
                    "frames": clip.frames,
                    "expected": clip.expected,
                }
                for path, clip in running
            ],
            "counts": job.counts,
            "error": said(job.error, language),
            "advice": said(job.advice, language),
            "stopping": live is not None and live.cancelled,
        }

    def _left(self, job: Job, live: _Live | None) -> float | None:
        """Seconds that a job still takes, if that can be told."""
        if job.state in ENDED:
            return 0.0
        if live is not None:
            made = live.share - live.share_at_begin
            if made > _SURE:
                return live.elapsed / made * (1 - live.share)
        pace = self.queue.pace.get(kind_of(job.choices))
        share = live.share if live is not None else 0.0
        return None if pace is None else pace * job.total * (1 - share)

    def _settle(self) -> None:
        """After a change: write it down, begin what can be begun, and say so."""
        self.queue.save()
        self._begin_next()
        self._changed()

    def _begin_next(self) -> None:
        job = self.queue.next()
        if self._live is not None or self.queue.paused or self._closing or job is None:
            return
        choices = Choices(**job.choices)
        work = {
            "folder": job.folder,
            "paths": job.paths,
            "output": job.output,
            "settings": choices.settings(),
        }
        clips = OrderedDict((path, _Clip()) for path in job.paths)
        sizes = dict(zip(job.paths, job.sizes, strict=True))
        job.state, job.error, job.advice = "running", "", ""
        self.queue.save()

        def tell(word: tuple[Any, ...]) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._hear, job, word)

        self._live = _Live(job, Running(work, tell), clips, sizes)
        self._changed()

    def _hear(self, job: Job, word: tuple[Any, ...]) -> None:
        live = self._live
        if live is None or live.job is not job:
            return
        if word[0] == "event":
            self._heed(live, word[1])
            self._changed()
            return
        self._live = None
        if self._closing:
            return
        job.seconds += live.elapsed
        if word[0] == "failed":
            job.error, job.advice = word[1], word[2]
        elif word[0] == "died":
            job.error = _("The run ended unexpectedly.")
            job.advice = _("Go on with it; if it happens again, run `dashcam batch` on the folder.")
        if live.cancelled:
            self.queue.end(job, "cancelled")
        else:
            self.queue.end(job, "failed" if word[0] != "ended" or word[1] else "done")
            self._ended(job)
        self._settle()

    def _heed(self, live: _Live, event: Event) -> None:
        """Take in what the batch says."""
        if isinstance(event, BatchStarted):
            live.started, live.begin = True, time.monotonic()
        elif isinstance(event, BatchFinished):
            live.job.counts = {name: n for name, n in event.counts.items() if n}
        path = getattr(event, "path", None)
        clip = live.clips.get(path) if path is not None else None
        if clip is None or path is None:
            return
        part = live.sizes[path] / live.job.total
        if isinstance(event, ClipDone) and event.attempts and not clip.first:
            self.queue.learn(kind_of(live.job.choices), event.seconds, live.sizes[path])
        live.share_at_begin += part * clip.heed(event)
