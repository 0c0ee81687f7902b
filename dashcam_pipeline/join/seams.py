"""What lies between two clips of a camera: nothing, a gap, or what both of them hold."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.drives.grouping import TOUCHING
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.media.joined.clip import USUAL_STEP
from dashcam_pipeline.media.joined.overlap import closed_place, same_packets, same_pictures
from dashcam_pipeline.media.joined.place import Seam
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.drives.model import Clip as Listed
    from dashcam_pipeline.join.options import Gaps
    from dashcam_pipeline.media.joined.clip import Clip

LONGEST: Final = 3600.0
"""Seconds of a gap that is kept, at most: nobody looks at a still picture for longer."""


NEAR: Final = USUAL_STEP / 2
"""Seconds by which a clock that runs on may be off: a last picture's length is a guess."""


@dataclass(frozen=True, slots=True)
class Between:
    """What was found between two clips.

    Args:
        seam: as the clips are joined.
        gap_s: seconds of which there is no picture, by the cameras' clock; kept or closed.
        unproven_s: seconds that both hold by that clock, though their pictures don't show it:
            nothing was cut.
        loose_s: seconds by which they seem to lie apart (or overlap, if negative) by a clock that
            can't tell so little: they were joined at once.
    """

    seam: Seam
    gap_s: float = 0.0
    unproven_s: float = 0.0
    loose_s: float = 0.0


def find_seams(
    listed: Sequence[Listed], clips: Sequence[Clip], *, gaps: Gaps, timed: bool
) -> list[Between]:
    """Look between clips that follow one another.

    Args:
        listed: by name and header.
        clips: the same, as they were looked at.
        gaps: kept or closed.
        timed: False if nothing reliable says when they began.

    Raises:
        UsageError: a gap is too long to be kept.
    """
    pairs = zip(pairwise(listed), pairwise(clips), strict=True)
    return [
        _between(before, after, by_clock(*names) if timed else 0.0, gaps)
        for names, (before, after) in pairs
    ]


def by_clock(before: Listed, after: Listed) -> float:
    """Seconds between two clips by the camera's clock; negative where they overlap.

    The time of a file may be that of its copy: it says nothing.
    """
    if "file" in {before.start_from, after.start_from}:
        return 0.0
    return after.instant - before.end_instant


def _between(before: Clip, after: Clip, apart: float, gaps: Gaps) -> Between:
    cut = same_packets(before, after)
    if cut is not None:
        return Between(Seam(cut=cut))
    exact = on_one_clock(before, after, apart)
    touching, loose = (TOUCHING, apart) if exact is None else (float(NEAR), 0.0)
    apart = apart if exact is None else float(exact)
    if apart < -touching:
        pts = same_pictures(before, after, -apart)
        cut = None if pts is None else closed_place(before.tail, pts)
        return Between(Seam(cut=cut), unproven_s=0.0 if cut is not None else -apart)
    if apart <= touching:
        return Between(Seam(), loose_s=loose)
    if gaps == "close":
        return Between(Seam(), gap_s=apart)
    if apart > LONGEST:
        raise UsageError(
            _(
                "there are {time} between {before} and {after}, too long for a gap that is kept.",
                time=duration(apart),
                before=before.path.name,
                after=after.path.name,
            ),
            advice=_('Pass `gaps="close"`, or join what belongs together.'),
        )
    gap = Fraction(apart).limit_denominator(1000) if exact is None else exact
    return Between(Seam(gap=gap), gap_s=apart)


def on_one_clock(before: Clip, after: Clip, apart: float) -> Fraction | None:
    """Seconds between two clips whose own clock runs on, as in the files of some TS cameras.

    Args:
        before, after: clips that follow one another.
        apart: seconds between them by names, which are off by less than ``TOUCHING``.

    Returns:
        exact seconds, negative where they overlap; None where each clip has a clock of its own.
    """
    own = after.first * after.time_base - before.end * before.time_base
    # A clock that begins again would lie a whole clip off.
    runs_on = abs(own - apart) <= TOUCHING and before.length > 2 * TOUCHING
    return own if runs_on else None
