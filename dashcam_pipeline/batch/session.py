"""A batch under way: what is handed to the runner, and what becomes of it."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic import Field, InstanceOf

from dashcam_pipeline.batch.discovery import Selection
from dashcam_pipeline.batch.events import (
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipRetried,
    ClipStarted,
    Paused,
    Resumed,
)
from dashcam_pipeline.batch.journal import Entry
from dashcam_pipeline.batch.plan import make_job, segments_folder
from dashcam_pipeline.batch.products import LEFT_OUT
from dashcam_pipeline.batch.result import BatchReport, ClipResult
from dashcam_pipeline.batch.runner import Finished, Progressed
from dashcam_pipeline.batch.sidecars import copy_sidecars
from dashcam_pipeline.engine.report import not_kept
from dashcam_pipeline.stages.registry import stage_class
from dashcam_pipeline.stages.settings import Settings
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dashcam_pipeline.batch.discovery import Chosen, Tree, TreeFile
    from dashcam_pipeline.batch.events import Event
    from dashcam_pipeline.batch.job import Outcome, OutcomeStatus
    from dashcam_pipeline.batch.journal import Journal, Status
    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.recipe import Recipe
    from dashcam_pipeline.batch.result import Fate
    from dashcam_pipeline.batch.runner import News, Runner
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.control import Control

RunnerName: TypeAlias = Literal["local", "ray"]

ATTEMPTS: Final = 2
"""How often a recording is tried in a run."""

POLL_SECONDS: Final = 0.5

_FATES: Final[dict[OutcomeStatus, Fate]] = {
    "done": "done",
    "damaged": "damaged",
    "bright": "bright",
    "unchanged": "skipped",
    "product": "skipped",
}
"""What else can come of a job is a failure."""

_STATUSES: Final[dict[OutcomeStatus, Status]] = {
    "done": "done",
    "damaged": "damaged",
    "bright": "bright",
}
"""Likewise, in the journal."""


class BatchOptions(Settings):
    """How a batch is run; ``CleanConfig`` says how each recording is cleaned."""

    selection: InstanceOf[Selection] = Field(
        default_factory=Selection, description="Which recordings: a Selection."
    )
    night_only: bool = Field(default=False, description="Leave out recordings taken by day.")
    segment_seconds: float = Field(
        30.0, ge=0.1, le=3600, description="The most that can be lost, in seconds of a recording."
    )
    workers: int = Field(
        0, ge=0, le=1024, description="Recordings at a time; 0 decides by cores, memory, devices."
    )
    runner: RunnerName = Field(
        "local", description="Processes of this machine, or a Ray cluster over a shared folder."
    )
    address: str | None = Field(
        None, description="Of the Ray cluster: auto, HOST:PORT; else RAY_ADDRESS, or one made here."
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Args:
        tree: what lies in the input folder.
        chosen: what of it is wanted.
        steps: what is to be done with it.
        recipe: of the run.
    """

    tree: Tree
    chosen: Chosen
    steps: list[Step]
    recipe: Recipe

    @property
    def todo(self) -> int:
        """Recordings that there is anything to do with."""
        return sum(1 for step in self.steps if step.is_work)

    @property
    def notes(self) -> list[str]:
        """What does not come along, a sentence each."""
        links: list[str] = [
            _("{path} is a link, which may lead anywhere; not copied.", path=path)
            for path in self.tree.links
        ]
        withheld: list[str] = [
            _("{path} has the name of what a batch itself writes; not copied.", path=path)
            for path in self.chosen.withheld
        ]
        skipped: list[str] = [_(why, path=path) for path, why in self.tree.skipped]
        return links + withheld + skipped


