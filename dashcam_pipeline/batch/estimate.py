"""How long a batch will take, from two seconds of one of its recordings."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.batch.resources import plan_budget
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.containers import FALLBACK
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.pipeline import clean

if TYPE_CHECKING:
    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.session import BatchOptions, Plan
    from dashcam_pipeline.config import CleanConfig

TRIAL_SECONDS: Final = 2.0

_TRIES: Final = 5
"""Recordings tried until one can be read."""


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
    todo = sorted((s for s in plan.steps if s.action != "skip"), key=lambda s: s.clip.size)
    middle = len(todo) // 2
    for step in [*todo[middle:], *reversed(todo[:middle])][:_TRIES]:
        try:
            return _try(step, todo, plan, output, config=config, options=options)
        except InputError:
            continue  # it will fail by itself when its turn comes
    return None


def _try(
    step: Step,
    todo: list[Step],
    plan: Plan,
    output: Path,
    *,
    config: CleanConfig,
    options: BatchOptions,
) -> Estimate | None:
    source = plan.tree.root / step.clip.path
    info = probe(source)
    duration = info.duration_s or TRIAL_SECONDS
    start = config.start or 0.0
    end = min(start + TRIAL_SECONDS, config.end or start + TRIAL_SECONDS)
    budget = plan_budget(
        config.device, workers=options.workers, threads=config.threads, jobs=len(todo)
    )
    with tempfile.TemporaryDirectory(prefix="dashcam-trial-") as folder:
        report = clean(
            source,
            Path(folder) / f"trial{FALLBACK.written[0]}",
            config=config.model_copy(update={"end": end, "threads": budget.threads}),
        )
    tried = min(end - start, duration)
    cleaned = min(duration, config.end or duration) - start
    share = max(1.0, cleaned / tried)
    wall, made = report.timings["total"] * share, report.output.size_bytes * share
    size = sum(s.clip.size for s in todo)
    scale = size / max(1, step.clip.size)
    place = next(p for p in (output.absolute(), *output.absolute().parents) if p.exists())
    return Estimate(
        trial=step.clip.path,
        fps=report.fps,
        seconds=wall * scale / budget.workers,
        nbytes=round(made * scale),
        free=disk_usage(place).free,
        workers=budget.workers,
    )
