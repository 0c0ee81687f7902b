"""``run_batch``: a folder of recordings in, a folder of cleaned ones out.

::

    report = run_batch("SDCARD", "CLEAN", config=CleanConfig(strength=0.8))
    print(report.table())

    control = Control()                               # pause(), resume(), cancel() from any thread
    run_batch("SDCARD", "CLEAN", observer=print, control=control)

One process drives: it alone writes the journal, and hands recordings to a runner. Whatever ends it,
running it again goes on where it was.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dashcam_pipeline.batch import events
from dashcam_pipeline.batch.discovery import check_folders, discover, select
from dashcam_pipeline.batch.journal import Journal, journal_path, work_folder
from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.batch.plan import Intent, make_plan
from dashcam_pipeline.batch.pool import LocalRunner
from dashcam_pipeline.batch.recipe import make_recipe
from dashcam_pipeline.batch.resources import plan_budget
from dashcam_pipeline.batch.result import check_reports
from dashcam_pipeline.batch.session import BatchOptions, Plan, Session
from dashcam_pipeline.batch.status import StateKeeper
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.build_chain import warn_of_order
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.errors import CancelledError, DashcamError, InputMissingError, OutputError
from dashcam_pipeline.media.containers import suffixes
from dashcam_pipeline.media.folders import check_folder, make_folder
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from dashcam_pipeline.batch.events import Event
    from dashcam_pipeline.batch.result import BatchReport
    from dashcam_pipeline.batch.runner import Runner


def plan_batch(
    input: str | Path,  # noqa: A002 - the word that the command line has
    output: str | Path,
    *,
    config: CleanConfig | Mapping[str, Any] | None = None,
    options: BatchOptions | Mapping[str, Any] | None = None,
) -> Plan:
    """Decide what a run would do, without doing any of it; nothing is written.

    Args:
        input: a folder, or one recording.
        output: folder of the results; need not exist.
        config: how to clean.
        options: which recordings.

    Raises:
        DashcamError: a folder, an option or weights that can't be.
    """
    config, options = CleanConfig.of(config), BatchOptions.of(options)
    root, output = Path(input), Path(output)
    _check(root, output, config, options)
    path = journal_path(output)
    with ExitStack() as opened:
        journal = None
        if path.exists():
            journal = opened.enter_context(Journal(path, writable=False))
        return _plan(root, output, config, options, journal)


def run_batch(
    input: str | Path,  # noqa: A002 - the word that the command line has
    output: str | Path,
    *,
    config: CleanConfig | Mapping[str, Any] | None = None,
    options: BatchOptions | Mapping[str, Any] | None = None,
    observer: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> BatchReport:
    """Clean a folder of recordings; what an earlier run did is not done again.

    Workers are spawned: a script that calls this needs ``if __name__ == "__main__":`` around it, as
    for all of ``multiprocessing``.

    Args:
        input: a folder, or one recording; only read.
        output: folder of the results; made if it isn't there.
        config: how to clean.
        options: which recordings, and how the work is shared.
        observer: told what happens, in this thread: see ``events``.
        control: pauses, resumes or cancels it, from any other thread or a signal handler; on a Ray
            cluster, what is begun is brought to its end.

    Returns:
        what became of every recording; ``report.json`` and ``report.csv`` in the output folder say
        the same. That some failed, or that it was cancelled, is no exception: see ``exit_code``
        and ``interrupted``.

    Raises:
        DashcamError: a folder, an option or weights that can't be, or another run at work on the
            output folder. Nothing was done.
        KeyboardInterrupt: Ctrl-C; all workers have ended, and running it again goes on.
    """
    config, options = CleanConfig.of(config), BatchOptions.of(options)
    root, output = Path(input), Path(output)
    _check(root, output, config, options)
    with Conductor(
        root, output, config=config, options=options, observer=observer, control=control
    ) as conductor:
        return conductor.conduct(_plan(root, output, config, options, conductor.journal))


class Conductor:
    """Conducts sessions into an output folder that no other run writes to; a context manager.

    Args:
        root: the input tree.
        output: folder of the results; made if it isn't there.
        config: how to clean.
        options: how the work is shared.
        observer: told what happens.
        control: pauses or cancels it.
        watches: True if the input is watched.

    Raises:
        OutputError: another run is at work there, or nothing can be written.
    """

    def __init__(
        self,
        root: Path,
        output: Path,
        *,
        config: CleanConfig,
        options: BatchOptions,
        observer: Callable[[Event], None] | None = None,
        control: Control | None = None,
        watches: bool = False,
    ) -> None:
        self._output, self._config, self._options = output, config, options
        self.control = control or Control()
        self.disk_full = False
        """Whether the last session ended because nothing more can be written."""
        self.broken_off = False
        """Whether the last one was ended before its time."""
        self._warned: set[str] = set()
        with ExitStack() as opened:
            make_folder(output)
            make_folder(work_folder(output))
            opened.enter_context(FolderLock(work_folder(output) / "lock", str(output)))
            self.journal = opened.enter_context(Journal(journal_path(output)))
            """What is done."""
            self._keep = StateKeeper(self.journal, root, watches=watches)
            self._observe = observer
            self._opened = opened.pop_all()

    def tell(self, event: Event) -> None:
        """Keep what happens, and hand it on."""
        self._keep(event)
        if self._observe is not None:
            self._observe(event)

    def conduct(self, plan: Plan, earlier: BatchReport | None = None) -> BatchReport:
        """Run a session, and write the report however it ends.

        Args:
            plan: of the session.
            earlier: the report of those before it, which this one's goes on.

        Raises:
            DashcamError: as ``run_batch``.
            KeyboardInterrupt: Ctrl-C; the workers have ended.
        """
        options, config = self._options, self._config
        session = Session(
            plan,
            self._output,
            config=config,
            options=options,
            journal=self.journal,
            observer=self.tell,
            control=self.control,
        )
        runner, workers = make_runner(options, config, jobs=plan.todo)
        code: int | None = CancelledError.exit_code
        with closing(runner):
            try:
                session.run(runner, workers)
                code = code if self.control.cancelled else None
            except DashcamError as error:
                code = error.exit_code
                raise
            finally:
                self.disk_full = session.disk_full
                report = session.report()
                report = report if earlier is None else report.after(earlier)
                self._write(report)
                self.end(report, code)
        return report

    def _write(self, report: BatchReport) -> None:
        try:
            report.write(self._output)
        except OutputError as error:
            report.warnings.append(_("the report can't be written: {why}", why=error.args[0]))

    def end(self, report: BatchReport, code: int | None = None) -> None:
        """Tell that the work has ended.

        Args:
            report: of it.
            code: the exit code where it was broken off; None is the report's own.
        """
        self.broken_off = code is not None
        for warning in report.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self.tell(events.Warned(text=warning))
        self.tell(
            events.BatchFinished(
                exit_code=report.exit_code if code is None else code,
                counts=report.counts,
                seconds=report.seconds,
                interrupted=report.interrupted or code is not None,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._keep.give_up(interrupted=isinstance(error, KeyboardInterrupt))
        self._opened.__exit__(kind, error, trace)


def _check(root: Path, output: Path, config: CleanConfig, options: BatchOptions) -> None:
    """Refuse folders in which something would be lost, before anything is made."""
    check_folders(root, output, options.selection.paths)
    check_folder(output)
    check_reports(output, overwrite=config.overwrite)


def _plan(
    root: Path, output: Path, config: CleanConfig, options: BatchOptions, journal: Journal | None
) -> Plan:
    recipe = make_recipe(config)
    warn_of_order(config)
    tree = discover(root, options.selection.paths)
    if not tree.clips:
        raise InputMissingError(
            _("there is no recording in {root}.", root=root),
            advice=_(
                "Looked for: {endings}.", endings=", ".join(s.lstrip(".") for s in suffixes())
            ),
        )
    chosen = select(tree, options.selection)
    steps = make_plan(
        chosen.clips,
        among=tree.clips,
        journal=journal,
        intent=Intent(
            root=tree.root,
            output=output,
            recipe=recipe,
            overwrite=config.overwrite,
            night_only=options.night_only,
        ),
    )
    return Plan(tree, chosen, steps, recipe)


def make_runner(options: BatchOptions, config: CleanConfig, *, jobs: int) -> tuple[Runner, int]:
    """The runner that is asked for, and how many jobs it does at a time.

    Args:
        options: which, and how many workers.
        config: device and threads of each worker.
        jobs: how many there are.

    Raises:
        UsageError: Ray is asked for and not installed, or its cluster can't be reached.
    """
    if options.runner == "ray":
        # Only here: nobody else needs it.
        from dashcam_pipeline.batch.cluster import RayRunner  # noqa: PLC0415

        cluster = RayRunner(config, address=options.address, workers=options.workers)
        return cluster, cluster.slots
    budget = plan_budget(config.device, workers=options.workers, threads=config.threads, jobs=jobs)
    return LocalRunner(budget), budget.workers
