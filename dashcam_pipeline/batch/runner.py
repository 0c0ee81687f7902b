"""Where jobs run: what a runner is, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from dashcam_pipeline.batch.job import Job, Outcome


@dataclass(frozen=True, slots=True)
class Started:
    """A job began.

    Args:
        path: the job's name.
        slot: which worker, from 0.
    """

    path: str
    slot: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a job is.

    Args:
        path: the job's name.
        slot: which worker.
        frames: written so far.
        expected: frames there will be, None where the source doesn't say.
    """

    path: str
    slot: int
    frames: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A job ended.

    Args:
        path: the job's name.
        slot: which worker.
        outcome: what became of it.
    """

    path: str
    slot: int
    outcome: Outcome


News: TypeAlias = Started | Progressed | Finished


class Runner(Protocol):
    """Runs jobs, several at a time."""

    @property
    def free(self) -> int:
        """How many more jobs it would begin at once."""

    def submit(self, job: Job) -> None:
        """Begin a job, at the latest when a slot is free."""

    def poll(self, timeout: float) -> list[News]:
        """What happened, waiting for the first of it.

        Args:
            timeout: seconds to wait at most.
        """

    def pause(self) -> None:
        """Let jobs stand still where they are, and begin none; harmless when repeated."""

    def resume(self) -> None:
        """Let them go on; harmless when repeated."""

    def close(self) -> None:
        """End everything, also what is running; whole segments stay. Harmless when repeated."""
