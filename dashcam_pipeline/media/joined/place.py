"""Where each clip lies in the joined recording, and what that recording is as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from dashcam_pipeline.media.source import Chapter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.media.joined.clip import Clip
    from dashcam_pipeline.media.source import SourceInfo


@dataclass(frozen=True, slots=True)
class Seam:
    """What lies between two clips.

    Args:
        gap: seconds of which there is no picture; 0 where the next clip follows at once.
        cut: place in the former clip's ``tail`` from which on its pictures are left out, since the
            next one holds them; None leaves it whole.
    """

    gap: Fraction = Fraction(0)
    cut: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip in its place.

    Args:
        clip: that lies there.
        begin: when its first picture is shown, in ticks of the joined recording.
        until: pictures of it from this time on are left out, in its own ticks; None for none.
        until_dts: the same in decoding order: packets decoded from then on are left out.
        gap: seconds before it that the recording has no picture of.
        left_out: pictures that are left out at its end.
    """

    clip: Clip
    begin: int
    until: int | None = None
    until_dts: int | None = None
    gap: Fraction = Fraction(0)
    left_out: int = 0

    @property
    def end(self) -> int:
        """When its last picture has been shown, in its own ticks."""
        return self.clip.end if self.until is None else self.until

    @property
    def length(self) -> Fraction:
        """Seconds of it that are in the joined recording."""
        return (self.end - self.clip.first) * self.clip.time_base

    @property
    def overlap(self) -> Fraction:
        """Seconds of it that are left out."""
        return self.clip.length - self.length

    def shift(self, base: Fraction) -> Fraction:
        """Seconds from its own clock to the joined recording's, whose tick is ``base``."""
        return self.begin * base - self.clip.first * self.clip.time_base


@dataclass(frozen=True, slots=True)
class Joined:
    """Clips on one clock.

    Args:
        clips: in order.
        info: of all of them together; its ``path`` is the first one's.
    """

    clips: tuple[Placed, ...]
    info: SourceInfo

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick of its video track."""
        return self.info.video.time_base


def place(clips: Sequence[Clip], seams: Sequence[Seam]) -> Joined:
    """Put clips one behind the other.

    The first one keeps its times. Each of the others begins when the one before has been shown, or
    a gap later; on the first one's clock, so that nothing is rounded where all have the same one.

    Args:
        clips: at least one, in order.
        seams: between them, one fewer.
    """
    base = clips[0].time_base
    placed: list[Placed] = []
    exact = clips[0].first * base  # rounded only where it is used: nothing adds up
    gap = Fraction(0)
    for clip, seam in zip(clips, (*seams, Seam()), strict=True):
        # What tells overlaps is no longer needed: an hour has a hundred thousand pictures.
        light = replace(clip, head=(), tail=())
        one = Placed(light, round(exact / base), gap=gap)
        if seam.cut is not None:
            rest = clip.tail[seam.cut :]
            until = min(shot.pts for shot in rest)
            one = replace(one, until=until, until_dts=rest[0].dts, left_out=len(rest))
        placed.append(one)
        exact += one.length + seam.gap
        gap = seam.gap
    return Joined(tuple(placed), _whole(placed))


def _whole(placed: Sequence[Placed]) -> SourceInfo:
    """The facts of all clips together."""
    first = placed[0].clip.info
    base = first.video.time_base
    ends = [*(one.begin for one in placed[1:]), placed[-1].begin + round(placed[-1].length / base)]
    listed = [one.clip.info.video.expected_frames for one in placed]
    known = [count for count in listed if count is not None]
    video = replace(
        first.video,
        start_pts=placed[0].begin,
        duration=ends[-1] - placed[0].begin,
        expected_frames=(
            sum(known) - sum(one.left_out for one in placed) if len(known) == len(listed) else None
        ),
    )
    chapters = tuple(
        Chapter(number, one.begin, end, base, {"title": _title(one.clip.path.name)})
        for number, (one, end) in enumerate(zip(placed, ends, strict=True))
    )
    return replace(
        first,
        size_bytes=sum(one.clip.info.size_bytes for one in placed),
        duration_s=float(video.duration * base) if video.duration else None,
        chapters=chapters,
        tracks=tuple(video if t.index == video.index else t for t in first.tracks),
        video=video,
        clips=tuple(one.clip.info for one in placed),
    )


def _title(name: str) -> str:
    """A file's name as metadata can hold it: what is no UTF-8 as an escape."""
    return name.encode("utf-8", "backslashreplace").decode()
