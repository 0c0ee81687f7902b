"""Clips into drives: pauses part them, copies stand aside, seams are named."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.drives.model import CAMERAS, CameraRun, Clip, Damaged, Drive, DriveKind, Seam

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashcam_pipeline.dashcam.names import Camera

PAUSE: Final = 300.0
"""Seconds without any recording after which another drive begins: a camera stops with the ignition,
and five minutes are longer than a fuel stop's photograph and shorter than shopping."""

TOUCHING: Final = 1.0
"""Seconds that clips may lie apart or overlap and still touch: names tell whole seconds, cut
off, so that a distance between two of them is wrong by less than one."""

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
    return [
        replace(
            drive,
            copies=tuple(c for c in copies if _nearest(drives, c.instant) is drive),
            damaged=tuple(d for d in damaged if _of(drive, d, pause)),
        )
        for drive in drives
    ]


def _nearest(drives: Sequence[Drive], instant: float) -> Drive:
    """The drive that an instant lies in; of one that lies in none, the nearest."""
    return min(drives, key=lambda d: max(d.instant - instant, instant - d.instant - d.length, 0.0))


def _of(drive: Drive, damaged: Damaged, pause: float) -> bool:
    """Whether a clip that can't be opened would be of a drive."""
    margin = timedelta(seconds=pause)
    return drive.start - margin <= damaged.start <= drive.end + margin


def _parted(clips: Sequence[Clip], pause: float) -> list[list[Clip]]:
    """Clips parted where nothing was recorded for longer than a pause."""
    parts: list[list[Clip]] = []
    reach = float("-inf")
    for clip in sorted(clips, key=lambda c: c.instant):
        if not parts or clip.instant - reach > pause:
            parts.append([])
        parts[-1].append(clip)
        reach = max(reach, clip.end_instant)
    return parts


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
    """

    spans: list[tuple[float, float]] = field(default_factory=list)

    def share(self, clip: Clip) -> float:
        """Of a clip that others show; 1 for one without a length that lies in another."""
        if not clip.duration:
            return float(any(a <= clip.instant < b for a, b in self.spans))
        shared = sum(
            max(0.0, min(b, clip.end_instant) - max(a, clip.instant)) for a, b in self.spans
        )
        return shared / clip.duration

    def add(self, clip: Clip) -> None:
        """Count a clip in."""
        insort(self.spans, (clip.instant, clip.end_instant))


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
