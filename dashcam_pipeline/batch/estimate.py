"""How long a batch will take, from two seconds of one of its recordings."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.batch.job import Job
from dashcam_pipeline.batch.pool import LocalRunner
from dashcam_pipeline.batch.resources import plan_budget
from dashcam_pipeline.batch.runner import Finished
from dashcam_pipeline.errors import DamagedError, DashcamError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.batch.job import Outcome
    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.runner import Runner
    from dashcam_pipeline.batch.session import BatchOptions, Plan
    from dashcam_pipeline.config import CleanConfig

TRIAL_SECONDS: Final = 2.0

_TRIES: Final = 5
"""Recordings tried until one can be read."""

_ITS_OWN: Final = frozenset(k.exit_code for k in (DashcamError, InputError, DamagedError))
"""Exit codes of what is wrong with a recording, a crash of its process among them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a batch will cost.

    Args:
        trial: path of the recording that was tried.
        fps: frames a second of one worker.
        seconds: wall time for all of it.
        nbytes: of all results.
        free: bytes where they go.
        workers: at a time.
    """

    trial: str
    fps: float
    seconds: float
    nbytes: int
    free: int
    workers: int

    @property
    def fits(self) -> bool:
        """Whether there is room; a recording's segments lie beside its result for a moment."""
        return self.nbytes < self.free


def estimate(
    plan: Plan, output: Path, *, config: CleanConfig, options: BatchOptions
) -> Estimate | None:
    """Try two seconds of a recording of middle size, and take the rest to be like it by the byte.

    Args:
        plan: of the batch.
        output: where results will go; nothing is written there.
        config: how to clean.
        options: workers.

    Returns:
        None if there is nothing to do, or nothing that can be read.

    Raises:
        DashcamError: the trial failed for another reason than its recording, as the batch would.
    """
    todo = sorted((s for s in plan.steps if s.is_work), key=lambda s: s.clip.size)
    middle = len(todo) // 2
    budget = plan_budget(
        config.device, workers=options.workers, threads=config.threads, jobs=len(todo)
    )
    tried = [*todo[middle:], *reversed(todo[:middle])][:_TRIES]
    # In a process of its own: a file may crash its decoder, and its name says nothing about that.
    runner = LocalRunner(replace(budget, workers=1))
    try:
        for step in tried:
            trial = _try(step, plan, config, runner)
            if trial is not None:
                break
        else:
            return None
    finally:
        runner.close()
    scale = _share(trial, config) * sum(s.clip.size for s in todo) / max(1, step.clip.size)
    place = next(p for p in (output.absolute(), *output.absolute().parents) if p.exists())
    return Estimate(
        trial=step.clip.path,
        fps=trial.frames / trial.seconds if trial.seconds > 0 else 0.0,
        seconds=trial.seconds * scale / budget.workers,
        nbytes=min(round(trial.nbytes * scale), _most(todo, config)),
        free=disk_usage(place).free,
        workers=budget.workers,
    )


def _most(todo: Sequence[Step], config: CleanConfig) -> int:
    """Bytes that all results may have."""
    if config.max_size is None:
        return sys.maxsize
    return sum(config.max_size.allowed(of=step.clip.size) for step in todo)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a trial took and made; the recording's whole length in seconds, if it is known."""

    frames: int
    seconds: float
    nbytes: int
    duration: float | None


def _try(step: Step, plan: Plan, config: CleanConfig, runner: Runner) -> _Trial | None:
    """Clean the beginning of a recording; None if it is the recording that fails.

    Raises:
        DashcamError: another reason than the recording.
    """
    start = config.start or 0.0
    end = min(start + TRIAL_SECONDS, config.end or start + TRIAL_SECONDS)
    with tempfile.TemporaryDirectory(prefix="dashcam-trial-") as folder:
        runner.submit(
            Job(
                path=step.clip.path,
                source=str((plan.tree.root / step.clip.path).absolute()),
                folder=folder,
                work=str(Path(folder) / "work"),
                config=config.model_copy(update={"end": end}).model_dump(mode="json"),
                recipe="trial",
                segment_seconds=2 * TRIAL_SECONDS,
                results=plan.chosen.results,
            )
        )
        outcome = _outcome(runner)
    report = outcome.report
    if report is not None:
        return _Trial(
            report["frames"]["written"],
            report["timings"]["total"],
            report["output"]["size_bytes"],
            report["input"]["duration_s"],
        )
    if outcome.status != "failed" or outcome.exit_code in _ITS_OWN:
        return None  # it will be left out, or fail by itself, when its turn comes
    kinds = (kind for kind in DashcamError.__subclasses__() if kind.exit_code == outcome.exit_code)
    raise next(kinds, DashcamError)(outcome.reason)


def _outcome(runner: Runner) -> Outcome:
    while True:
        for event in runner.poll(1.0):
            if isinstance(event, Finished):
                return event.outcome


def _share(trial: _Trial, config: CleanConfig) -> float:
    """How much longer than the trial what is to be cleaned of its recording is."""
    start = config.start or 0.0
    duration = trial.duration or TRIAL_SECONDS
    whole = min(duration, config.end or duration) - start
    return max(1.0, whole / TRIAL_SECONDS)
