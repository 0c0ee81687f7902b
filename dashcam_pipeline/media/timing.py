"""Presentation times that a file leaves out or gets wrong, and gaps that damage tore."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fractions import Fraction

    from av.packet import Packet
    from av.stream import Stream

REMEMBERED: Final = 31
"""Distances between pictures that the usual one is taken from."""

HOLE_STEPS: Final = 1.9
"""A gap of this many usual distances, where damage was seen, is a hole."""

RESET_STEPS: Final = 3
"""Jumps back by more usual distances than this are another clock, not a stutter."""

NEARBY: Final = 8
"""Usual distances between a gap and damage that may belong to it; reordering moves them apart."""

STRAY_BYTES: Final = 1024
"""Bytes between two packets that headers may take; a cluster's and a block's need about 60."""


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
    _distances: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED), init=False)

    def __post_init__(self) -> None:
        """A step of nothing would stop the clock."""
        self.step = max(1, self.step)

    @property
    def last(self) -> int | None:
        """The last time given, in ticks."""
        return self._times.last

    @property
    def repaired(self) -> int:
        """Frames whose time was missing or didn't rise."""
        return self._times.repaired + self._without

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
    """

    time_base: Fraction
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
