"""Presentation times that a file leaves out or gets wrong, and gaps that damage tore."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import fmean, median
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.source import VideoTrack

USUAL_RATE: Final = Fraction(25)
"""Pictures a second where nothing tells."""

REMEMBERED: Final = 31
"""Distances between pictures that the usual one is taken from."""

HOLE_STEPS: Final = 1.9
"""A gap of this many usual distances, where damage was seen, is a hole."""

RESET_STEPS: Final = 3
"""Jumps back by more usual distances than this are another clock, not a stutter."""

NEARBY: Final = 8
"""Usual distances between a gap and damage that may belong to it; reordering moves them apart."""

PICTURES_AHEAD: Final = 4
"""Pictures that are looked at where one's time jumps: two wild ones in a row are told apart."""

FEW: Final = 16
"""Times of so few packets are no recording of their own, however those after them go on: one packet
of a transport stream holds as many of sound."""

STRAY_BYTES: Final = 1024
"""Bytes between two packets that headers may take; a cluster's and a block's need about 60."""


def jumps(last: int, step: float, time: int) -> bool:
    """True if a time is so far from the last one that it may be wild, or another clock's."""
    return time > last + HOLE_STEPS * step or time < last - RESET_STEPS * step


def wild_run(last: int, step: float, ahead: Sequence[int]) -> int:
    """How many of the next times are wild: they jump away and those after them come back.

    Whoever is nearer to the line that the times before draw has come back. Times that rise are
    never wild, however far apart they are: that is a gap. Asked where ``jumps`` says so.

    Args:
        last: the last good time, in ticks.
        step: usual distance in ticks.
        ahead: the times that follow.

    Returns:
        a count from the first of ``ahead`` on; 0 if that one is good, or if nothing comes back.
    """
    away = ahead[0] - last - step
    for run in range(1, len(ahead)):
        before, time = ahead[run - 1 : run + 1]
        if away > 0 and time > before:
            continue  # still rising
        line = last + (run + 1) * step
        fits = time - last > max(run, (run + 1) * step / 2)
        back = fits and abs(time - line) < abs(time - before - step)
        if back and run > FEW and abs(time - line) > run * step:
            return 0  # a short recording on a clock of its own, and another one behind it
        if away < 0:
            if back:
                return run
            continue
        fall = before + step - time
        return run if back and abs(away - fall) <= fall / 2 else 0
    return 0


def between(last: int, time: int, count: int) -> list[int]:
    """So many times, evenly between two."""
    return [last + (time - last) * (i + 1) // (count + 1) for i in range(count)]


@dataclass(slots=True)
class Monotone:
    """Keeps times rising.

    A time that rises by itself is kept bit-exactly. One that stands still or stutters is moved
    just behind the last one. One that jumps back further belongs to a clock that was set again:
    it and what follows are moved on together, so that their distances stay right.
    """

    last: int | None = field(default=None, init=False)
    offset: int = field(default=0, init=False)
    repaired: int = field(default=0, init=False)

    def admit(self, found: int, step: int, *, apart: int = 1) -> int:
        """The time to use.

        Args:
            found: in the file, in ticks.
            step: usual distance in ticks.
            apart: ticks that it must be later than the last one.
        """
        if self.last is None or found >= self.last + apart:
            self.offset = 0  # also the way back from a single wild time
            self.last = found
            return found
        time = found + self.offset
        if time < self.last + apart:
            self.repaired += 1
            behind = self.last - time
            if behind > RESET_STEPS * step:
                self.offset += behind + step
                time = found + self.offset
            else:
                time = self.last + apart
        self.last = time
        return time


@dataclass(slots=True)
class Clock:
    """Gives every frame a time later than the one before.

    Args:
        step: expected distance of two frames in ticks; what was seen soon takes its place.
    """

    step: int
    _times: Monotone = field(default_factory=Monotone, init=False)
    _without: int = field(default=0, init=False)
    _wild: int = field(default=0, init=False)
    _distances: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED), init=False)

    @classmethod
    def of(cls, video: VideoTrack) -> Self:
        """That of a track, which expects the distance its frame rate says."""
        return cls(round(1 / (video.frame_rate or USUAL_RATE) / video.time_base))

    def __post_init__(self) -> None:
        """A step of nothing would stop the clock."""
        self.step = max(1, self.step)

    @property
    def last(self) -> int | None:
        """The last time given, in ticks."""
        return self._times.last

    @property
    def repaired(self) -> int:
        """Frames whose time was missing, didn't rise, or jumped and came back."""
        return self._times.repaired + self._without + self._wild

    @property
    def usual(self) -> int:
        """The usual distance of two frames in ticks."""
        if len(self._distances) < REMEMBERED // 6:
            return self.step
        return max(1, round(median(self._distances)))

    @property
    def mean(self) -> float:
        """The usual distance without the clock's rounding, gaps left out."""
        typical = [d for d in self._distances if d <= HOLE_STEPS * self.usual]
        return fmean(typical) if len(typical) >= REMEMBERED // 6 else float(self.usual)

    def settle(self, ahead: Sequence[int | None], *, final: bool = False) -> list[int]:
        """The times of the next frames, as many of them as can be told by now.

        Args:
            ahead: as found, in ticks; None where there is none.
            final: True if no more will come.

        Returns:
            ticks, as of ``next``; empty if one more has to be seen.
        """
        known: list[int] = []
        for time in ahead:
            if time is None:
                break
            known.append(time)
        enough = final or len(known) < len(ahead) or len(ahead) >= PICTURES_AHEAD
        if not known:
            return self._settle_missing(ahead, enough=final or len(ahead) >= PICTURES_AHEAD)
        if self.last is None:
            return self._settle_first(known, enough=enough)
        if not jumps(self.last, self.usual, known[0]):
            return [self.next(known[0], None)]
        count = wild_run(self.last, self.usual, known)
        if not count:
            return [self.next(known[0], None)] if enough else []
        self._wild += count
        return [self.next(time, None) for time in between(self.last, known[count], count)]

    def _settle_missing(self, ahead: Sequence[int | None], *, enough: bool) -> list[int]:
        """Times that aren't there go evenly between those that are."""
        count = next((i for i, time in enumerate(ahead) if time is not None), None)
        if count is None:
            return [self.next(None, None)] if enough else []
        then = ahead[count]
        if self.last is None or then is None or then - self.last <= count:
            return [self.next(None, None)]
        self._without += count
        return [self.next(time, None) for time in between(self.last, then, count)]

    def _settle_first(self, known: list[int], *, enough: bool) -> list[int]:
        """Nothing comes before it: it is wild if the next two agree without it."""
        first, *others = known
        if len(others) > 1:
            second, third = others[:2]
            if second - first < -RESET_STEPS * self.step and third > second:
                self._wild += 1
                first = second - self.step
        elif not enough and not (others and first < others[0]):
            return []
        return [self.next(first, None)]

    def next(self, pts: int | None, dts: int | None) -> int:
        """The time of the next frame.

        Args:
            pts: presentation time as decoded, in ticks; None where there is none.
            dts: decoding time of the packet it came from; stands in for a missing ``pts``.

        Returns:
            ticks, greater than any before.
        """
        last = self.last
        found = pts if pts is not None else dts
        if found is None:
            self._without += 1
            found = 0 if last is None else last + self.usual
        time = self._times.admit(found, self.usual)
        if last is not None:
            self._distances.append(time - last)
        return time


