"""What a drive is made of: clips, in the order in which they were recorded, by camera.

``start`` and ``end`` are what a clock in the car showed, without a zone. Clocks jump (summer time,
a camera whose battery was empty); ``instant`` doesn't: where one drive's clips lie, and how long
anything took, comes from it alone.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from dashcam_pipeline.dashcam.names import Camera, Mode
    from dashcam_pipeline.drives.happenings import Happening
    from dashcam_pipeline.drives.route import Route

StartSource: TypeAlias = Literal["name", "telemetry", "container", "file"]
"""What a clip's start is known from: ``container`` is its metadata, ``file`` the file's time."""

SeamKind: TypeAlias = Literal["touching", "gap", "overlap"]

DriveKind: TypeAlias = Literal["drive", "parked"]
"""``parked``: what a parking guard or a time lapse recorded between drives."""

EventKind: TypeAlias = Literal["event", "manual", "parking", "braking", "force", "speed"]
"""The first three are the camera's own: something happened, the driver pressed the button, and what
a parking guard saw. The others as of ``HappeningKind``."""

CAMERAS: Final[tuple[Camera, ...]] = ("front", "rear", "interior", "left", "right", "telephoto")
"""The order in which cameras are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One recording.

    Args:
        path: where it is.
        name: the same, relative to the folder that was looked at, with forward slashes.
        camera: ``front`` where nothing says which.
        mode: why it was recorded; ``normal`` where nothing says so.
        start: local time, right also where the camera's clock was wrong.
        instant: seconds on a clock that never jumps, the same for all clips of a card: of UTC
            (POSIX) where ``utc`` is known, else of the local time taken for UTC.
        utc: the start in UTC, where satellites tell it of this clip or of one near it.
        duration: seconds; 0 where the header doesn't say.
        start_from: what ``start`` is known from.
        clock_error: by how much the camera's clock was ahead, beyond what a time zone explains.
        sequence: the camera's own counter, where the name has one.
        size: in bytes.
        container, codec, width, height: as the header says.
        whole: False if the file is shorter than it says itself.
        result: True if dashcam made it.
        route: where it went; None without positions.
        happenings: what its G-sensor and its speed say.
    """

    path: Path
    name: str
    camera: Camera
    mode: Mode
    start: datetime
    instant: float
    duration: float
    start_from: StartSource = "name"
    utc: datetime | None = None
    clock_error: timedelta = timedelta(0)
    sequence: int | None = None
    size: int = 0
    container: str = ""
    codec: str | None = None
    width: int = 0
    height: int = 0
    whole: bool = True
    result: bool = False
    route: Route | None = None
    happenings: tuple[Happening, ...] = ()

    @property
    def end(self) -> datetime:
        """When the last picture was over, as ``start``."""
        return self.start + timedelta(seconds=self.duration)

    @property
    def end_instant(self) -> float:
        """The same, as ``instant``."""
        return self.instant + self.duration

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "path": self.name,
            "camera": self.camera,
            "mode": self.mode,
            "start": self.start.isoformat(),
            "start_from": self.start_from,
            "utc": _utc(self.utc),
            "duration_s": round(self.duration, 3),
            "clock_error_s": round(self.clock_error.total_seconds(), 3),
            "container": self.container,
            "codec": self.codec,
            "width": self.width,
            "height": self.height,
            "size_bytes": self.size,
            "whole": self.whole,
            "result": self.result,
            "distance_m": None if self.route is None else round(self.route.metres, 1),
        }


@dataclass(frozen=True, slots=True)
class Seam:
    """How a clip follows the one before it.

    Args:
        kind: ``touching`` if no more lies between them than clocks of whole seconds can hide.
        seconds: that are missing, or that both show; what was measured, also if they touch (then
            negative for an overlap).
    """

    kind: SeamKind
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"kind": self.kind, "seconds": round(self.seconds, 3)}


@dataclass(frozen=True, slots=True)
class CameraRun:
    """What one camera recorded of a drive.

    Args:
        camera: which.
        clips: in order.
        seams: ``seams[i]`` lies between ``clips[i]`` and ``clips[i + 1]``.
    """

    camera: Camera
    clips: tuple[Clip, ...]
    seams: tuple[Seam, ...]

    def at(self, instant: float) -> Clip | None:
        """The clip that shows an instant; of two that overlap, the later one."""
        place = bisect_right(self.clips, instant, key=lambda clip: clip.instant)
        clip = self.clips[place - 1] if place else None
        return clip if clip is not None and instant < clip.end_instant else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "camera": self.camera,
            "clips": [clip.to_dict() for clip in self.clips],
            "seams": [seam.to_dict() for seam in self.seams],
        }


@dataclass(frozen=True, slots=True)
class Damaged:
    """A recording that can't be opened.

    Args:
        path, name, camera: as of ``Clip``.
        start: by its name, else by the file's time.
        reason: a sentence.
        advice: what to do about it; empty if there is nothing.
    """

    path: Path
    name: str
    camera: Camera
    start: datetime
    reason: str
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "path": self.name,
            "camera": self.camera,
            "start": self.start.isoformat(),
            "reason": self.reason,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a drive went.

    Args:
        metres: along its positions.
        whole: False if there were stretches without any, or only some were looked at: it was at
            least so far.
    """

    metres: float
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth looking at.

    Args:
        kind: why.
        clip: the recording that shows it, of the first camera that does.
        cameras: all that saved it, where the camera itself did.
        at, until: seconds of the clip; all of it where the camera saved it.
        peak: second of the strongest moment; where nothing tells, ``at``.
        g: the strongest force that was held, None where none was felt.
        before, after: speed in metres a second, None where it isn't known.
        latitude, longitude: degrees (WGS 84), None where they aren't known.
    """

    kind: EventKind
    clip: Clip
    cameras: tuple[Camera, ...]
    at: float
    until: float
    peak: float
    g: float | None = None
    before: float | None = None
    after: float | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def start(self) -> datetime:
        """Local time of its strongest moment."""
        return self.clip.start + timedelta(seconds=self.peak)

    @property
    def instant(self) -> float:
        """When it began, as ``Clip.instant``."""
        return self.clip.instant + self.at

    @property
    def end_instant(self) -> float:
        """When it was over, likewise."""
        return self.clip.instant + self.until

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        utc = self.clip.utc
        return {
            "kind": self.kind,
            "start": self.start.isoformat(timespec="milliseconds"),
            "utc": _utc(utc + timedelta(seconds=self.peak) if utc else None),
            "path": self.clip.name,
            "camera": self.clip.camera,
            "cameras": list(self.cameras),
            "at_s": round(self.at, 3),
            "until_s": round(self.until, 3),
            "peak_s": round(self.peak, 3),
            "g": _rounded(self.g),
            "speed_before_mps": _rounded(self.before),
            "speed_after_mps": _rounded(self.after),
            "latitude": self.latitude,
            "longitude": self.longitude,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """Clips that belong together: one way from A to B, or what was seen while parked.

    Args:
        kind: which of the two.
        card: folder of the card, relative to the folder that was looked at; ``.`` for itself.
        cameras: those that recorded it, ``front`` first.
        copies: recordings of moments that others in ``cameras`` show as well: events that the
            camera saved apart, a lower quality, results of dashcam beside their source.
        damaged: clips of this time that can't be opened; each leaves a gap.
        distance: None without positions.
        events: in order of time.
    """

    kind: DriveKind
    card: str
    cameras: tuple[CameraRun, ...]
    copies: tuple[Clip, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    distance: Distance | None = None
    events: tuple[Event, ...] = ()

    @property
    def clips(self) -> tuple[Clip, ...]:
        """Of all cameras, in order of time."""
        return tuple(sorted((c for r in self.cameras for c in r.clips), key=_order))

    @property
    def start(self) -> datetime:
        """Local time of the first picture of any camera."""
        return self.clips[0].start

    @property
    def end(self) -> datetime:
        """Local time of the last one's end."""
        return max(self.clips, key=lambda clip: clip.end_instant).end

    @property
    def instant(self) -> float:
        """The start, as of ``Clip.instant``."""
        return self.clips[0].instant

    @property
    def length(self) -> float:
        """Seconds from start to end that really passed, whatever clocks showed."""
        return max(clip.end_instant for clip in self.clips) - self.instant

    @property
    def recorded(self) -> float:
        """Seconds of it that at least one camera recorded."""
        total, reach = 0.0, float("-inf")
        for clip in self.clips:
            total += max(0.0, clip.end_instant - max(clip.instant, reach))
            reach = max(reach, clip.end_instant)
        return total

    def run_of(self, camera: Camera) -> CameraRun | None:
        """What one of the cameras recorded; None if it wasn't there."""
        return next((run for run in self.cameras if run.camera == camera), None)

    def moments(self) -> tuple[Mapping[Camera, Clip], ...]:
        """Clips of the same time side by side, in order of time.

        Each clip of the first camera goes with that clip of every other one that shows most of the
        same time; cameras may begin a second apart. What the first camera has nothing of stands
        alone.
        """
        if not self.cameras:
            return ()
        leading, *others = self.cameras
        rows: list[dict[Camera, Clip]] = [{leading.camera: clip} for clip in leading.clips]
        for run in others:
            for clip in run.clips:
                shared = [_shared(lead, clip) for lead in leading.clips]
                row = rows[shared.index(max(shared))]
                if max(shared) > 0 and run.camera not in row:
                    row[run.camera] = clip
                else:
                    rows.append({run.camera: clip})
        return tuple(sorted(rows, key=lambda row: min(c.instant for c in row.values())))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "kind": self.kind,
            "card": self.card,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "utc": _utc(self.clips[0].utc),
            "length_s": round(self.length, 3),
            "recorded_s": round(self.recorded, 3),
            "distance_m": None if self.distance is None else round(self.distance.metres, 1),
            "distance_whole": None if self.distance is None else self.distance.whole,
            "events": [event.to_dict() for event in self.events],
            "cameras": [run.to_dict() for run in self.cameras],
            "copies": [clip.to_dict() for clip in self.copies],
            "damaged": [one.to_dict() for one in self.damaged],
        }


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a folder.

    Args:
        root: the folder.
        drives: in order of time, card by card.
        damaged: recordings that can't be opened, also those that are of no drive.
        notes: what else was left out, a sentence each.
    """

    root: Path
    drives: tuple[Drive, ...]
    damaged: tuple[Damaged, ...] = ()
    notes: tuple[str, ...] = ()


def _order(clip: Clip) -> tuple[float, int, str]:
    return clip.instant, CAMERAS.index(clip.camera), clip.name


def _shared(one: Clip, other: Clip) -> float:
    """Seconds that two clips both show; a little where a header doesn't say how long one is."""
    begin = max(one.instant, other.instant)
    if not (one.duration and other.duration):
        return 1e-6 if abs(one.instant - other.instant) <= 1 else 0.0
    return min(one.end_instant, other.end_instant) - begin


def _utc(time: datetime | None) -> str | None:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z") if time else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
