"""What two clips both hold: a camera that writes its last seconds once more into the next file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import av
import av.error
import numpy as np

from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.media.joined.clip import Clip, Shot

TELLING: Final = 1024
"""Bytes that must be the same at least: a few empty pictures may be alike by chance."""

THUMBNAIL: Final = (64, 36)
FRAMES: Final = 6
"""Pictures of the next clip that must be found again."""

ALIKE: Final = 4.0
"""Codes by which the same picture differs at most when it was encoded twice, on average."""

APART: Final = 2
"""All other places must fit so many times worse."""

OFF: Final = 2.0
"""Seconds by which a clock of whole seconds may be wrong about an overlap."""

NEIGHBOURS: Final = 2
"""Pictures beside the best place that may fit nearly as well."""


def same_packets(before: Clip, after: Clip) -> int | None:
    """From which of its pictures on a clip ends with what the next one begins with.

    Two clips that are the same as a whole are left alone: that is a copy, and no overlap.

    Args:
        before, after: clips that follow one another.

    Returns:
        its place in ``before.tail``; None if they share nothing.
    """
    tail, head = before.tail, after.head
    if not head:
        return None
    for place, shot in enumerate(tail):
        rest = tail[place:]
        if shot.mark != head[0].mark or len(rest) > len(head):
            continue
        if shot.pts == before.first or sum(s.mark[0] for s in rest) < TELLING:
            continue
        if all(a.mark == b.mark for a, b in zip(rest, head, strict=False)):
            return place
    return None


def shared_seconds(before: Clip, after: Clip) -> float:
    """Seconds at a clip's end that the next one begins with, packet by packet; 0 for none."""
    place = same_packets(before, after)
    if place is None:
        return 0.0
    begin = min(shot.pts for shot in before.tail[place:])
    return float((before.end - begin) * before.time_base)


def closed_place(tail: Sequence[Shot], pts: int) -> int | None:
    """The first place in decoding order behind which nothing before a time is shown or needed.

    Args:
        tail: pictures in decoding order.
        pts: in ticks; pictures from it on are to go.

    Returns:
        a place in ``tail``: what comes before it can be decoded and shown without the rest. None
        if all of it is needed.
    """
    latest = None
    for place in range(len(tail) - 1, -1, -1):
        begin = min(shot.pts for shot in tail[place:])
        if begin < pts:
            break
        if all(shot.pts < begin for shot in tail[:place]):
            latest = place
    return latest


def same_pictures(before: Clip, after: Clip, seconds: float) -> int | None:
    """From when on a clip shows what the next one begins with, though encoded otherwise.

    Small grey copies of the next clip's first pictures are laid over those of the clip's last
    seconds, place by place. Where the scene moves, one place fits and its neighbours don't; where
    it stands still nothing can be told, and nothing is.

    Args:
        before, after: clips that follow one another, and overlap by their clock.
        seconds: that they overlap by; clocks of whole seconds are off by one at either end.

    Returns:
        ticks of the former; None if no place stands out.
    """
    first = _thumbnails(after.path, after.info.video.index, after.first, FRAMES, after.end)
    begin = before.tail[0].pts if before.tail else before.first
    last = _thumbnails(before.path, before.info.video.index, begin, None, before.end)
    if len(first) < FRAMES or len(last) < 3 * FRAMES:
        return None
    wanted = np.stack([picture for _, picture in first])
    shown = np.stack([picture for _, picture in last])
    places = len(shown) - FRAMES + 1
    apart = np.array([np.abs(shown[k : k + FRAMES] - wanted).mean() for k in range(places)])
    best = int(apart.argmin())
    far = np.abs(np.arange(places) - best) > NEIGHBOURS
    if not far.any() or apart[best] > ALIKE or apart[best] * APART > apart[far].min():
        return None
    pts = last[best][0]
    shared = float((before.end - pts) * before.time_base)
    return pts if pts > before.first and abs(shared - seconds) <= OFF else None


def _thumbnails(
    path: Path, index: int, begin: int, count: int | None, end: int
) -> list[tuple[int, npt.NDArray[np.float32]]]:
    """Small grey pictures from a time on, with their times."""
    found: list[tuple[int, npt.NDArray[np.float32]]] = []
    try:
        with open_source(path) as container:
            stream = container.streams[index]
            with suppress(av.error.FFmpegError):  # it refuses what lies before the first picture
                container.seek(begin, stream=stream)
            for picture in container.decode(stream):
                if not isinstance(picture, av.VideoFrame) or picture.pts is None:
                    continue
                if picture.pts < begin:
                    continue
                if picture.pts >= end or (count is not None and len(found) >= count):
                    break
                small = picture.reformat(*THUMBNAIL, "gray", interpolation="AREA")
                found.append((picture.pts, small.to_ndarray().astype(np.float32)))
    except av.error.FFmpegError:
        return found  # what is damaged shows nothing more
    return found
