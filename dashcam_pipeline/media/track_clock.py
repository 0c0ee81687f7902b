"""What is known of one track's times, while its packets wait to be given out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.timing import Monotone

if TYPE_CHECKING:
    from fractions import Fraction

    from av.packet import Packet
    from av.stream import Stream

REMEMBERED: Final = 15
"""Distances between packets that a track's usual one is taken from."""

LAG_SECONDS: Final = 2
"""What isn't a picture may be shown so long after it is decoded, at most."""

LEAD: Final = 10
"""Seconds: no track of a transport stream begins or ends with one packet so far from all others."""


@dataclass(slots=True, eq=False)
class WaitingPacket:
    """A packet that waits; ``time`` is its decoding time (or what there is), in ticks."""

    packet: Packet[Stream]
    time: int | None
    unwrapped: int = 0
    """Ticks taken from all of its times: the demuxer had added them."""
    mended: int | None = None
    """The time it gets instead, where it was wild."""
    offset: int | None = None
    """Here its track enters another clock; ticks that are added from now on."""
    epoch: int = 0
    """Number of that clock."""


@dataclass(slots=True, eq=False)
class TrackClock:
    """What is known of one track's times."""

    base: Fraction
    main: bool
    dense: bool
    """True for picture and sound, whose packets come at regular times."""
    video: bool
    apart: int
    """Ticks that a time must be later than the one before."""
    ahead: deque[WaitingPacket] = field(default_factory=deque)
    distances: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    last: int | None = None
    duration: int = 0
    offset: int = 0
    epoch: int = 0
    lag: int = 0
    given: int = 0
    """Packets that were given out."""
    shown: int | None = None
    """When the last of their pictures has been shown, in ticks of the times given out."""
    rising: Monotone = field(default_factory=Monotone)
    repaired: int = 0
    """Packets with a wild time, or pictures that are the first ones of another clock."""

    @property
    def step(self) -> int:
        """The usual distance in ticks."""
        if self.duration and not self.main:
            return self.duration
        return max(1, round(median(self.distances))) if self.distances else max(1, self.duration)

    @property
    def times(self) -> list[int]:
        """Of the packets that wait."""
        return [entry.time for entry in self.ahead if entry.time is not None]

    def seconds(self, ticks: int) -> Fraction:
        """Ticks as seconds."""
        return ticks * self.base
