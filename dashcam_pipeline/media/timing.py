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

NEARBY: Final = 8
"""Pictures between a gap and damage that may belong to it; reordering moves them apart."""


@dataclass(slots=True)
class Clock:
    """Gives every frame a time later than the one before.

    A time that the file has is kept bit-exactly as long as it is later than the last one.

    Args:
        time_base: seconds a tick.
        step: expected distance of two frames in ticks; what was seen soon takes its place.
    """

    time_base: Fraction
    step: int
    last: int | None = field(default=None, init=False)
    repaired: int = field(default=0, init=False)
    _offset: int = field(default=0, init=False)
    _distances: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED), init=False)

    def __post_init__(self) -> None:
        """A step of nothing would stop the clock."""
        self.step = max(1, self.step)

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
            ticks, greater than any before. Where a file's times jump back (a clock that was
            set again), what follows is moved on with it, so that distances stay right.
        """
        found = pts if pts is not None else dts
        if found is None:
            found = 0 if self.last is None else self.last + self.usual
            self.repaired += 1
        else:
            found += self._offset
        if self.last is not None and found <= self.last:
            self.repaired += 1
            behind = self.last - found
            if behind * self.time_base > 1:  # a second: not a stutter but another clock
                self._offset += behind + self.usual
                found += behind + self.usual
            else:
                found = self.last + 1
        elif self.last is not None:
            self._distances.append(found - self.last)
        self.last = found
        return found


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
