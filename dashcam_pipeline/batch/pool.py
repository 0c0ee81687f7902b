"""Workers on this machine: processes, so that a file that crashes its decoder takes one down only.

They are spawned, not forked: a fork of a process that has threads and native libraries may hang,
and would inherit the lock of the output folder.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.batch.job import Outcome
from dashcam_pipeline.batch.resources import resident_memory
from dashcam_pipeline.batch.runner import Finished, News, Progressed, Started
from dashcam_pipeline.batch.worker import PAUSE, RESUME, work
from dashcam_pipeline.engine.readable import duration, size
from dashcam_pipeline.media.interrupts import unborn_interrupts
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from dashcam_pipeline.batch.job import Job
    from dashcam_pipeline.batch.resources import Budget

JOBS_EACH: Final = 50
"""A worker is replaced after so many recordings, so that nothing native leaks for days."""

GRACE_SECONDS: Final = 2.0
"""How long workers may take to end when asked to."""

MEMORY_CHECK_SECONDS: Final = 1.0

STALL_SECONDS: Final = 1800.0
"""A worker that wrote no frame for so long hangs. Long enough to decode what earlier runs did of a
recording of hours, and to join it."""

LATE_SECONDS: Final = 60.0
"""After so long without a check we stood still ourselves (Ctrl-Z, a laptop that slept), and so did
the workers: they don't hang."""


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    job: Job | None = None
    jobs: int = 0
    frames: int = 0
    moved: float = 0.0
    killed_because: str = ""


class LocalRunner:
    """Processes of this machine.

    Args:
        budget: how many, and what each may use.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker | None] = [None] * budget.workers
        self._waiting: deque[Job] = deque()
        self._next_check, self._checked = 0.0, time.monotonic()
        self._paused = False

    @property
    def free(self) -> int:
        """How many more jobs it would begin at once."""
        idle = sum(1 for worker in self._workers if worker is None or worker.job is None)
        return idle - len(self._waiting)

    def submit(self, job: Job) -> None:
        """Begin a job when a worker is free."""
        self._waiting.append(job)

    def poll(self, timeout: float) -> list[News]:
        """What happened, waiting for the first of it."""
        events: list[News] = list(self._begin())
        self._check()
        waits: dict[Any, int] = {}
        for slot, worker in enumerate(self._workers):
            if worker is not None and worker.job is not None:
                waits[worker.pipe] = slot
                waits[worker.process.sentinel] = slot
        if not waits:
            time.sleep(0.0 if events else timeout)
            return events
        # Each slot once, however many of its signs are there.
        ready = {waits[sign] for sign in wait(list(waits), 0.0 if events else timeout)}
        for slot in sorted(ready):
            events += self._listen(slot)
        return events

    def pause(self) -> None:
        """Let workers stand still after the frame that each is at, and begin nothing."""
        self._paused = True
        self._tell(PAUSE)

    def resume(self) -> None:
        """Let them go on."""
        self._paused = False
        self._tell(RESUME)

    def _tell(self, word: str) -> None:
        for worker in self._workers:
            if worker is not None:
                with suppress(OSError):  # it died; its sentinel tells
                    worker.pipe.send(word)

    def close(self) -> None:
        """End all workers, also those at work."""
        workers = [worker for worker in self._workers if worker is not None]
        self._workers = [None] * len(self._workers)
        self._waiting.clear()
        for worker in workers:
            if worker.job is None:
                _tell_to_end(worker)
            else:
                worker.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()

    def _begin(self) -> list[News]:
        events: list[News] = []
        for slot in range(len(self._workers)):
            worker = self._workers[slot]
            if self._paused or not self._waiting or (worker is not None and worker.job is not None):
                continue
            if worker is None or not worker.process.is_alive():
                worker = self._workers[slot] = self._spawn()
            job = self._waiting.popleft()
            config = job.config | {
                "threads": self._budget.threads,
                "device": self._budget.device(slot),
            }
            worker.job, worker.frames, worker.moved = job, -1, time.monotonic()
            # Should it die just now, its sentinel tells, and the job counts as crashed.
            with suppress(OSError):
                worker.pipe.send(asdict(replace(job, config=config)))
            events.append(Started(job.path, slot))
        return events

    def _spawn(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs,), name="dashcam-worker")
        with unborn_interrupts():
            process.start()
        theirs.close()  # so that the pipe ends with the process
        return _Worker(process, ours)

    def _listen(self, slot: int) -> list[News]:
        worker = self._workers[slot]
        if worker is None or worker.job is None:
            return []
        path = worker.job.path
        events: list[News] = []
        try:
            while worker.pipe.poll():
                kind, *rest = worker.pipe.recv()
                if kind == "progress":
                    if rest[0] != worker.frames:
                        worker.frames, worker.moved = rest[0], time.monotonic()
                    events.append(Progressed(path, slot, *rest))
                    continue
                worker.job = None
                worker.jobs += 1
                if worker.jobs >= JOBS_EACH:
                    self._retire(slot)
                return [*events, Finished(path, slot, Outcome(**rest[0]))]
        except (EOFError, OSError):
            pass  # it died in the middle of a word
        else:
            if worker.process.is_alive():
                return events
        return [*events, self._bury(slot)]

    def _bury(self, slot: int) -> Finished:
        """A worker died with its job."""
        worker = self._workers[slot]
        if worker is None or worker.job is None:
            raise RuntimeError(f"worker {slot} had no job")
        self._workers[slot] = None
        worker.process.join()
        worker.pipe.close()
        cause = _cause(worker.process.exitcode)
        reason = worker.killed_because or _("the worker process died ({cause})", cause=cause)
        outcome = Outcome(status="failed", reason=reason, exit_code=1, retry=True)
        return Finished(worker.job.path, slot, outcome)

    def _retire(self, slot: int) -> None:
        worker = self._workers[slot]
        self._workers[slot] = None
        if worker is not None:
            _tell_to_end(worker)
            worker.process.join(GRACE_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()

    def _check(self) -> None:
        """Kill workers that hold too much memory, or hang."""
        now = time.monotonic()
        if now < self._next_check:
            return
        since, self._checked = now - self._checked, now
        self._next_check = now + MEMORY_CHECK_SECONDS
        stood = since if self._paused or since > LATE_SECONDS else 0.0
        limit = self._budget.memory
        for worker in self._workers:
            if worker is None or worker.job is None or worker.process.pid is None:
                continue
            worker.moved += stood
            held = resident_memory(worker.process.pid)
            if limit is not None and held is not None and held > limit:
                worker.killed_because = _(
                    "it needed more memory than its worker may have ({limit})", limit=size(limit)
                )
            elif now - worker.moved > STALL_SECONDS:
                worker.killed_because = _("it stood still for {time}", time=duration(STALL_SECONDS))
            if worker.killed_because:
                worker.process.kill()


def _tell_to_end(worker: _Worker) -> None:
    with suppress(OSError):  # gone already, which is what was wanted
        worker.pipe.send(None)


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            return signal.Signals(-exit_code).name
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit code {exit_code}"
