"""Presentation times that a file leaves out or gets wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(slots=True)
class Clock:
    """Gives every frame a time later than the one before.

    A time that the file has is kept bit-exactly as long as it is later than the last one.

    Args:
        time_base: seconds a tick.
        step: usual distance of two frames in ticks, for frames without any time.
    """

    time_base: Fraction
    step: int
    last: int | None = None
    repaired: int = 0
    offset: int = 0

    def __post_init__(self) -> None:
        """A step of nothing would stop the clock."""
        self.step = max(1, self.step)

    def next(self, pts: int | None, dts: int | None) -> int:
        """The time of the next frame.

        Args:
            pts: presentation time as decoded, in ticks; None where there is none.
            dts: decoding time of the packet it came from; stands in where it is later.

        Returns:
            ticks, greater than any before. Where a file's times jump back (a clock that was
            set again), what follows is moved on with it, so that distances stay right.
        """
        found = pts if pts is not None else dts
        if found is None:
            found = 0 if self.last is None else self.last + self.step
            self.repaired += 1
        else:
            found += self.offset
        if self.last is not None and found <= self.last:
            self.repaired += 1
            behind = self.last - found
            if behind * self.time_base > 1:  # a second: not a stutter but another clock
                self.offset += behind + self.step
                found += behind + self.step
            else:
                found = self.last + 1
        self.last = found
        return found
