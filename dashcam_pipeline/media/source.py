"""What a recording is: its container, its tracks, its colour and its clock.

These are plain facts, free of open files; ``probe`` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from fractions import Fraction
    from pathlib import Path

    from dashcam_pipeline.frames import Color, FirstField, Message, PixelLayout
    from dashcam_pipeline.media.color import ColorDecision
    from dashcam_pipeline.media.planes import PixelFormat

TrackKind: TypeAlias = Literal["video", "audio", "subtitle", "data", "attachment", "unknown"]

FIELDS_APART: Final = frozenset(("hevc", "vvc"))

DisplayMatrix: TypeAlias = tuple[int, int, int, int, int, int, int, int, int]
"""Row by row, 16.16 fixed point (the last column 2.30), as an MP4 track header has it."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter mark; times are in ticks of ``time_base``."""

    id: int
    start: int
    end: int
    time_base: Fraction
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Track:
    """One track (stream) of a recording.

    Args:
        index: its place in the file, from 0.
        kind: what it holds.
        codec: FFmpeg's codec name, or None where FFmpeg has none for it.
        tag: the container's four-character code, empty where it has none.
        time_base: seconds a tick, None where the container doesn't say.
        start_pts: of its first packet, in ticks.
        duration: in ticks.
        metadata: such as ``language`` and ``handler_name``.
        disposition: FFmpeg's flags, such as default or attached picture.
        cover: True for a still picture kept as a video track (cover art, thumbnail).
        decodable: False if no decoder is installed for it.
        id: the container's own number of it (a transport stream's PID), 0 where it has none.
    """

    index: int
    kind: TrackKind
    codec: str | None
    tag: str = ""
    time_base: Fraction | None = None
    start_pts: int | None = None
    duration: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    disposition: int = 0
    cover: bool = False
    decodable: bool = True
    id: int = 0

    @property
    def moving(self) -> bool:
        """True for a video track that is more than a still."""
        return self.kind == "video" and not self.cover

    @property
    def label(self) -> str:
        """Short and human: ``#2 data gpmd``."""
        return f"#{self.index} {self.kind} {self.codec or self.tag or 'unknown'}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able facts."""
        return {
            "index": self.index,
            "id": self.id,
            "kind": self.kind,
            "codec": self.codec,
            "tag": self.tag,
            "time_base": str(self.time_base) if self.time_base else None,
            "start_s": _seconds(self.start_pts, self.time_base),
            "duration_s": _seconds(self.duration, self.time_base),
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTrack(Track):
    """The video track that is worked on.

    Args:
        width, height: of the stored picture, before any rotation.
        pixel_format: the decoder's, and what the reader makes of it.
        color_decision: matrix and range, and how they were decided.
        rotation: degrees counter-clockwise that a player turns the picture by.
        display_matrix: None where the file has none.
        sample_aspect_ratio: None where square or unknown.
        frame_rate: a guess for people and encoders; timing never rests on it.
        expected_frames: that the container's index lists, None where there is no index.
        bit_rate: bits a second as the container says.
        first_field: of interlaced pictures; None for progressive ones.
        chroma_place: FFmpeg's name of where chroma samples lie, None where nothing is known.
        messages: that hold for all of its pictures, such as of HDR.
        said: what its first picture says beside samples, as ``side_data`` names it.
    """

    width: int
    height: int
    pixel_format: PixelFormat
    color_decision: ColorDecision
    time_base: Fraction
    rotation: int = 0
    display_matrix: DisplayMatrix | None = None
    sample_aspect_ratio: Fraction | None = None
    frame_rate: Fraction | None = None
    expected_frames: int | None = None
    bit_rate: int | None = None
    first_field: FirstField | None = None
    chroma_place: str | None = None
    messages: tuple[Message, ...] = ()
    said: frozenset[str] = frozenset()

    @property
    def fields_apart(self) -> bool:
        """True for codecs whose interlaced pictures are one field each, of half the height."""
        return self.codec in FIELDS_APART

    @property
    def layout(self) -> PixelLayout:
        """Bit depth and subsampling of the planes."""
        return self.pixel_format.layout

    @property
    def color(self) -> Color:
        """Matrix and range of the planes."""
        return self.color_decision.color

    def to_dict(self) -> dict[str, Any]:
        """JSON-able facts."""
        decision = self.color_decision
        return {
            **Track.to_dict(self),
            "width": self.width,
            "height": self.height,
            "pixel_format": self.pixel_format.name,
            "bits": self.layout.bits,
            "color": {
                "matrix": self.color.matrix,
                "matrix_assumed": decision.matrix_assumed,
                "range": "full" if self.color.full_range else "limited",
                "range_assumed": decision.range_assumed,
                "tags": decision.found.to_dict(),
            },
            "rotation": self.rotation,
            "sample_aspect_ratio": _ratio(self.sample_aspect_ratio),
            "frame_rate": _ratio(self.frame_rate),
            "expected_frames": self.expected_frames,
            "bit_rate": self.bit_rate,
            "first_field": self.first_field,
            "chroma_place": self.chroma_place,
            "said": sorted(self.said),
        }


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A recording as ``probe`` sees it.

    Args:
        path: where it is.
        container: ``mp4``, ``mov``, ``matroska``, ``webm``, ``avi``, ``mpegts`` or FFmpeg's name.
        size_bytes: of the file.
        duration_s: as the container says, None where it doesn't.
        metadata: the container's own, as found.
        creation_time: UTC as a rule; None where it isn't there or isn't a time.
        chapters: in order.
        tracks: all of them, in the file's order.
        video: the track that is worked on.
        clips: of which it is joined; empty for a recording that is one file.
    """

    path: Path
    container: str
    size_bytes: int
    duration_s: float | None
    metadata: Mapping[str, str]
    creation_time: datetime | None
    chapters: tuple[Chapter, ...]
    tracks: tuple[Track, ...]
    video: VideoTrack
    clips: tuple[SourceInfo, ...] = ()

    @property
    def others(self) -> tuple[Track, ...]:
        """Every track but the one that is worked on."""
        return tuple(t for t in self.tracks if t.index != self.video.index)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able facts."""
        return {
            "path": str(self.path),
            "container": self.container,
            "size_bytes": self.size_bytes,
            "duration_s": self.duration_s,
            "creation_time": self.creation_time.isoformat() if self.creation_time else None,
            "metadata": dict(self.metadata),
            "chapters": [
                {
                    "start_s": float(c.start * c.time_base),
                    "end_s": float(c.end * c.time_base),
                    "title": c.metadata.get("title"),
                }
                for c in self.chapters
            ],
            "video": self.video.to_dict(),
            "tracks": [t.to_dict() for t in self.tracks],
        }


def _seconds(ticks: int | None, time_base: Fraction | None) -> float | None:
    return float(ticks * time_base) if ticks is not None and time_base else None


def _ratio(value: Fraction | None) -> str | None:
    return f"{value.numerator}/{value.denominator}" if value else None