class Session:
    """One run of a batch.

    Args:
        plan: what is to be done.
        output: folder of the results.
        config: how to clean.
        options: how to run.
        journal: where it is recorded.
        observer: told what happens.
        control: pauses or cancels it.
    """

    def __init__(
        self,
        plan: Plan,
        output: Path,
        *,
        config: CleanConfig,
        options: BatchOptions,
        journal: Journal,
        observer: Callable[[Event], None],
        control: Control,
    ) -> None:
        self._plan, self._output, self._config, self._options = plan, output, config, options
        self._journal, self._tell, self._control = journal, observer, control
        self._begin = control.clock()
        self._steps = {step.clip.path: step for step in plan.steps}
        self._todo = deque(step for step in plan.steps if step.is_work)
        self._running: set[str] = set()
        self._attempts: Counter[str] = Counter()
        self._results: dict[str, ClipResult] = {}
        self._warnings: list[str] = plan.notes
        self._products: set[str] = set()
        self.disk_full = False
        """Whether it ended because nothing more can be written."""
        self._paused = self._card_gone = False
        self._sidecars = 0
        self._workers = 0

    def run(self, runner: Runner, workers: int) -> None:
        """Do all of it, or what there is time for until it is cancelled.

        Args:
            runner: does the jobs.
            workers: how many at a time, for the report.

        Raises:
            OutputError: the journal can't be written.
            KeyboardInterrupt: Ctrl-C; closing the runner is left to the caller.
        """
        self._workers = workers
        total = sum(_nbytes(step) for step in self._todo)
        self._tell(BatchStarted(clips=len(self._todo), bytes=total, workers=workers))
        self._copy_sidecars(self._plan.chosen.sidecars.get("", ()))
        for step in self._plan.steps:
            if step.action == "skip":
                bright = step.entry is not None and step.entry.status == "bright"
                fate: Fate = "bright" if bright else "skipped"
                self._settle(step.clip, fate, step.reason, sidecars=not bright)
            elif step.action == "refuse":
                self._settle(step.clip, "failed", step.reason, sidecars=False)
        try:
            self._work(runner)
        finally:
            for path in sorted(self._running):
                self._tell(ClipLeft(path=path, reason=_("interrupted")))

    def _work(self, runner: Runner) -> None:
        while self._running or (self._todo and not self._is_over):
            self._heed(runner)
            if self._control.cancelled:
                return
            while self._todo and not self._is_over and not self._paused and runner.free > 0:
                self._submit(runner, self._todo.popleft())
            if self._running:
                for news in runner.poll(POLL_SECONDS):
                    self._hear(news)
            else:  # it is paused
                time.sleep(POLL_SECONDS)

    @property
    def _is_over(self) -> bool:
        """Whether nothing more is begun."""
        return self.disk_full or self._card_gone

    def _heed(self, runner: Runner) -> None:
        """Stand still, or go on, if that is wanted."""
        if self._paused == self._control.paused:
            return
        self._paused = not self._paused
        if self._paused:
            runner.pause()
            self._tell(Paused())
        else:
            runner.resume()
            self._tell(Resumed())

    def _hear(self, news: News) -> None:
        """Hand on what a runner says, and see to what has ended."""
        step = self._steps[news.path]
        if isinstance(news, Finished):
            self._finish(step, news.outcome)
        elif isinstance(news, Progressed):
            self._tell(
                ClipProgressed(
                    path=news.path, worker=news.slot, frames=news.frames, expected=news.expected
                )
            )
        else:
            self._tell(ClipStarted(path=news.path, worker=news.slot, bytes=_nbytes(step)))

    def report(self) -> BatchReport:
        """What became of every recording, also in the middle of a run."""
        clips = [
            self._results.get(step.clip.path) or _result(step.clip, "not reached")
            for step in self._plan.steps
            if step.clip.path not in self._products
        ]
        refused = dict(self._plan.chosen.refused)
        if self._products:
            refused[LEFT_OUT] = refused.get(LEFT_OUT, 0) + len(self._products)
        unlisted = [
            ClipResult(path, "failed", reason=_("can't be listed: {why}", why=why))
            for path, why in self._plan.tree.unreadable
        ]
        if self.disk_full:
            self._warnings.append(
                _("the disk is full; once there is space, running it again goes on where it was.")
            )
        if self._card_gone:
            self._warnings.append(
                _(
                    "{root} went away; once it is back, running it again goes on where it was.",
                    root=self._plan.tree.root,
                )
            )
        return BatchReport(
            input=str(self._plan.tree.root),
            output=str(self._output),
            clips=clips + unlisted,
            refused=refused,
            sidecars=self._sidecars,
            warnings=self._warnings,
            seconds=self._control.clock() - self._begin,
            workers=self._workers,
            settings=self._config.model_dump(mode="json"),
            recipe=self._plan.recipe.digest,
            interrupted=any(clip.status == "not reached" for clip in clips),
            synthetic=any(stage_class(spec.name).synthetic for spec in self._config.stages),
            stopped_by="disk" if self.disk_full else "card" if self._card_gone else "",
        )

    def _submit(self, runner: Runner, step: Step) -> None:
        clip = step.clip
        self._attempts[clip.path] += 1
        self._running.add(clip.path)
        if step.action == "clean":
            self._journal.put(replace(_base(step), status="started", reason=""))
        runner.submit(
            make_job(
                step,
                root=self._plan.tree.root,
                output=self._output,
                config=self._config,
                recipe=self._plan.recipe.digest,
                segment_seconds=self._options.segment_seconds,
                night_only=self._options.night_only,
                results=self._plan.chosen.results,
            )
        )

    def _finish(self, step: Step, outcome: Outcome) -> None:
        """Bring a recording's fate to the journal, and only then remove its segments."""
        clip = step.clip
        self._running.discard(clip.path)
        self.disk_full = self.disk_full or outcome.disk_full
        if outcome.status == "failed" and not (self._plan.tree.root / clip.path).exists():
            self._leave(clip)
            return
        again = outcome.retry and self._attempts[clip.path] < ATTEMPTS
        if outcome.status == "failed" and again and not self.disk_full:
            self._todo.appendleft(step)  # at once, while what was read of it is still in memory
            self._tell(ClipRetried(path=clip.path, reason=outcome.reason))
            return
        entry = self._entry(step, outcome)
        self._journal.put(entry)
        if outcome.status in {"done", "damaged", "bright", "unchanged"}:
            rmtree(segments_folder(self._output, clip.path), ignore_errors=True)
        if outcome.status == "product":
            self._products.add(clip.path)
        self._settle(
            clip,
            _FATES.get(outcome.status, "failed"),
            LEFT_OUT if outcome.status == "product" else outcome.reason,
            sidecars=outcome.status not in {"bright", "product", "refused"},
            advice=outcome.advice,
            output=entry.output if outcome.output else "",
            frames=outcome.frames,
            seconds=outcome.seconds,
            sha256=outcome.sha256,
            **_sizes(outcome),
        )

    def _entry(self, step: Step, outcome: Outcome) -> Entry:
        """What is on record from now on.

        What an earlier run made may still be there; unless there is a new output, what that was
        made of stays on record.
        """
        base = replace(_base(step), attempts=self._attempts[step.clip.path])
        if outcome.status == "unchanged":
            return replace(
                base,
                size=outcome.size,
                mtime_ns=outcome.mtime_ns,
                fingerprint=outcome.fingerprint,
            )
        reason = LEFT_OUT if outcome.status == "product" else outcome.reason
        status = _STATUSES.get(outcome.status, "failed")
        if status == "failed" and not base.output:
            # with which settings, for who doesn't try it again before something has changed
            digest = self._plan.recipe.digest if outcome.is_fault_of_recording else ""
            base = replace(base, recipe=digest)
        if status == "failed" or (status == "bright" and base.output):
            return replace(base, status=status, reason=reason)
        seen = replace(
            base,
            status=status,
            reason=reason,
            frames=outcome.frames,
            seconds=outcome.seconds,
            size=outcome.size,
            mtime_ns=outcome.mtime_ns,
            sha256=outcome.sha256,
            fingerprint=outcome.fingerprint,
            recipe=self._plan.recipe.digest,
            settings=self._plan.recipe.settings,
        )
        if not outcome.output:
            return seen
        output = Path(outcome.output).relative_to(self._output.absolute())
        return replace(
            seen,
            output=output.as_posix(),
            output_size=outcome.output_size,
            output_mtime_ns=outcome.output_mtime_ns,
            output_fingerprint=outcome.output_fingerprint,
        )

    def _settle(
        self,
        clip: TreeFile,
        status: Fate,
        reason: str = "",
        *,
        sidecars: bool = True,
        **facts: Any,  # noqa: ANN401 - fields of ClipResult
    ) -> None:
        if sidecars:
            self._copy_sidecars(self._plan.chosen.sidecars.get(clip.path, ()))
        result = _result(clip, status, reason=reason, attempts=self._attempts[clip.path], **facts)
        self._results[clip.path] = result
        self._tell(_event(result))

    def _leave(self, clip: TreeFile) -> None:
        """A recording went away: nothing is on record of it but that it was begun."""
        reason = _("it went away while it was read; once it is back, another run goes on with it")
        self._results[clip.path] = _result(clip, "not reached", reason=reason)
        self._tell(ClipLeft(path=clip.path, reason=reason))
        self._card_gone = self._card_gone or is_gone(self._plan.tree.root)

    def _copy_sidecars(self, sidecars: Iterable[TreeFile]) -> None:
        copied, warnings = copy_sidecars(
            sidecars, self._plan.tree.root, self._output, overwrite=self._config.overwrite
        )
        self._sidecars += copied
        self._warnings += warnings


