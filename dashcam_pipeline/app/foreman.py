"""Runs the queue: one job after the other."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from dashcam_pipeline.app.at_work import JobAtWork, on_record
from dashcam_pipeline.app.choices import Choices
from dashcam_pipeline.app.queue import ENDED, Job, Queue, kind_of
from dashcam_pipeline.app.running import Running
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Callable
    from pathlib import Path

    from dashcam_pipeline.app.at_work import ClipAtWork


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
        self.live: JobAtWork | None = None
        """What is at work."""
        self._closing = False

    def start(self) -> None:
        """Begin with what waits."""
        self._loop = asyncio.get_running_loop()
        self._begin_next()

    def close(self) -> None:
        """End what is at work; the next server goes on with it."""
        self._closing = True
        if self.live is not None:
            self.live.running.close()

    def add(self, folder: Path, paths: list[str], output: Path, choices: Choices) -> Job:
        """Queue some recordings of a folder.

        Raises:
            OSError: one of them went away just now.
        """
        found = [(folder / path).stat() for path in paths]
        job = Job(
            id=secrets.token_hex(6),
            folder=str(folder),
            paths=paths,
            sizes=[status.st_size for status in found],
            times=[status.st_mtime for status in found],
            output=str(output),
            choices=choices.model_dump(mode="json"),
        )
        self.queue.jobs.append(job)
        self._settle()
        return job

    def pause(self) -> None:
        """Let everything stand still."""
        self.queue.paused = True
        if self.live is not None:
            self.live.running.say("pause")
            self.live.pause()
        self._settle()

    def resume(self) -> None:
        """Go on."""
        self.queue.paused = False
        if self.live is not None:
            self.live.running.say("resume")
            self.live.resume()
        self._settle()

    def cancel(self, job: Job) -> None:
        """End a job before its time; what is whole of it stays, and it can be gone on with."""
        if self.live is not None and self.live.job is job:
            self.live.cancelled = True
            self.live.running.say("cancel")
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

    def clips(self, job: Job) -> OrderedDict[str, ClipAtWork]:
        """The recordings of a job by their paths, as far as they are.

        Raises:
            OutputError: it isn't at work, and the journal can't be read.
        """
        if self.live is not None and self.live.job is job:
            return self.live.clips
        return on_record(job)

    def _settle(self) -> None:
        """After a change: write it down, begin what can be begun, and say so."""
        self.queue.save()
        self._begin_next()
        self._changed()

    def _begin_next(self) -> None:
        job = self.queue.next()
        if self.live is not None or self.queue.paused or self._closing or job is None:
            return
        choices = Choices(**job.choices)
        work = {
            "folder": job.folder,
            "stamps": job.stamps,
            "output": job.output,
            "settings": choices.settings(),
        }
        job.state, job.error, job.advice = "running", "", ""
        job.failed, job.replaced = {}, []
        self.queue.save()

        def tell(word: tuple[Any, ...]) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._hear, job, word)

        self.live = JobAtWork.of(job, Running(work, tell))
        self._changed()

    def _hear(self, job: Job, word: tuple[Any, ...]) -> None:
        live = self.live
        if live is None or live.job is not job:
            return
        if word[0] in {"event", "replaced"}:
            self._heed(live, word[0], word[1])
            self._changed()
            return
        self.live = None
        if self._closing:
            return
        job.seconds += live.elapsed
        job.counts, job.failed = live.counts, live.failed
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

    def _heed(self, live: JobAtWork, kind: str, what: Any) -> None:  # noqa: ANN401 - by its kind
        """Take in what the child says."""
        if kind == "replaced":
            live.job.replaced = what
            return
        took = live.heed(what)
        if took is not None:
            self.queue.learn(kind_of(live.job.choices), *took)
