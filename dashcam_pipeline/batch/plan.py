"""What is to be done with each recording, decided before anything is done.

A result belongs to a source and to settings. What stands in its place is only replaced if the user
said so; otherwise the recording is refused, and its reason says what stands there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.batch.job import Job
from dashcam_pipeline.batch.journal import work_folder
from dashcam_pipeline.batch.naming import name_results
from dashcam_pipeline.batch.products import in_the_way
from dashcam_pipeline.batch.resumable import was_made_here
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.media.containers import FALLBACK, written_to
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashcam_pipeline.batch.discovery import TreeFile
    from dashcam_pipeline.batch.journal import Entry, Journal
    from dashcam_pipeline.batch.recipe import Recipe
    from dashcam_pipeline.config import CleanConfig

Action: TypeAlias = Literal["clean", "check", "skip", "refuse"]
"""``check``: the source's time changed; whether its content did is found when its turn comes.
``refuse``: something stands in the place of its result, and isn't replaced."""

Decision: TypeAlias = tuple[Action, str]
"""What to do, and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with a recording.

    Args:
        clip: the recording.
        action: what to do.
        reason: why, for people.
        entry: what is on record of it.
        ending: added to the output's stem.
    """

    clip: TreeFile
    action: Action
    reason: str
    entry: Entry | None
    ending: str = ""

    @property
    def is_work(self) -> bool:
        """Whether there is anything to do."""
        return self.action in {"clean", "check"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a run is meant to do with every recording.

    Args:
        root: the input tree.
        output: folder of the results.
        recipe: of this run.
        overwrite: True replaces what stands in the place of a result.
        night_only: False does also what an earlier run left out as taken by day.
    """

    root: Path
    output: Path
    recipe: Recipe
    overwrite: bool = False
    night_only: bool = False

    def replace(self, what: Path, why: str, *, another: bool = False) -> Decision:
        """Replace something, or refuse to.

        Args:
            what: stands in the place of a result.
            why: that is no result of this run; a sentence with ``{file}`` for its name.
            another: True where another output folder is what helps.
        """
        said = _(why, file=what.relative_to(self.output))
        if self.overwrite:
            return "clean", _("{why}: it is replaced", why=said)
        if not another:
            return "refuse", _("{why}; it is kept, unless `overwrite=True` is given", why=said)
        return "refuse", _(
            "{why}; it is kept, unless `overwrite=True` is given; "
            "for these recordings name another folder, such as {folder}",
            why=said,
            folder=self._free,
        )

    @property
    def _free(self) -> Path:
        """An output folder that isn't there yet."""
        names = (self.output.with_name(f"{self.output.name}-{n}") for n in count(2))
        return next(path for path in names if not os.path.lexists(path))


def decide(clip: TreeFile, entry: Entry | None, intent: Intent, *, ending: str = "") -> Decision:
    """What is to be done with a recording.

    Args:
        clip: the recording.
        entry: what is on record of it.
        intent: of the run.
        ending: added to the output's stem.
    """
    if entry is not None and entry.output and os.path.lexists(intent.output / entry.output):
        return _beside_a_result(clip, entry, intent)
    if entry is not None and entry.status == "bright" and intent.night_only:
        return _after_a_bright_one(clip, entry, intent)
    obstacle = _obstacle(clip, intent, ending)
    if obstacle is not None:
        return intent.replace(obstacle, _("{file} is there already, and no run on record made it"))
    return "clean", _first_reason(entry)


def _beside_a_result(clip: TreeFile, entry: Entry, intent: Intent) -> Decision:
    """What to do where there is a file in the place of the result on record."""
    result, recipe = intent.output / entry.output, intent.recipe
    if not entry.output_is_whole(intent.output):
        if was_made_here(segments_folder(intent.output, clip.path), result):
            return "clean", _("interrupted")  # just as it replaced what is on record
        return intent.replace(result, _("{file} was changed since it was made"))
    same = _is_same_source(clip, entry, intent.root)
    if same is False:
        why = _("{file} is the result of another recording of that name")
        return intent.replace(result, why, another=True)
    other = entry.recipe != recipe.digest
    if other and (intent.overwrite or entry.settings != recipe.settings):
        return intent.replace(result, _("{file} was made with other settings, weights or versions"))
    if same is None:
        return "check", _("its file time changed")
    return "skip", _("done, by other weights or versions") if other else _("done")


def _after_a_bright_one(clip: TreeFile, entry: Entry, intent: Intent) -> Decision:
    if _is_same_source(clip, entry, intent.root):
        return "skip", _(entry.reason)
    return "clean", _("the recording changed")


def _first_reason(entry: Entry | None) -> str:
    if entry is None or entry.status == "bright":
        return _("new")
    if entry.output:
        return _("its output is gone")
    return _("interrupted") if entry.status == "started" else _("failed before")


def _is_same_source(clip: TreeFile, entry: Entry, root: Path) -> bool | None:
    """Whether a recording is the one on record; None if only reading all of it would tell."""
    if clip.size != entry.size:
        return False
    if not entry.fingerprint:  # of an older version
        return None
    try:
        if fingerprint(root / clip.path) != entry.fingerprint:
            return False
    except OSError:
        return None  # its job will say what is wrong with it
    return True if entry.has_times_of(clip.size, clip.mtime_ns) else None


def _obstacle(clip: TreeFile, intent: Intent, ending: str) -> Path | None:
    """What stands where a result is expected to go; its job opens the recording, and is exact."""
    source = PurePosixPath(clip.path)
    suffix = source.suffix if written_to(source) is not None else FALLBACK.written[0]
    target = intent.output / source.with_name(f"{source.stem}{ending}{suffix}")
    if was_made_here(segments_folder(intent.output, clip.path), target):
        return None  # by a run that was cut off just then
    return in_the_way(target)


def _leads_out(output: Path, folder: str) -> str:
    """Why results can't go to a folder of the output tree; empty if they can."""
    inside, whole = os.path.realpath(output / folder), os.path.realpath(output)
    if inside == whole or Path(whole) in Path(inside).parents:
        return ""
    return _("{folder} is a link that leads out of the output folder", folder=output / folder)


def make_plan(
    clips: Iterable[TreeFile],
    *,
    among: Iterable[TreeFile],
    journal: Journal | None,
    intent: Intent,
) -> list[Step]:
    """Decide for all recordings.

    Args:
        clips: those that are wanted.
        among: all of the tree, so that an output's name doesn't depend on what is wanted.
        journal: None if there is none yet.
        intent: of the run.

    Raises:
        OutputError: the journal can't be read.
    """
    entries = {} if journal is None else {entry.path: entry for entry in journal}
    endings = name_results(among, entries)
    clips = list(clips)
    outside = {folder: _leads_out(intent.output, folder) for folder in {c.folder for c in clips}}
    steps = []
    action: Action
    for clip in clips:
        entry, ending = entries.get(clip.path), endings[clip.path]
        if outside[clip.folder]:
            action, reason = "refuse", outside[clip.folder]
        else:
            action, reason = decide(clip, entry, intent, ending=ending)
        steps.append(Step(clip, action, reason, entry, ending))
    return steps


def make_job(
    step: Step,
    *,
    root: Path,
    output: Path,
    config: CleanConfig,
    recipe: str,
    segment_seconds: float,
    night_only: bool,
    results: bool,
) -> Job:
    """The job of a step that is work.

    Args:
        step: of the plan.
        root: the input tree.
        output: folder of the results.
        config: how to clean.
        recipe: its digest.
        segment_seconds: length of a segment.
        night_only: True leaves out what was taken by day.
        results: True cleans results of dashcam, too.
    """
    clip, entry = step.clip, step.entry
    return Job(
        path=clip.path,
        source=str((root / clip.path).absolute()),
        folder=str((output / clip.path).parent.absolute()),
        work=str(segments_folder(output, clip.path).absolute()),
        config=config.model_dump(mode="json"),
        recipe=recipe,
        segment_seconds=segment_seconds,
        ending=step.ending,
        known_sha256=entry.sha256 if entry is not None and step.action == "check" else "",
        night_only=night_only,
        results=results,
    )


def segments_folder(output: Path, path: str) -> Path:
    """Where the segments of a recording lie until it is done."""
    return work_folder(output) / "segments" / short_name(os.fsencode(path))
