"""What two clips both hold: a camera that writes its last seconds once more into the next file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.media.joined.clip import Clip, Shot

TELLING: Final = 1024
"""Bytes that must be the same at least: a few empty pictures may be alike by chance."""


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