def _base(step: Step) -> Entry:
    """What is on record, or a first entry; without an output it is of the recording as it is."""
    clip, entry = step.clip, step.entry
    if entry is None:
        return Entry(clip.path, "started", clip.size, clip.mtime_ns, "")
    return entry if entry.output else replace(entry, size=clip.size, mtime_ns=clip.mtime_ns)


def is_gone(root: Path) -> bool:
    """Whether a card was taken out: its folder is, or where it was mounted nothing is left."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _nbytes(step: Step) -> int:
    return max(1, step.clip.size)


def _sizes(outcome: Outcome) -> dict[str, Any]:
    """Fields of ``ClipResult``, of a recording that was cleaned."""
    if outcome.report is None:
        return {}
    return {
        "source_bytes": outcome.size,
        "output_bytes": outcome.output_size,
        "held": outcome.report["size"].get("held", 0.0),
        "not_kept": not_kept((f["track"], f["reason"]) for f in outcome.report["not_carried"]),
    }


def _result(clip: TreeFile, status: Fate, **facts: Any) -> ClipResult:  # noqa: ANN401 - fields of ClipResult
    return ClipResult(
        clip.path,
        status,
        recorded=clip.recorded.isoformat(timespec="seconds"),
        camera=clip.name.camera or "",
        **facts,
    )


def _event(result: ClipResult) -> ClipDone | ClipFailed:
    """A recording's fate as it is told."""
    if result.status == "failed":
        return ClipFailed(
            path=result.path,
            reason=result.reason,
            advice=result.advice,
            attempts=result.attempts,
        )
    return ClipDone(
        path=result.path,
        status=result.status,
        reason=result.reason,
        output=result.output,
        frames=result.frames,
        seconds=result.seconds,
        attempts=result.attempts,
        not_kept=result.not_kept,
    )
