"""What a recording is, and how it is.

::

    info = probe(Path("20240101_120000_NF.mp4"))  # header and first picture
    info.video.color, info.video.time_base, info.video.expected_frames

    found = examine(path, decode=True)  # every packet, every picture
    found.health, found.timing, found.to_dict()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import av.error

from dashcam_pipeline.errors import IndexMissingError, NotVideoError
from dashcam_pipeline.media import extent
from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.media.describe import describe, probe
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from av.container import InputContainer

    from dashcam_pipeline.errors import InputError
    from dashcam_pipeline.media.frame_counts import ReadCounts
    from dashcam_pipeline.media.source import SourceInfo

__all__ = ["Examination", "Health", "Timing", "examine", "probe"]

Health: TypeAlias = Literal["ok", "truncated", "index broken", "damaged", "not video"]

ROUNDING_TICKS: Final = 1
"""Distances that differ by no more are those of a constant rate, rounded to the clock."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The true distances between pictures, from all presentation times.

    Args:
        constant: True if all distances are equal, but for rounding to the clock.
        frames: pictures counted.
        first_s, last_s: times of the first and the last one.
        min_s, median_s, max_s: distances; 0 where there is but one picture.
    """

    constant: bool
    frames: int
    first_s: float
    last_s: float
    min_s: float
    median_s: float
    max_s: float

    @classmethod
    def of(cls, ticks: Sequence[int], time_base: Fraction) -> Timing | None:
        """From presentation times in any order; None without any.

        Args:
            ticks: in units of ``time_base``.
            time_base: seconds a tick.
        """
        if not ticks:
            return None
        times = sorted(ticks)
        steps = [b - a for a, b in pairwise(times)] or [0]
        return cls(
            constant=max(steps) - min(steps) <= ROUNDING_TICKS,
            frames=len(times),
            first_s=float(times[0] * time_base),
            last_s=float(times[-1] * time_base),
            min_s=float(min(steps) * time_base),
            median_s=float(median(steps) * time_base),
            max_s=float(max(steps) * time_base),
        )

    @property
    def fps(self) -> float | None:
        """Pictures a second, averaged over the recording; for people."""
        length = self.last_s - self.first_s
        return (self.frames - 1) / length if length > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "mode": "constant" if self.constant else "variable",
            "frames": self.frames,
            "fps": self.fps,
            "first_s": self.first_s,
            "last_s": self.last_s,
            "distance_s": {"min": self.min_s, "median": self.median_s, "max": self.max_s},
        }


@dataclass(frozen=True, slots=True)
class Examination:
    """What ``examine`` found.

    Args:
        path: the file.
        health: in one word; the worst that was seen.
        reasons: why, in sentences; empty if ok.
        advice: what can be done about it.
        info: None if the file can't be opened as a recording.
        timing: None without any picture.
        packets: by track index.
        counts: of the reader; None unless pictures were decoded.
    """

    path: Path
    health: Health
    reasons: tuple[str, ...] = ()
    advice: str = ""
    info: SourceInfo | None = None
    timing: Timing | None = None
    packets: dict[int, int] = field(default_factory=dict)
    counts: ReadCounts | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "path": str(self.path),
            "health": self.health,
            "reasons": list(self.reasons),
            "advice": self.advice,
            "source": self.info.to_dict() if self.info else None,
            "timing": self.timing.to_dict() if self.timing else None,
            "packets": {str(index): count for index, count in self.packets.items()},
            "decoded": self.counts.to_dict() if self.counts else None,
        }


def examine(path: Path, *, decode: bool = False) -> Examination:
    """Read a whole recording and say how it is.

    Args:
        path: the file.
        decode: True decodes every picture and all sound too, which finds damage inside them.

    Raises:
        InputMissingError: no such file, or no permission.
        InputError: it can't be read at all.
    """
    try:
        container = open_source(path)
    except IndexMissingError as error:
        return _unusable(path, "index broken", error)
    except NotVideoError as error:
        return _unusable(path, "not video", error)
    with container:
        try:
            info = describe(container, path)
        except NotVideoError as error:
            return _unusable(path, "not video", error)
    with open_source(path) as container:
        scan = _scan(container, info)
    counts = _decode(path) if decode else None
    health, reasons = _judge(info, scan, counts)
    return Examination(
        path=path,
        health=health,
        reasons=reasons,
        advice="" if health == "ok" else _("What can be decoded can still be cleaned."),
        info=info,
        timing=Timing.of(scan.times, info.video.time_base),
        packets=scan.packets,
        counts=counts,
    )


def _unusable(path: Path, health: Health, error: InputError) -> Examination:
    return Examination(path, health, (error.args[0],), error.advice)


@dataclass(slots=True)
class _Scan:
    """What demuxing alone tells."""

    times: list[int] = field(default_factory=list)
    packets: dict[int, int] = field(default_factory=dict)
    corrupt: int = 0
    beyond_end: int = 0
    error: str = ""


def _scan(container: InputContainer, info: SourceInfo) -> _Scan:
    scan = _Scan()
    for stream in container.streams:
        scan.packets[stream.index] = 0
        entries = stream.index_entries
        scan.beyond_end += sum(e.pos + e.size > info.size_bytes for e in entries)
    try:
        for packet in demux(container):
            scan.packets[packet.stream_index] += 1
            scan.corrupt += packet.is_corrupt
            time = packet.pts if packet.pts is not None else packet.dts
            shown = packet.stream_index == info.video.index and not packet.is_discard
            if shown and time is not None:
                scan.times.append(time)
    except av.error.FFmpegError as error:
        scan.error = system_reason(error)
    return scan


def _decode(path: Path) -> ReadCounts:
    with Reader(path, listen=True) as reader:
        for _ in reader:
            pass
    return reader.counts


def _judge(
    info: SourceInfo, scan: _Scan, counts: ReadCounts | None
) -> tuple[Health, tuple[str, ...]]:
    """The worst that was seen, and all that was seen."""
    cut = _cut_short(info, scan)
    hurt: list[str] = [_("reading failed: {error}", error=scan.error)] if scan.error else []
    expected, found = info.video.expected_frames, scan.packets[info.video.index]
    if not found:
        hurt.append(_("it holds no picture"))
    elif not cut and expected is not None and found < expected:
        hurt.append(
            _(
                "{missing} of {expected} pictures are missing",
                missing=expected - found,
                expected=expected,
            )
        )
    if not cut and scan.corrupt:
        hurt.append(_("packets that are incomplete: {n}", n=scan.corrupt))
    if counts is not None:
        hurt += _undecodable(counts, cut=bool(cut))
    health: Health = "truncated" if cut else "damaged" if hurt else "ok"
    return health, (*cut, *hurt)


def _cut_short(info: SourceInfo, scan: _Scan) -> list[str]:
    reasons: list[str] = []
    declared = extent.declared_size(info.path)
    if declared is not None and declared > info.size_bytes:
        reasons.append(
            _(
                "the file ends after {size} of {declared} bytes",
                size=info.size_bytes,
                declared=declared,
            )
        )
    if scan.beyond_end:
        reasons.append(_("packets of its index that lie beyond its end: {n}", n=scan.beyond_end))
    return reasons


def _undecodable(counts: ReadCounts, *, cut: bool) -> list[str]:
    reasons: list[str] = []
    if counts.frames.damaged_packets:
        reasons.append(_("pictures that can't be decoded: {n}", n=counts.frames.damaged_packets))
    if counts.frames.concealed:
        reasons.append(_("pictures that are partly damaged: {n}", n=counts.frames.concealed))
    if counts.frames.missing and not (cut or counts.frames.damaged_packets):
        reasons.append(_("pictures that are missing: {n}", n=counts.frames.missing))
    if counts.frames.damaged_sound:
        reasons.append(
            _("packets of sound that can't be decoded: {n}", n=counts.frames.damaged_sound)
        )
    return reasons
