"""Clips into drives: pauses part them, copies stand aside, seams are named."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.drives.events import events_of
from dashcam_pipeline.drives.model import (
    CAMERAS,
    CameraRun,
    Clip,
    Damaged,
    Distance,
    Drive,
    DriveKind,
    Seam,
)
from dashcam_pipeline.drives.route import FASTEST, STEP, apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashcam_pipeline.dashcam.names import Camera

PAUSE: Final = 300.0
"""Seconds without any recording after which another drive begins: a camera stops with the ignition,
and five minutes are longer than a fuel stop's photograph and shorter than shopping."""

TOUCHING: Final = 1.0
"""Seconds that clips may lie apart or overlap and still touch: names tell whole seconds, cut
off, so that a distance between two of them is wrong by less than one."""

MISSING: Final = 1800.0
"""Seconds of a drive that may be missing, if the car drove on meanwhile: a camera writes over its
oldest clips, and somebody may have copied some alone."""

DRIVING: Final = 3.0
"""Metres a second as the crow flies (11 km/h), faster than on foot: the car was driven on."""

_LATE: Final = 3.0
"""Seconds without a position at the ends of clips that touch."""

COVERED: Final = 0.5
"""Share of a clip that others must show before it counts as a copy."""

_PARKED: Final = frozenset(("parking", "timelapse"))


def group(
    clips: Sequence[Clip], card: str, *, damaged: Sequence[Damaged] = (), pause: float = PAUSE
) -> list[Drive]:
    """Put the clips of one card into drives.

    Args:
        clips: in any order.
        card: as of ``Drive``.
        damaged: what can't be opened of that card.
        pause: seconds without any recording after which another drive begins.

    Returns:
        drives, and what was recorded while parked between them, in order of time.
    """
    parked = [clip for clip in clips if clip.mode in _PARKED]
    moving = [clip for clip in clips if clip.mode not in _PARKED]
    kept, copies = _without_copies(moving)
    drives = [_drive("drive", card, part) for part in _parted(kept, pause)]
    begins = [drive.instant for drive in drives]
    drives += [_drive("parked", card, part) for part in _between(parked, begins)]
    drives.sort(key=lambda drive: drive.instant)
    done = []
    for drive in drives:
        own = tuple(copy for copy in copies if _nearest(drives, copy.instant) is drive)
        done.append(
            replace(
                drive,
                copies=own,
                damaged=tuple(one for one in damaged if _of(drive, one, pause)),
                distance=distance_of(drive.cameras),
                events=events_of((*drive.clips, *own)),
            )
        )
    return done


def distance_of(runs: Sequence[CameraRun]) -> Distance | None:
    """How far a drive went, along the camera that knows most of its way.

    Where clips are missing the way between them counts as straight; where they overlap it counts
    once.

    Args:
        runs: of its cameras.
    """
    run = max(runs, key=lambda one: sum(clip.route is not None for clip in one.clips))
    metres, whole, before = 0.0, True, None
    for seam, clip in zip((None, *run.seams), run.clips, strict=True):
        if clip.route is None:
            whole = False
            continue
        twice = seam.seconds if seam is not None and seam.kind == "overlap" else 0.0
        metres += clip.route.metres * (1 - min(1.0, twice / clip.duration if clip.duration else 0))
        whole = whole and clip.route.whole and (seam is None or seam.kind != "gap")
        if before is not None and not twice:
            metres += _between_clips(before, clip)
        before = clip
    return None if before is None else Distance(metres, whole)


def _between_clips(one: Clip, other: Clip) -> float:
    """Metres from the last position of a clip to the first one of another."""
    if one.route is None or other.route is None:
        return 0.0
    metres = apart(one.route.last, other.route.first)
    seconds = max(other.instant - one.end_instant, 0.0) + _LATE
    return metres if STEP <= metres <= FASTEST * seconds else 0.0


def _nearest(drives: Sequence[Drive], instant: float) -> Drive:
    """The drive that an instant lies in; of one that lies in none, the nearest."""
    return min(drives, key=lambda d: max(d.instant - instant, instant - d.instant - d.length, 0.0))


def _of(drive: Drive, damaged: Damaged, pause: float) -> bool:
    """Whether a clip that can't be opened would be of a drive."""
    margin = timedelta(seconds=pause)
    return drive.start - margin <= damaged.start <= drive.end + margin


