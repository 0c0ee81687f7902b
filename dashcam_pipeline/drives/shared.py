"""What clips that follow one another both hold, told by their packets: what a join cuts once.

Names tell whole seconds, and so can't tell whether a camera begins each clip with the last half
second of the one before. Its packets can, and are the same at every seam of a camera: where the
first ones share nothing, the others aren't looked at, for a card is slow to read.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.drives.grouping import distance_of
from dashcam_pipeline.drives.model import Seam
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media import containers
from dashcam_pipeline.media.joined.clip import look_at
from dashcam_pipeline.media.joined.overlap import shared_seconds

if TYPE_CHECKING:
    from dashcam_pipeline.drives.model import CameraRun, Clip, Drive, Survey
    from dashcam_pipeline.media.joined.clip import Clip as Looked

FIRST: Final = 2
"""Seams of a camera that are looked at in any case."""

REACH: Final = Fraction(3)
"""Seconds of each clip that are looked at: what clips can share by names that say they touch, and
one more."""


def with_shared(found: Survey) -> Survey:
    """The same drives, with what packets tell about their seams.

    Args:
        found: by names and headers.
    """
    return replace(found, drives=tuple(_looked_into(drive) for drive in found.drives))


def _looked_into(drive: Drive) -> Drive:
    cameras = tuple(replace(run, seams=_seams(run)) for run in drive.cameras)
    return replace(drive, cameras=cameras, distance=distance_of(cameras))


def _seams(run: CameraRun) -> tuple[Seam, ...]:
    look = lru_cache(maxsize=2)(_look)
    seams = list(run.seams)
    near = [place for place, seam in enumerate(seams) if _may_share(seam)]
    shared = 0
    for number, place in enumerate(near):
        if number >= FIRST and not shared:
            break
        before, after = look(run.clips[place]), look(run.clips[place + 1])
        if before is None or after is None:
            continue
        if seconds := shared_seconds(before, after):
            seams[place] = Seam("overlap", seconds)
            shared += 1
    return tuple(seams)


def _may_share(seam: Seam) -> bool:
    return seam.kind == "touching" or (seam.kind == "overlap" and seam.seconds < REACH)


def _look(clip: Clip) -> Looked | None:
    """A clip's ends; None where that would need all of it, or it can't be read any more."""
    if not clip.container or not containers.named(clip.container).lists_pictures:
        return None
    try:
        return look_at(clip.path, reach=REACH)
    except InputError:
        return None
