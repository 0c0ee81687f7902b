"""The queue: what is to be cleaned, in which order, and how far it is.

One job is at work at a time; the others wait. The queue itself lies in a small file, written whole
at each change: a server that was killed picks it up. What was done to which recording it doesn't
say: the journal of the job's output folder does.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from dashcam_pipeline.errors import OutputError, UsageError
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

State: TypeAlias = Literal["waiting", "running", "done", "cancelled", "failed"]

ENDED: Final[frozenset[State]] = frozenset(("done", "cancelled", "failed"))

SCHEMA: Final = 1

REMEMBERED: Final = 50
"""Jobs that have ended and are still listed."""


@dataclass(slots=True, kw_only=True)
class Job:
    """Some recordings of a folder, to be cleaned into another one.

    Args:
        id: of it.
        folder: absolute; that ``paths`` are relative to.
        paths: of the recordings, with forward slashes.
        sizes: of the same, in bytes: a recording takes about as long as it is large.
        times: of the same, when each was changed last, in seconds since 1970.
        output: absolute; folder of the results.
        choices: what was chosen, as ``Choices`` takes it.
        state: where it stands.
        seconds: that it was at work, in all runs.
        error, advice: why it failed as a whole.
        counts: recordings by fate, of the last run; empty before it ended.
        failed: recordings that the last run failed with by their paths: why, and what to do. Of a
            result that stands in the way the journal says that it is whole, as it is.
        replaced: paths of recordings that were others, when their turn came, than were queued.
        ended: when, in seconds since 1970; 0 before.
    """

    id: str
    folder: str
    paths: list[str]
    sizes: list[int]
    output: str
    choices: dict[str, Any]
    state: State = "waiting"
    seconds: float = 0.0
    error: str = ""
    advice: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    ended: float = 0.0
    times: list[float] = field(default_factory=list)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Bytes of all its recordings."""
        return max(1, sum(self.sizes))

    @property
    def stamps(self) -> dict[str, tuple[int, float]]:
        """Size and time of each recording, by its path, as it was queued."""
        return dict(zip(self.paths, zip(self.sizes, self.times, strict=True), strict=True))


class Queue:
    """Jobs in order; each change is on the disk when it returns.

    Args:
        path: of the file.

    A file that can't be read, or isn't ours, is put aside, and named in ``fault``; so is one that
    can't be written, and the queue goes on in memory until it can.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.jobs: list[Job] = []
        self.paused = False
        self.pace: dict[str, float] = {}
        """Seconds a byte of recordings took here, by kind of work."""
        self.trials: dict[str, float] = {}
        """The same, as a short trial has it; for kinds that no run has been measured of yet."""
        self.fault = ""
        self._foreign = self._unwritten = False
        self._load()

    def save(self) -> None:
        """Write it; if it can't be, say so in ``fault``."""
        ended = [job for job in self.jobs if job.state in ENDED]
        for job in sorted(ended, key=lambda job: job.ended)[: max(0, len(ended) - REMEMBERED)]:
            self.jobs.remove(job)
        data = {
            "schema": SCHEMA,
            "paused": self.paused,
            "pace": self.pace,
            "trials": self.trials,
            "jobs": [asdict(job) for job in self.jobs],
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._foreign and self._path.exists():
                self._path.rename(
                    self._path.with_name(f"{self._path.stem}-{int(time.time())}.json")
                )
            self._foreign = False
            write_whole(self._path, json.dumps(data, indent=1), overwrite=True)
        except (OSError, OutputError) as error:
            self._unwritten = True
            self.fault = _(
                "The queue can't be written ({error}). It goes on, but is lost if the program "
                "ends: free some space.",
                error=error.args[0] if isinstance(error, OutputError) else error,
            )
        else:
            if self._unwritten:
                self._unwritten, self.fault = False, ""

    def find(self, identity: str) -> Job:
        """A job.

        Raises:
            UsageError: there is none of that name.
        """
        for job in self.jobs:
            if job.id == identity:
                return job
        raise UsageError(_("This job is no longer in the queue."))

    def next(self) -> Job | None:
        """The first one that waits."""
        return next((job for job in self.jobs if job.state == "waiting"), None)

    def move(self, job: Job, by: int) -> None:
        """Let a job that waits change its place with its neighbour among those that wait."""
        waiting = [one for one in self.jobs if one.state == "waiting"]
        if job not in waiting:
            return
        place = waiting.index(job) + by
        if 0 <= place < len(waiting):
            a, b = self.jobs.index(job), self.jobs.index(waiting[place])
            self.jobs[a], self.jobs[b] = self.jobs[b], self.jobs[a]

    def end(self, job: Job, state: State) -> None:
        """A job has come to an end."""
        job.state, job.ended = state, time.time()

    def learn(self, kind: str, seconds: float, nbytes: int) -> None:
        """Remember how long a recording took here; what was measured last counts half."""
        if seconds > 0 and nbytes > 0:
            now = seconds / nbytes
            self.pace[kind] = (self.pace.get(kind, now) + now) / 2

    def foretold(self, kind: str) -> float | None:
        """Seconds a byte that work of a kind takes here, as far as it was measured."""
        return self.pace.get(kind, self.trials.get(kind))

    def _load(self) -> None:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise ValueError(f"schema {data['schema']}")  # noqa: TRY301 - one way out
            jobs = [Job(**job) for job in data["jobs"]]
            self.paused, self.pace = bool(data["paused"]), dict(data["pace"])
            self.trials = dict(data.get("trials", {}))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._foreign = True
            self.fault = _(
                "The queue in {path} can't be read ({error}); a new one is begun.",
                path=self._path,
                error=error,
            )
            return
        for job in jobs:
            if job.state == "running":  # its server ended
                job.state = "waiting"
            job.times = job.times or [math.nan] * len(job.paths)  # of an older version
        self.jobs = jobs


def kind_of(choices: dict[str, Any]) -> str:
    """Work that takes about as long a byte."""
    return f"{choices.get('quality', 'balanced')} {'day' if choices.get('day') else 'night'}"


def in_order(jobs: Iterable[Job]) -> list[Job]:
    """As they are shown: at work, waiting, and then those that ended, the last one first."""
    rank = {"running": 0, "waiting": 1}
    return sorted(jobs, key=lambda job: (rank.get(job.state, 2), -job.ended))
