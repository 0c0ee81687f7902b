"""What is to be done with each recording, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

from dashcam_pipeline.batch.job import Job
from dashcam_pipeline.batch.journal import WHOLE, work_folder
from dashcam_pipeline.inference.digest import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashcam_pipeline.batch.discovery import TreeFile
    from dashcam_pipeline.batch.journal import Entry, Journal
    from dashcam_pipeline.config import CleanConfig

Action: TypeAlias = Literal["clean", "check", "skip"]
"""``check``: the source's time changed; whether its content did is found when its turn comes."""


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


def decide(  # noqa: PLR0911 - one for each reason
    clip: TreeFile, entry: Entry | None, recipe: str, output: Path, *, night_only: bool = False
) -> tuple[Action, str]:
    """What is to be done with a recording.

    Args:
        clip: the recording.
        entry: what is on record of it.
        recipe: digest of this run's.
        output: folder of the results.
        night_only: False does also what an earlier run left out as taken by day.
    """
    if entry is None or (entry.status == "bright" and not night_only):
        return "clean", "new"
    same = entry.same_source(clip.size, clip.mtime_ns)
    if entry.status == "bright":
        return ("skip", entry.reason) if same else ("clean", "the recording changed")
    if entry.status not in WHOLE:
        return "clean", "interrupted" if entry.status == "started" else "failed before"
    if entry.recipe != recipe:
        return "clean", "other settings, weights or versions"
    if not entry.output_is_whole(output):
        return "clean", "its output is gone or was changed"
    if same:
        return "skip", "done"
    if entry.size == clip.size and entry.sha256:
        return "check", "its file time changed"
    return "clean", "the recording changed"


def make_plan(
    clips: Iterable[TreeFile],
    *,
    among: Iterable[TreeFile],
    journal: Journal | None,
    recipe: str,
    output: Path,
    night_only: bool = False,
) -> list[Step]:
    """Decide for all recordings.

    Args:
        clips: those that are wanted.
        among: all of the tree, so that an output's name doesn't depend on what is wanted.
        journal: None if there is none yet.
        recipe: digest of this run's.
        output: folder of the results.
        night_only: False does also what an earlier run left out as taken by day.
    """
    endings = _endings(among)
    steps = []
    for clip in clips:
        entry = journal.get(clip.path) if journal is not None else None
        action, reason = decide(clip, entry, recipe, output, night_only=night_only)
        steps.append(Step(clip, action, reason, entry, endings.get(clip.path, "")))
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
) -> Job:
    """The job of a step that isn't to be skipped.

    Args:
        step: of the plan.
        root: the input tree.
        output: folder of the results.
        config: how to clean.
        recipe: its digest.
        segment_seconds: length of a segment.
        night_only: True leaves out what was taken by day.
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
        may_replace=entry is not None and bool(entry.output),
    )


def segments_folder(output: Path, path: str) -> Path:
    """Where the segments of a recording lie until it is done."""
    name = short_name(path.encode(errors="surrogateescape"))
    return work_folder(output) / "segments" / name


def _endings(clips: Iterable[TreeFile]) -> dict[str, str]:
    """What must be added to names, where two recordings differ in their extension alone."""
    taken: set[str] = set()
    endings = {}
    for clip in sorted(clips, key=lambda c: c.path):
        path = PurePosixPath(clip.path)
        # Without case, as the cards' own file system sees names.
        name = str(path.with_suffix("")).lower()
        if name in taken:
            endings[clip.path] = f"_{path.suffix[1:].lower()}"
        taken.add(name)
    return endings
