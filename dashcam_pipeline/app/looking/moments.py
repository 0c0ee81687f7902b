"""The frames of a recording up to a moment: those that warm up the smoothing, and the one meant."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.sources import no_frames
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashcam_pipeline.media.source import SourceInfo

WARM_UP: Final = 4
"""Frames before the one meant: with them the smoothing shows what it does within a run."""

_RATE: Final = Fraction(30)
"""Frames a second where a recording doesn't say."""

_BACK: Final = (0.0, 2.0, 15.0)
"""Seconds further back that are tried: frames may lie apart, and the last one before a gap."""

_MOMENT: Final = 1e-4
"""Seconds by which times may be rounded; frames lie farther apart."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture, and those before it.

    Args:
        seconds: of the picture, from the recording's first one on.
        frames: in order; the last one is the picture.
    """

    seconds: float
    frames: tuple[Frame, ...]


def frame_seconds(info: SourceInfo) -> float:
    """How long a frame is shown."""
    return float(1 / (info.video.frame_rate or _RATE))


def frames_from(info: SourceInfo, start: float, threads: int) -> Iterator[tuple[float, Frame]]:
    """Frames with their times in seconds from the recording's first picture on.

    Args:
        info: of the recording.
        start: seconds; the first frame from there on is the first one.
        threads: that decode.
    """
    tick = info.video.time_base
    moved = round(Fraction(start) / tick) * tick  # what the reader took it for
    origin = (info.video.start_pts or 0) * tick
    with Reader(info.path, track=info.video.index, start=start or None, threads=threads) as reader:
        for item in reader:
            if isinstance(item, Frame):
                shown = item.pts * item.time_base - origin
                yield float(moved + shown if start else shown), item


def moment_at(
    info: SourceInfo, seconds: float, *, threads: int, check: Callable[[], None]
) -> Moment:
    """The picture that is shown at a time, and those before it.

    Args:
        info: of the recording.
        seconds: from the first picture on.
        threads: that decode.
        check: called with each frame; what it raises ends the search.

    Raises:
        UsageError: there is no picture.
    """
    each = frame_seconds(info)
    for back in _BACK:
        # One more frame: the moment may lie anywhere within the time of its picture.
        start = max(0.0, seconds - (WARM_UP + 1.5) * each - back)
        held: deque[tuple[float, Frame]] = deque(maxlen=WARM_UP + 1)
        for when, frame in frames_from(info, start, threads):
            check()
            if when > seconds + _MOMENT and held:
                break
            held.append((when, frame))
        if held and held[0][0] <= seconds + _MOMENT:
            return Moment(held[-1][0], tuple(frame for _when, frame in held))
    if held:  # the first picture comes later
        return Moment(held[-1][0], tuple(frame for _when, frame in held))
    raise no_frames(info, seconds)
