"""A batch under way: what is handed to the runner, and what becomes of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from pydantic import Field, InstanceOf

from dashcam_pipeline.batch.discovery import Selection
from dashcam_pipeline.batch.journal import Entry
from dashcam_pipeline.batch.plan import make_job, segments_folder
from dashcam_pipeline.batch.products import LEFT_OUT
from dashcam_pipeline.batch.result import BatchReport, ClipResult
from dashcam_pipeline.batch.runner import Finished
from dashcam_pipeline.batch.sidecars import copy_sidecars
from dashcam_pipeline.stages.registry import stage_class
from dashcam_pipeline.stages.settings import Settings
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashcam_pipeline.batch.discovery import Chosen, Tree, TreeFile
    from dashcam_pipeline.batch.job import Outcome, OutcomeStatus
    from dashcam_pipeline.batch.journal import Journal, Status
    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.recipe import Recipe
    from dashcam_pipeline.batch.result import Fate
    from dashcam_pipeline.batch.runner import Event, Runner
    from dashcam_pipeline.config import CleanConfig

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


class Observer(Protocol):
    """What is told while a batch runs."""

    def begin(self, steps: Sequence[Step], workers: int) -> None:
        """The plan is made; the work begins."""

    def event(self, event: Event) -> None:
        """Something happened in a worker."""

    def settled(self, result: ClipResult) -> None:
        """A recording's fate is known."""


class Silent:
    """An observer that says nothing."""

    def begin(self, steps: Sequence[Step], workers: int) -> None:
        """Nothing."""

    def event(self, event: Event) -> None:
        """Nothing."""

    def settled(self, result: ClipResult) -> None:
        """Nothing."""


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
    """

    def __init__(
        self,
        plan: Plan,
        output: Path,
        *,
        config: CleanConfig,
        options: BatchOptions,
        journal: Journal,
        observer: Observer,
    ) -> None:
        self._plan, self._output, self._config, self._options = plan, output, config, options
        self._journal, self._observer = journal, observer
        self._begin = time.monotonic()
        self._steps = {step.clip.path: step for step in plan.steps}
        self._todo = deque(step for step in plan.steps if step.is_work)
        self._running: set[str] = set()
        self._attempts: Counter[str] = Counter()
        self._results: dict[str, ClipResult] = {}
        self._warnings: list[str] = plan.notes
        self._products: set[str] = set()
        self._disk_full = False
        self._sidecars = 0
        self._workers = 0

    def run(self, runner: Runner, workers: int) -> None:
        """Do all of it.

        Args:
            runner: does the jobs.
            workers: how many at a time, for the report.

        Raises:
            OutputError: the journal can't be written.
            KeyboardInterrupt: Ctrl-C; closing the runner is left to the caller.
        """
        self._workers = workers
        self._observer.begin(self._plan.steps, workers)
        self._copy_sidecars(self._plan.chosen.sidecars.get("", ()))
        for step in self._plan.steps:
            if step.action == "skip":
                bright = step.entry is not None and step.entry.status == "bright"
                fate: Fate = "bright" if bright else "skipped"
                self._settle(step.clip, fate, step.reason, sidecars=not bright)
            elif step.action == "refuse":
                self._settle(step.clip, "failed", step.reason, sidecars=False)
        while self._running or (self._todo and not self._disk_full):
            while self._todo and not self._disk_full and runner.free > 0:
                self._submit(runner, self._todo.popleft())
            for event in runner.poll(POLL_SECONDS):
                self._observer.event(event)
                if isinstance(event, Finished):
                    self._finish(self._steps[event.path], event.outcome)

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
        if self._disk_full:
            self._warnings.append(
                _("the disk is full; once there is space, running it again goes on where it was.")
            )
        return BatchReport(
            input=str(self._plan.tree.root),
            output=str(self._output),
            clips=clips + unlisted,
            refused=refused,
            sidecars=self._sidecars,
            warnings=self._warnings,
            seconds=time.monotonic() - self._begin,
            workers=self._workers,
            settings=self._config.model_dump(mode="json"),
            recipe=self._plan.recipe.digest,
            interrupted=any(clip.status == "not reached" for clip in clips),
            synthetic=any(stage_class(spec.name).synthetic for spec in self._config.stages),
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
        self._disk_full = self._disk_full or outcome.disk_full
        again = outcome.retry and self._attempts[clip.path] < ATTEMPTS
        if outcome.status == "failed" and again and not self._disk_full:
            self._todo.appendleft(step)  # at once, while what was read of it is still in memory
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
        self._observer.settled(result)

    def _copy_sidecars(self, sidecars: Iterable[TreeFile]) -> None:
        copied, warnings = copy_sidecars(
            sidecars, self._plan.tree.root, self._output, overwrite=self._config.overwrite
        )
        self._sidecars += copied
        self._warnings += warnings


def _base(step: Step) -> Entry:
    """What is on record, or a first entry."""
    clip = step.clip
    return step.entry or Entry(clip.path, "started", clip.size, clip.mtime_ns, "")


def _result(clip: TreeFile, status: Fate, **facts: Any) -> ClipResult:  # noqa: ANN401 - fields of ClipResult
    return ClipResult(
        clip.path,
        status,
        recorded=clip.recorded.isoformat(timespec="seconds"),
        camera=clip.name.camera or "",
        **facts,
    )
