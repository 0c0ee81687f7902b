"""Presentation times that a file leaves out or gets wrong, and gaps that damage tore."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fractions import Fraction

REMEMBERED: Final = 31
"""Distances between pictures that the usual one is taken from."""

HOLE_STEPS: Final = 1.9
"""A gap of this many usual distances, where damage was seen, is a hole."""

RESET_STEPS: Final = 3
"""Jumps back by more usual distances than this are another clock, not a stutter."""

NEARBY: Final = 8
"""Pictures between a gap and damage that may belong to it; reordering moves them apart."""


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

    A gap counts as a hole only with damage seen near it.

    Args:
        time_base: seconds a tick.
    """

    time_base: Fraction
    holes: list[tuple[float, float]] = field(default_factory=list, init=False)
    lost: int = field(default=0, init=False)
    _gaps: deque[tuple[int, int, int, int]] = field(default_factory=deque, init=False)
    _index: int = field(default=0, init=False)
    _damage: int | None = field(default=None, init=False)

    def see(self, last: int, pts: int, usual: int, *, damage: bool) -> None:
        """Look at the distance of two frames.

        Args:
            last, pts: their times in ticks.
            usual: distance in ticks.
            damage: True if damage was seen since the earlier one.
        """
        self._index += 1
        if damage:
            self._damage = self._index
        while self._gaps and self._index - self._gaps[0][0] > NEARBY:
            self._gaps.popleft()
        if pts - last > HOLE_STEPS * usual:
            self._gaps.append((self._index, last, pts, usual))
        if self._damage is None or self._index - self._damage > NEARBY:
            return
        for _, begin, end, step in self._gaps:
            self.holes.append((float(begin * self.time_base), float(end * self.time_base)))
            self.lost += round((end - begin) / step) - 1
        self._gaps.clear()