def _parted(clips: Sequence[Clip], pause: float) -> list[list[Clip]]:
    """Clips parted where nothing was recorded for longer than a pause.

    A car that went on driving meanwhile made no pause: clips of its way are missing.
    """
    parts: list[list[Clip]] = []
    reach = float("-inf")
    before: Clip | None = None  # the last one with a position
    for clip in sorted(clips, key=lambda c: c.instant):
        if not parts or (clip.instant - reach > pause and not _drove_on(before, clip)):
            parts.append([])
        parts[-1].append(clip)
        reach = max(reach, clip.end_instant)
        before = clip if clip.route is not None else before
    return parts


def _drove_on(before: Clip | None, clip: Clip) -> bool:
    """Whether a car can only have come from one clip's place to the other's by driving on."""
    if before is None or before.route is None or clip.route is None:
        return False
    seconds = clip.instant - before.end_instant
    return seconds <= MISSING and apart(before.route.last, clip.route.first) >= seconds * DRIVING


def _between(clips: Sequence[Clip], begins: Sequence[float]) -> list[list[Clip]]:
    """Clips of a parked car: together, as long as no drive begins between them."""
    parts: dict[int, list[Clip]] = {}
    for clip in clips:
        parts.setdefault(sum(begin <= clip.instant for begin in begins), []).append(clip)
    return list(parts.values())


@dataclass(slots=True)
class _Shown:
    """What of a camera's time is shown already.

    Args:
        spans: begin and end of clips, in order.
        longest: seconds of the longest of them.
    """

    spans: list[tuple[float, float]] = field(default_factory=list)
    longest: float = 0.0

    def share(self, clip: Clip) -> float:
        """Of a clip that others show; 1 for one without a length that lies in another."""
        first = bisect_left(self.spans, (clip.instant - self.longest,))
        last = bisect_right(self.spans, (clip.end_instant, float("inf")))
        near = self.spans[first:last]
        if not clip.duration:
            return float(any(a <= clip.instant < b for a, b in near))
        shared = sum(max(0.0, min(b, clip.end_instant) - max(a, clip.instant)) for a, b in near)
        return shared / clip.duration

    def add(self, clip: Clip) -> None:
        """Count a clip in."""
        insort(self.spans, (clip.instant, clip.end_instant))
        self.longest = max(self.longest, clip.duration)


def _without_copies(clips: Sequence[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Clips that show something new, and those that show what better ones show."""
    kept: list[Clip] = []
    copies: list[Clip] = []
    shown: dict[Camera, _Shown] = {camera: _Shown() for camera in CAMERAS}
    for clip in sorted(clips, key=_worth):
        if shown[clip.camera].share(clip) > COVERED:
            copies.append(clip)
            continue
        shown[clip.camera].add(clip)
        kept.append(clip)
    return kept, copies


def _worth(clip: Clip) -> tuple[bool, bool, bool, int, float, str]:
    """Originals before results, whole ones first, an ordinary drive before an event saved apart."""
    return (
        clip.result,
        not clip.whole,
        clip.mode != "normal",
        -clip.width * clip.height,
        clip.instant,
        clip.name,
    )


def _drive(kind: DriveKind, card: str, clips: Iterable[Clip]) -> Drive:
    by_camera: dict[Camera, list[Clip]] = {}
    for clip in sorted(clips, key=lambda c: (c.instant, c.name)):
        by_camera.setdefault(clip.camera, []).append(clip)
    runs = tuple(
        CameraRun(camera, tuple(by_camera[camera]), seams(by_camera[camera]))
        for camera in CAMERAS
        if camera in by_camera
    )
    return Drive(kind=kind, card=card, cameras=runs)


def seams(clips: Sequence[Clip]) -> tuple[Seam, ...]:
    """How clips of a camera follow one another.

    Args:
        clips: in order.
    """
    return tuple(_seam(b.instant - a.end_instant) for a, b in pairwise(clips))


def _seam(apart: float) -> Seam:
    if abs(apart) <= TOUCHING:
        return Seam("touching", apart)
    return Seam("gap", apart) if apart > 0 else Seam("overlap", -apart)
