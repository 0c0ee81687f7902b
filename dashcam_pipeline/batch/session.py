"""A batch under way: what is handed to the runner, and what becomes of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from dashcam_pipeline.batch.discovery import Selection
from dashcam_pipeline.batch.journal import Entry
from dashcam_pipeline.batch.plan import make_job, segments_folder
from dashcam_pipeline.batch.result import BatchReport, ClipResult
from dashcam_pipeline.batch.runner import Finished
from dashcam_pipeline.batch.sidecars import copy_sidecars

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashcam_pipeline.batch.discovery import Chosen, Tree, TreeFile
    from dashcam_pipeline.batch.job import Outcome
    from dashcam_pipeline.batch.journal import Journal
    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.result import Fate
    from dashcam_pipeline.batch.runner import Event, Runner
    from dashcam_pipeline.config import CleanConfig

RunnerName: TypeAlias = Literal["local", "ray"]

ATTEMPTS: Final = 2
"""How often a recording is tried in a run."""

POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a batch is run; ``CleanConfig`` says how each recording is cleaned.

    Args:
        selection: which recordings.
        night_only: True leaves out recordings taken by day.
        segment_seconds: the most work that can be lost, in seconds of a recording.
        workers: recordings at a time; 0 decides by cores, memory and devices.
        runner: ``local`` for processes of this machine, ``ray`` for a cluster.
        address: of the Ray cluster; None starts one on this machine, or takes ``RAY_ADDRESS``.
    """

    selection: Selection = field(default_factory=Selection)
    night_only: bool = False
    segment_seconds: float = 30.0
    workers: int = 0
    runner: RunnerName = "local"
    address: str | None = None


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
        recipe: digest.
    """

    tree: Tree
    chosen: Chosen
    steps: list[Step]
    recipe: str

    @property
    def todo(self) -> int:
        """Recordings that aren't skipped."""
        return sum(1 for step in self.steps if step.action != "skip")


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
        self._todo = deque(step for step in plan.steps if step.action != "skip")
        self._running: set[str] = set()
        self._attempts: Counter[str] = Counter()
        self._results: dict[str, ClipResult] = {}
        self._warnings: list[str] = []
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
                self._settle(step.clip, "bright" if bright else "skipped", step.reason)
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
        ]
        unlisted = [
            ClipResult(path, "failed", reason=f"can't be listed: {why}")
            for path, why in self._plan.tree.unreadable
        ]
        if self._disk_full:
            self._warnings.append(
                "the disk is full; once there is space, running it again goes on where it was."
            )
        return BatchReport(
            input=str(self._plan.tree.root),
            output=str(self._output),
            clips=clips + unlisted,
            refused=self._plan.chosen.refused,
            sidecars=self._sidecars,
            warnings=self._warnings,
            seconds=time.monotonic() - self._begin,
            workers=self._workers,
            settings=self._config.model_dump(mode="json"),
            recipe=self._plan.recipe,
            interrupted=any(clip.status == "not reached" for clip in clips),
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
                recipe=self._plan.recipe,
                segment_seconds=self._options.segment_seconds,
                night_only=self._options.night_only,
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
        if outcome.status != "failed":
            rmtree(segments_folder(self._output, clip.path), ignore_errors=True)
        self._settle(
            clip,
            "skipped" if outcome.status == "unchanged" else outcome.status,
            outcome.reason,
            output=entry.output if outcome.output else "",
            frames=outcome.frames,
            seconds=outcome.seconds,
            sha256=outcome.sha256,
        )

    def _entry(self, step: Step, outcome: Outcome) -> Entry:
        base = _base(step)
        if outcome.status == "unchanged":
            return replace(base, size=outcome.size, mtime_ns=outcome.mtime_ns)
        seen = replace(
            base,
            status=outcome.status,
            reason=outcome.reason,
            size=outcome.size or step.clip.size,
            mtime_ns=outcome.mtime_ns or step.clip.mtime_ns,
            recipe=self._plan.recipe,
            sha256=outcome.sha256,
            frames=outcome.frames,
            seconds=outcome.seconds,
            attempts=self._attempts[step.clip.path],
        )
        if not outcome.output:  # what an earlier run made is still there, and ours
            return seen
        output = Path(outcome.output).relative_to(self._output.absolute())
        return replace(
            seen,
            output=output.as_posix(),
            output_size=outcome.output_size,
            output_mtime_ns=outcome.output_mtime_ns,
        )

    def _settle(self, clip: TreeFile, status: Fate, reason: str = "", **facts: Any) -> None:  # noqa: ANN401 - fields of ClipResult
        if status != "bright":
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
