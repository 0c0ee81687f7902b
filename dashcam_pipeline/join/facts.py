"""What became of every clip, read back from the run."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.engine.join_facts import ClipFact, JoinFacts
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.engine.report import what_is_damaged, what_was_lost
from dashcam_pipeline.media.fitting import Fit
from dashcam_pipeline.media.joined.likeness import differences
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from dashcam_pipeline.join.gathering import Gathered
    from dashcam_pipeline.media.joined.reader import ClipCount, JoinedReader
    from dashcam_pipeline.media.source import Chapter, SourceInfo
    from dashcam_pipeline.translation import Message

FEW: Final = 0.1
"""Seconds that a clip which isn't whole must lack for its gap to be spoken of."""

FAR: Final = 0.001
"""Seconds: sound that lies off its picture by less isn't spoken of."""

_SHORT: Final = 0.1
"""Seconds below which silence is told in milliseconds: a packet lasts 20."""


def facts_of(
    gathered: Gathered, reader: JoinedReader, *, copied: bool, checked: bool = True
) -> JoinFacts:
    """What became of the clips.

    Args:
        gathered: the clips, and what lies between them.
        reader: read to its end.
        copied: True if no picture was encoded anew.
        checked: as of ``JoinFacts``.
    """
    joined_clips = gathered.joined
    base = joined_clips.time_base
    facts = []
    gaps = [0.0, *(between.gap_s for between in gathered.between)]
    kept = [False, *(bool(between.seam.gap) for between in gathered.between)]
    problems = [problem_of(count, copied=copied) for count in reader.clips]
    for number, between in enumerate(gathered.between):
        if problems[number] and between.loose_s >= FEW:  # it isn't only the clock: something lacks
            gaps[number + 1] = between.loose_s
    for number, (one, count) in enumerate(zip(joined_clips.clips, reader.clips, strict=True)):
        begin = float(one.begin * base)
        facts.append(
            ClipFact(
                path=str(one.clip.path),
                begin_s=None if count.problem else begin,
                end_s=None if count.problem else begin + float(one.length),
                frames=count.pictures,
                gap_s=round(gaps[number], 3),
                gap_kept=kept[number],
                overlap_s=float(one.overlap),
                problem=problems[number],
            )
        )
    facts += [ClipFact(path=str(path), problem=why) for path, why in gathered.left_out]
    return JoinFacts(
        clips=tuple(facts),
        copied=copied,
        checked=checked,
        sound=_sound(reader),
        loose_s=max((abs(between.loose_s) for between in gathered.between), default=0.0),
        notes=(
            *gathered.notes,
            *_unproven(gathered),
            *_unmatched(gathered),
            *_headless(gathered),
            *(() if copied else _barred(gathered)),
        ),
    )


def problem_of(count: ClipCount, *, copied: bool) -> str:
    """What was lost of a clip, or is damaged in it; empty if it is whole."""
    if count.problem or count.found is None or not count.found.frames.damaged:
        return count.problem
    return (what_is_damaged if copied else what_was_lost)(count.found.frames)


def chapters_of(info: SourceInfo, reader: JoinedReader) -> tuple[Chapter, ...]:
    """Chapters of a joined recording; those of clips that aren't whole say so.

    Args:
        info: with a chapter for each clip.
        reader: read to its end.
    """
    marks = [
        " (missing)" if count.problem else " (damaged)" if problem_of(count, copied=True) else ""
        for count in reader.clips
    ]
    return tuple(
        replace(chapter, metadata={"title": chapter.metadata["title"] + mark}) if mark else chapter
        for chapter, mark in zip(info.chapters, marks, strict=True)
    )


def _sound(reader: JoinedReader) -> str:
    """What was done to sound at the seams."""
    patches = [line.patched for line in reader.sounds.values()]
    offsets = [abs(offset) for patched in patches for offset in patched.offsets]
    said: list[str] = []
    if offsets and max(offsets) >= FAR:
        said.append(_("within {offset:.0f} ms of the picture", offset=1000 * max(offsets)))
    if bridged := max((patched.bridged for patched in patches), default=0.0):
        time = _("{n} ms", n=round(1000 * bridged)) if bridged < _SHORT else duration(bridged)
        said.append(_("{time} of silence where clips have none", time=time))
    if holes := sum(patched.holes for patched in patches):
        said.append(_("{time} without any sound", time=duration(holes)))
    return joined(", ", said)


def _unproven(gathered: Gathered) -> list[Message]:
    return [
        _(
            "{before} and {after} overlap by {time} by the camera's clock, but their pictures "
            "don't show where; nothing was cut.",
            before=one.clip.path.name,
            after=other.clip.path.name,
            time=duration(between.unproven_s),
        )
        for between, one, other in zip(
            gathered.between, gathered.joined.clips, gathered.joined.clips[1:], strict=False
        )
        if between.unproven_s
    ]


def _unmatched(gathered: Gathered) -> list[Message]:
    """Tracks of clips that the joined recording has no place for, or lacks for a while."""
    first = gathered.joined.clips[0].clip
    said: list[Message] = []
    for one, pairs in zip(gathered.joined.clips, gathered.tracks, strict=True):
        own = [t for t in one.clip.info.others if not t.cover and t.kind != "attachment"]
        for track in own:
            if track.index in pairs:
                continue
            like = next((t for t in first.info.others if t.kind == track.kind), None)
            what = (
                ", ".join(
                    differences(first.parameters[like.index], one.clip.parameters[track.index])
                )
                if like is not None
                else ""
            )
            text = (
                _(
                    "{track} of {name} is not in it: it differs from the first clip's ({what}).",
                    track=track.label,
                    name=one.clip.path.name,
                    what=what,
                )
                if what
                else _(
                    "{track} of {name} is not in it: the first clip has no such track.",
                    track=track.label,
                    name=one.clip.path.name,
                )
            )
            said.append(text)
    return said


def _barred(gathered: Gathered) -> list[Message]:
    """Clips of another shape than the first one's."""
    video = gathered.joined.info.video
    said: list[Message] = []
    for one in gathered.joined.clips[1:]:
        own = one.clip.info.video
        fit = Fit.of((own.width, own.height), own.sample_aspect_ratio or Fraction(1), video)
        if (fit.width, fit.height) != (video.width, video.height):
            size = f"{own.width}x{own.height}"
            said.append(
                _(
                    "{name} has another shape ({size}): there are black bars beside its pictures.",
                    name=one.clip.path.name,
                    size=size,
                )
            )
    return said


def _headless(gathered: Gathered) -> list[Message]:
    return [
        _(
            "{name} begins in the middle of a group of pictures: its first ones may be damaged.",
            name=one.clip.path.name,
        )
        for one in gathered.joined.clips[1:]
        if not one.clip.opens
    ]
