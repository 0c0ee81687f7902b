"""What a recording was joined of: its clips, what lies between them, and what was lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.translation import Message

LOOSE: Final = 0.25
"""Seconds by which clips that touch seem to lie apart, or overlap, that are worth a word."""

_NAMED: Final = 5
"""Places named in the summary; the report holds all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFact:
    """A clip of a recording that was joined of several.

    Args:
        path: where it is.
        begin_s, end_s: its place in the output; None for a clip that isn't in it.
        frames: pictures of it that are in the output.
        gap_s: seconds before it of which there is no picture, as far as clocks tell.
        gap_kept: True if the output has that gap as well.
        overlap_s: seconds at its end that the next clip holds too, and that were cut for it.
        problem: what was lost of it, or why it isn't there; empty if it is whole.
    """

    path: str
    begin_s: float | None = None
    end_s: float | None = None
    frames: int = 0
    gap_s: float = 0.0
    gap_kept: bool = False
    overlap_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinFacts:
    """How a recording was joined.

    Args:
        clips: in order, those that are left out too.
        copied: True if the pictures' packets were copied, and none was encoded anew.
        checked: False if nobody looked whether what was copied is damaged.
        loose_s: seconds by which clips seem to lie apart, or overlap, at most, by a clock that
            can't tell so little; they were joined at once.
        sound: what was done to sound at the seams; empty where nothing had to be.
        notes: what else is to be known, a sentence each.
    """

    clips: tuple[ClipFact, ...] = ()
    copied: bool = False
    checked: bool = True
    loose_s: float = 0.0
    sound: str = ""
    notes: tuple[str, ...] = ()

    @property
    def faulty(self) -> tuple[ClipFact, ...]:
        """Clips of which something is missing."""
        return tuple(clip for clip in self.clips if clip.problem)

    @property
    def how_copied(self) -> Message:
        """What is to be said of copied packets."""
        if self.checked:
            return _("none: packets are copied as they are, and were looked through for damage")
        return _("none: packets are copied, and hardly looked at for damage")

    def rows(self) -> list[tuple[str, str]]:
        """Lines of the summary, as (what, how)."""
        inside = [clip for clip in self.clips if clip.begin_s is not None]
        length = max((clip.end_s or 0.0 for clip in inside), default=0.0)
        length -= min((clip.begin_s or 0.0 for clip in inside), default=0.0)
        count = _n("{n} clip, {time}", "{n} clips, {time}", len(inside), time=duration(length))
        rows: list[tuple[str, str]] = [(_("joined"), count)]
        kept = [clip for clip in inside if clip.gap_s and clip.gap_kept]
        closed = [clip for clip in inside if clip.gap_s and not clip.gap_kept]
        if kept:
            rows.append((_("gaps"), _("kept: {places}", places=_gaps(kept))))
        if closed:
            rows.append((_("gaps"), _("closed: {places}", places=_gaps(closed))))
        if cut := [clip for clip in inside if clip.overlap_s]:
            places = _first(
                [
                    _(
                        "{time} at {at}",
                        time=duration(clip.overlap_s),
                        at=duration(clip.end_s or 0.0),
                    )
                    for clip in cut
                ]
            )
            rows.append((_("overlaps"), _("cut once: {places}", places=places)))
        if self.loose_s >= LOOSE:
            rows.append((_("seams"), loose_seams(self.loose_s)))
        if self.sound:
            rows.append((_("sound"), self.sound))
        for clip in self.faulty:
            what = _("left out") if clip.begin_s is None else _("damaged")
            name = Path(clip.path).name
            named = name in clip.problem  # reasons of what can't be opened name the file
            rows.append((what, clip.problem if named else joined(": ", (name, clip.problem))))
        return [*rows, *((_("note"), note) for note in self.notes)]


def loose_seams(seconds: float) -> Message:
    """What is to be said of clips whose names can't tell whether they touch.

    Args:
        seconds: by which they seem to lie apart, or overlap, at most.
    """
    return _(
        "names tell whole seconds: about {time} may lack between clips, or be in both",
        time=duration(seconds),
    )


def _gaps(clips: Sequence[ClipFact]) -> Message:
    """How long, and where."""
    return _first(
        [
            _("{time} before {name}", time=duration(clip.gap_s), name=Path(clip.path).name)
            for clip in clips
        ]
    )


def _first(places: Sequence[str]) -> Message:
    """Some of them, with a sign where there are more."""
    more = ("...",) if len(places) > _NAMED else ()
    return joined(", ", (*places[:_NAMED], *more))
