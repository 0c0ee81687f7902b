"""``watch``: a folder, or a card that is put in, cleaned as recordings come.

::

    look -> settling: which recordings are whole -> a session of a batch -> rest -> look ...

What is done is the journal's to say, so ``watch``, ``run_batch``, a power cut and a card that is
taken out can follow one another in any order.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.batch.discovery import (
    Chosen,
    Tree,
    check_folders,
    discover,
    select,
    sidecars_of,
)
from dashcam_pipeline.batch.driver import Conductor
from dashcam_pipeline.batch.events import Paused, Resumed, Waiting
from dashcam_pipeline.batch.plan import Intent, make_plan
from dashcam_pipeline.batch.recipe import make_recipe
from dashcam_pipeline.batch.result import BatchReport, check_reports
from dashcam_pipeline.batch.session import BatchOptions, Plan
from dashcam_pipeline.batch.settling import Settling
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.build_chain import warn_of_order
from dashcam_pipeline.errors import CancelledError, DashcamError, InputMissingError, UsageError
from dashcam_pipeline.media.folders import check_folder
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashcam_pipeline.batch.discovery import TreeFile
    from dashcam_pipeline.batch.events import Event
    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.engine.control import Control

EVERY_SECONDS: Final = 5.0
"""Between two looks. Network drives tell of a change only after up to 3 seconds."""

REST: Final = 9.0
"""Times as long as a look took is rested after it: a slow drive is busy a tenth of the time."""

JUST_NOW_SECONDS: Final = 60.0
"""A recording that failed so shortly before its card was gone failed because of that."""

_NAP_SECONDS: Final = 0.2


def watch(
    input: str | Path,  # noqa: A002 - the word that the command line has
    output: str | Path,
    *,
    config: CleanConfig | Mapping[str, Any] | None = None,
    options: BatchOptions | Mapping[str, Any] | None = None,
    every: float = EVERY_SECONDS,
    once: bool = False,
    observer: Callable[[Event], None] | None = None,
    control: Control | None = None,
) -> BatchReport:
    """Clean the recordings of a folder as they come, until it is cancelled.

    Args:
        input: the folder; it need not be there yet, and may come and go.
        output: folder of the results; made if it isn't there.
        config, options, observer: as of ``run_batch``. Each time that there is something to do is a
            batch of its own: a ``BatchStarted`` and a ``BatchFinished``, with ``Waiting`` between.
        every: seconds between two looks; a recording that changes between two is left alone.
        once: True does what is there, and returns.
        control: pauses, resumes or cancels it.

    Returns:
        what became of every recording meanwhile; ``report.json`` says the same.

    Raises:
        DashcamError: as ``run_batch``; a folder that isn't there yet is none, unless ``once``.
        KeyboardInterrupt: Ctrl-C; all workers have ended, and running it again goes on.
    """
    config, options = CleanConfig.of(config), BatchOptions.of(options)
    root, output = Path(input), Path(output)
    if root.is_file():
        raise UsageError(
            _("{input} is a file, and a folder is watched.", input=root),
            advice=_("`dashcam clean` takes a single recording."),
        )
    check_folders(root, output)
    check_folder(output)
    check_reports(output, overwrite=config.overwrite)
    recipe = make_recipe(config)
    warn_of_order(config)
    with Conductor(
        root,
        output,
        config=config,
        options=options,
        observer=observer,
        control=control,
        watches=True,
    ) as conductor:
        intent = Intent(
            root=root,
            output=output,
            recipe=recipe,
            overwrite=config.overwrite,
            night_only=options.night_only,
        )
        watcher = _Watcher(conductor, intent, config=config, options=options, every=every)
        code: int | None = CancelledError.exit_code
        try:
            report = watcher.once() if once else watcher.run()
            code = code if conductor.control.cancelled else None
        except DashcamError as error:
            code = error.exit_code
            raise
        finally:
            watcher.close(code)
        return report


class _Watcher:
    """Looks, cleans and rests."""

    def __init__(
        self,
        conductor: Conductor,
        intent: Intent,
        *,
        config: CleanConfig,
        options: BatchOptions,
        every: float,
    ) -> None:
        self._conductor, self._intent = conductor, intent
        self._root, self._output, self._recipe = intent.root, intent.output, intent.recipe
        self._options, self._every = options, every
        self._settling = Settling(every)
        self._report = BatchReport(
            str(self._root),
            str(self._output),
            settings=config.model_dump(mode="json"),
            recipe=self._recipe.digest,
        )
        self._handled: dict[str, TreeFile] = {}
        """Files that there is nothing more to do with unless they change."""
        self._wanted: set[str] = set()
        """Recordings of them whose sidecars come along."""
        self._failed: dict[str, float] = {}
        """Recordings of them that failed, and when."""
        self._said: Waiting | None = None

    def run(self) -> BatchReport:
        """Look, clean and rest, until it is cancelled or the disk is full."""
        conductor = self._conductor
        while not conductor.control.cancelled and not conductor.disk_full:
            begin = time.monotonic()
            tree = self._look()
            ready, growing = (None, []) if tree is None else self._sorted(tree)
            rest = max(self._every, REST * (time.monotonic() - begin))
            if tree is None:
                self._wait(Waiting(wanted="card"))
            elif ready is not None:
                self._said = None
                self._clean(tree, ready)
            elif not any(map(self._settling.is_first, growing)):
                self._wait(Waiting(wanted="clips", growing=len(growing)))
            self._rest(rest)
        return self._report

    def once(self) -> BatchReport:
        """Do what is there.

        Raises:
            InputMissingError: the folder isn't there.
        """
        self._settling.look(discover(self._root))
        self._rest(self._every)
        tree = discover(self._root)
        self._settling.look(tree)
        ready, growing = self._sorted(tree)
        if not tree.clips:
            self._report.warnings.append(_("there is no recording in {root}.", root=self._root))
        if growing:
            self._report.warnings.append(
                _n(
                    "{n} recording is still being written; it is left for the next time.",
                    "{n} recordings are still being written; they are left for the next time.",
                    len(growing),
                )
            )
        self._clean(tree, ready or replace(tree, clips=[], sidecars=[]))
        return self._report

    def close(self, code: int | None) -> None:
        """Tell that it has ended, where it was broken off while no session was at work.

        Args:
            code: the exit code; None if it came to its end.
        """
        if code is not None and not self._conductor.broken_off:
            self._conductor.end(self._report, code)

    def _look(self) -> Tree | None:
        """What lies in the folder now; None while it isn't there."""
        try:
            check_folders(self._root, self._output)  # it may have become a link
            tree = discover(self._root)
        except InputMissingError:
            tree = None
        if tree is None or not (tree.clips or tree.sidecars or tree.others or tree.unreadable):
            self._forget()  # an empty folder may be the place where a card is mounted
            return tree
        self._settling.look(tree)
        # What can't be listed while a card is taken out is no recording's fate.
        for path, why in tree.unreadable:
            warning = _("{path} can't be listed: {why}", path=path, why=why)
            if warning not in self._report.warnings:
                self._report.warnings.append(warning)
        tree.unreadable = []
        return tree

    def _forget(self) -> None:
        """The card is gone, and whatever comes next may be another one: its journal will tell."""
        now = time.monotonic()
        for path, when in self._failed.items():
            entry = self._conductor.journal.get(path)
            if entry is not None and entry.status == "failed" and now - when < JUST_NOW_SECONDS:
                self._conductor.journal.put(replace(entry, status="started", reason=""))
        self._failed.clear()
        self._handled.clear()
        self._wanted.clear()
        self._settling.forget()
        self._report.refused.clear()  # they will be counted again

    def _is_new(self, file: TreeFile) -> bool:
        return self._handled.get(file.path) != file

    def _sorted(self, tree: Tree) -> tuple[Tree | None, list[TreeFile]]:
        """What has settled and wasn't handled yet, and recordings that may still grow.

        Returns:
            None in place of the first if that is nothing.
        """
        new = [clip for clip in tree.clips if self._is_new(clip)]
        clips = self._settling.settled(new, self._root)
        settled = {clip.path for clip in clips}
        sidecars = self._settling.steady(filter(self._is_new, tree.sidecars))
        found, _withheld = sidecars_of(
            replace(tree, sidecars=sidecars),
            [clip for clip in tree.clips if clip.path in settled | self._wanted],
        )
        coming = [sidecar for those in found.values() for sidecar in those]
        growing = [clip for clip in new if clip.path not in settled]
        if not clips and not coming:
            return None, growing
        return replace(tree, clips=clips, sidecars=coming, named=False), growing

    def _clean(self, tree: Tree, ready: Tree) -> None:
        """Do a session with what is ready."""
        plan = self._plan(tree, ready)
        self._report = self._conductor.conduct(plan, self._report)
        fates = {clip.path: clip.status for clip in self._report.clips}
        for clip in ready.clips:
            if fates.get(clip.path) != "not reached":
                self._handled[clip.path] = clip
            if fates.get(clip.path) == "failed":
                self._failed[clip.path] = time.monotonic()
        self._wanted |= {clip.path for clip in plan.chosen.clips if clip.path in self._handled}
        for owner, sidecars in plan.chosen.sidecars.items():
            if not owner or owner in self._handled:
                self._handled |= {sidecar.path: sidecar for sidecar in sidecars}

    def _plan(self, tree: Tree, ready: Tree) -> Plan:
        chosen = select(replace(ready, sidecars=[]), self._options.selection)
        known = {clip.path for clip in chosen.clips} | self._wanted
        found, withheld = sidecars_of(
            replace(tree, sidecars=ready.sidecars),
            [clip for clip in tree.clips if clip.path in known],
        )
        # Those of recordings that are done come at once.
        sidecars: dict[str, list[TreeFile]] = {}
        for owner, files in found.items():
            key = owner if owner not in self._wanted else ""
            sidecars.setdefault(key, []).extend(files)
        steps = make_plan(
            chosen.clips, among=tree.clips, journal=self._conductor.journal, intent=self._intent
        )
        return Plan(
            ready,
            Chosen(chosen.clips, sidecars, chosen.refused, chosen.results, withheld),
            [self._unless_failed(step) for step in steps],
            self._recipe,
        )

    def _unless_failed(self, step: Step) -> Step:
        """A recording that failed is tried again when it, or what is asked for, has changed."""
        entry, clip = step.entry, step.clip
        if not step.is_work or entry is None or entry.status != "failed" or entry.output:
            return step
        same = entry.has_times_of(clip.size, clip.mtime_ns) and entry.recipe == self._recipe.digest
        if not same:
            return step
        reason = _(
            "{why} (it failed so before, and is tried again when it changes)", why=entry.reason
        )
        return replace(step, action="refuse", reason=reason)

    def _wait(self, event: Waiting) -> None:
        """Tell what is waited for, once."""
        if event != self._said:
            self._said = event
            self._conductor.tell(event)

    def _rest(self, seconds: float) -> None:
        """Do nothing for a while, and until it isn't paused any more."""
        control, tell = self._conductor.control, self._conductor.tell
        end = time.monotonic() + seconds
        paused = False
        while not control.cancelled and (control.paused or time.monotonic() < end):
            if control.paused and not paused:
                paused = True
                tell(Paused())
            time.sleep(max(0.0, min(_NAP_SECONDS, end - time.monotonic())) or _NAP_SECONDS)
        if paused:
            self._said = None
            tell(Resumed())
