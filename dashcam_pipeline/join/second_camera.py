"""The other camera of a layout: its clips on the front camera's clock, and its frames in sync.

Cameras of one recorder begin their clips together, though names may differ by a second: a clip
that begins with one of the front camera's is laid at the very same place. Any other one is laid
where the recorder's clock says. What the front camera has no time for isn't shown.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.drives.grouping import TOUCHING
from dashcam_pipeline.engine.run import check_damage
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.joined.place import Joined, Placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashcam_pipeline.drives.model import Clip as Listed
    from dashcam_pipeline.engine.chain import Chain, ChainState
    from dashcam_pipeline.engine.report import StageFact
    from dashcam_pipeline.join.gathering import Gathered
    from dashcam_pipeline.join.layouts import TwoCameras
    from dashcam_pipeline.media.joined.clip import Clip
    from dashcam_pipeline.media.joined.reader import JoinedReader

LATE: Final = Fraction(1, 4)
"""Seconds that the nearest picture of the other camera may lie off; beyond, its place is black."""


def lay_beside(
    front: Gathered, listed: Sequence[Listed], clips: Sequence[Clip]
) -> tuple[Joined | None, list[Listed]]:
    """Put another camera's clips onto the front camera's clock.

    Args:
        front: the front camera's clips in their places.
        listed, clips: the other one's, by name and as they were looked at.

    Returns:
        them in their places, None if none has one; and those that have none.
    """
    found: list[tuple[Fraction, Clip]] = []
    without: list[Listed] = []
    for one, clip in zip(listed, clips, strict=True):
        when = _when(front, one)
        if when is None:
            without.append(one)
        else:
            found.append((when, clip))
    if not found:
        return None, without
    found.sort(key=lambda pair: pair[0])
    base = found[0][1].time_base
    placed = []
    ends = [*(when for when, _clip in found[1:]), None]
    for (when, clip), end in zip(found, ends, strict=True):
        one_placed = Placed(clip, round(when / base))
        if end is not None and end < when + clip.length:  # the later one takes its place
            until = clip.first + round((end - when) / clip.time_base)
            one_placed = replace(one_placed, until=until)
        placed.append(one_placed)
    return Joined(tuple(placed), placed[0].clip.info), without


def _when(front: Gathered, one: Listed) -> Fraction | None:
    """When a clip begins, in seconds of the front camera's joined recording."""
    base = front.joined.time_base
    apart = [one.instant - ahead.instant for ahead in front.listed]
    nearest = min(range(len(apart)), key=lambda number: abs(apart[number]))
    if abs(apart[nearest]) <= TOUCHING:
        return front.joined.clips[nearest].begin * base
    before = [number for number, seconds in enumerate(apart) if seconds >= 0]
    number = before[-1] if before else 0
    placed, later = front.joined.clips[number], front.joined.clips[number + 1 :]
    end = float(placed.length) + (float(later[0].gap) if later else 0.0)
    if before and apart[number] >= end:
        return None
    return placed.begin * base + Fraction(apart[number]).limit_denominator(1000)


class Other:
    """Frames of the other camera, nearest to a time that only rises.

    Args:
        reader: of its clips, on the front camera's clock.
        chain: that they go through; None for none.
        strict: True gives up where anything of its clips is lost.
    """

    def __init__(
        self, reader: JoinedReader, chain: Chain | None = None, *, strict: bool = False
    ) -> None:
        self._reader, self._chain, self._strict = reader, chain, strict
        self._frames = self._through()
        self._now: Frame | None = None
        self._next = next(self._frames, None)

    def at(self, seconds: Fraction) -> Frame | None:
        """The nearest frame; None where there is none near.

        Args:
            seconds: no less than before.

        Raises:
            DamagedError: as asked for by ``strict``.
        """
        check_damage(self._reader.counts, self._reader.info.path, strict=self._strict)
        while self._next is not None and (
            self._now is None or abs(_time(self._next) - seconds) <= abs(_time(self._now) - seconds)
        ):
            self._now, self._next = self._next, next(self._frames, None)
        if self._now is None or abs(_time(self._now) - seconds) > LATE:
            return None
        return self._now

    def stage_facts(self) -> list[StageFact]:
        """What every stage did."""
        return [] if self._chain is None else self._chain.stage_facts()

    def close(self) -> None:
        """Close its clips, and free what stages hold."""
        self._reader.close()
        if self._chain is not None:
            self._chain.close()

    def _through(self) -> Iterator[Frame]:
        for item in self._reader:
            if not isinstance(item, Frame):
                continue
            yield from (item,) if self._chain is None else self._chain.feed(item)
        if self._chain is not None:
            yield from self._chain.finish()


def _time(frame: Frame) -> Fraction:
    return frame.pts * frame.time_base


class Together:
    """The front camera's chain, and the other camera beside what comes out of it.

    Takes a chain's place in a run, also in one that pauses between segments: composing remembers
    nothing, and the other camera is read anew from its beginning.

    Args:
        chain: the front camera's.
        other: the other camera.
        compose: makes one picture of two.
    """

    def __init__(self, chain: Chain, other: Other, compose: TwoCameras) -> None:
        self._chain, self._other, self._compose = chain, other, compose
        self.missing = 0
        """Frames without a picture of the other camera."""

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a front frame; get composed ones."""
        return self._composed(self._chain.feed(frame))

    def finish(self) -> list[Frame]:
        """Those that are left."""
        return self._composed(self._chain.finish())

    def pause(self) -> tuple[list[Frame], ChainState]:
        """As of ``Chain``."""
        done, state = self._chain.pause()
        return self._composed(done), state

    def stage_facts(self) -> list[StageFact]:
        """What the front camera's stages did."""
        return self._chain.stage_facts()

    def close(self) -> None:
        """Free everything."""
        self._chain.close()
        self._other.close()

    def _composed(self, frames: list[Frame]) -> list[Frame]:
        made = []
        for frame in frames:
            other = self._other.at(_time(frame))
            self.missing += other is None
            made.append(self._compose(frame, other))
        return made