@dataclass(slots=True)
class HoleFinder:
    """Tells holes torn by damage from gaps that were recorded so.

    A gap counts as a hole only with damage seen near it, before or after.

    Args:
        time_base: seconds a tick.
        resets: when clocks were set again, in seconds: two recordings meet there, and nothing was
            torn. It may grow.
    """

    time_base: Fraction
    resets: Sequence[float] = ()
    holes: list[tuple[float, float]] = field(default_factory=list, init=False)
    lost: int = field(default=0, init=False)
    _gaps: deque[tuple[int, int, float]] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED), init=False
    )
    _damage: deque[tuple[int, int]] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED), init=False
    )

    def damaged(self, begin: int, end: int) -> None:
        """Damage was seen at some time between two, in ticks."""
        self._damage.append((begin, end))
        for gap in list(self._gaps):
            if self._near(gap, (begin, end)):
                self._gaps.remove(gap)
                self._count(gap)

    def look(self, last: int, pts: int, usual: float, *, damaged: bool) -> None:
        """Look at a frame, and at its distance from the one before.

        Args:
            last, pts: their times in ticks.
            usual: distance in ticks.
            damaged: True if it shows damage.
        """
        begin, end = float(last * self.time_base), float(pts * self.time_base)
        if any(begin < when <= end for when in self.resets):
            return
        self.see(last, pts, usual)
        if damaged:
            self.damaged(pts, pts)

    def see(self, last: int, pts: int, usual: float) -> None:
        """Look at the distance of two frames.

        Args:
            last, pts: their times in ticks.
            usual: distance in ticks.
        """
        if pts - last <= HOLE_STEPS * usual:
            return
        gap = (last, pts, usual)
        if any(self._near(gap, damage) for damage in self._damage):
            self._count(gap)
        else:
            self._gaps.append(gap)

    @staticmethod
    def _near(gap: tuple[int, int, float], damage: tuple[int, int]) -> bool:
        begin, end, usual = gap
        return damage[0] <= end + NEARBY * usual and damage[1] >= begin - NEARBY * usual

    def _count(self, gap: tuple[int, int, float]) -> None:
        begin, end, usual = gap
        self.holes.append((float(begin * self.time_base), float(end * self.time_base)))
        self.lost += round((end - begin) / usual) - 1


@dataclass(slots=True)
class StrayBytes:
    """Notices bytes that belong to no packet, where a demuxer has silently skipped damage.

    Args:
        contiguous: True for a container whose packets lie one behind the other (Matroska); for
            all others nothing is noticed.
    """

    contiguous: bool
    _begin: int = field(default=0, init=False)
    _end: int = field(default=0, init=False)

    def skipped(self, packet: Packet[Stream]) -> bool:
        """True if more bytes than headers need lie between this packet and the one before."""
        if not self.contiguous or packet.pos is None:
            return False
        stray = packet.pos - self._end if self._end else 0
        if packet.pos == self._begin:  # several packets in one block
            self._end += packet.size
        else:
            self._begin, self._end = packet.pos, packet.pos + packet.size
        return stray > STRAY_BYTES
