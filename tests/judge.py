"""Looks at recordings with PyAV alone, so that the package doesn't judge itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """A packet as it lies in a file."""

    pts: int | None
    dts: int | None
    duration: int | None
    discard: bool
    side: tuple[tuple[str, bytes], ...]
    payload: bytes


def packets(path: Path, index: int) -> list[Seen]:
    """All packets of a track."""
    with av.open(str(path)) as container:
        return [
            Seen(
                p.pts,
                p.dts,
                p.duration,
                p.is_discard,
                tuple((s.data_type, bytes(s)) for s in p.iter_sidedata()),
                bytes(p),
            )
            for p in container.demux(container.streams[index])
            if p.size
        ]


def indices(path: Path, kind: str) -> list[int]:
    """Indices of the tracks of a kind."""
    with av.open(str(path)) as container:
        return [s.index for s in container.streams if s.type == kind]


def frames(path: Path, index: int = 0) -> list[av.VideoFrame]:
    """All pictures of a video track (the index counts video tracks)."""
    with av.open(str(path)) as container:
        return list(container.decode(video=index))


def times(path: Path, index: int) -> list[Fraction]:
    """When the packets of a track are shown, in seconds."""
    with av.open(str(path)) as container:
        return [p.pts * p.time_base for p in container.demux(container.streams[index]) if p.size]


def ticks(path: Path, index: int = 0) -> list[int | None]:
    """Presentation times in the track's own ticks."""
    return [f.pts for f in frames(path, index)]


def seconds(path: Path, index: int = 0) -> list[Fraction]:
    """Presentation times in seconds, exactly."""
    with av.open(str(path)) as container:
        base = container.streams.video[index].time_base
        return [f.pts * base for f in container.decode(video=index)]


def samples(frame: av.VideoFrame) -> list[np.ndarray]:
    """Every plane's samples, without padding."""
    planes = []
    for number, plane in enumerate(frame.planes):
        parts = [c for c in frame.format.components if c.plane == number]
        width = sum(c.width for c in parts)
        dtype = np.uint16 if parts[0].bits > 8 else np.uint8
        rows = np.frombuffer(plane, dtype).reshape(plane.height, -1)
        planes.append(rows[:, :width].copy())
    return planes


def same_pictures(a: list[av.VideoFrame], b: list[av.VideoFrame]) -> bool:
    """True if two tracks hold the same samples, bit for bit."""
    return len(a) == len(b) and all(
        np.array_equal(x, y)
        for left, right in zip(a, b, strict=True)
        for x, y in zip(samples(left), samples(right), strict=True)
    )


def first_time(path: Path, index: int) -> Fraction:
    """When a track's first packet that isn't hidden is shown, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams[index]
        return min(
            p.pts * p.time_base
            for p in container.demux(stream)
            if p.size and p.pts is not None and not p.is_discard
        )
