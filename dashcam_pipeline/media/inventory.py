"""What a file holds, track by track: how many packets, and when the first and the last is shown.

Taken of what a writer gives to its muxer, and of the file that came of it: what is said of an
output is then said of the file itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av

from dashcam_pipeline.media.carried_track import EMPTY_TEXT
from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from av.packet import Packet

    from dashcam_pipeline.translation import Message

TOLERANCE: Final = Fraction(2, 1000)
"""Seconds: two ticks of the coarsest clock that is written."""

REGROUPED: Final = "pcm_"
"""Samples that aren't compressed are cut into packets as a reader likes."""


@dataclass(slots=True)
class Holding:
    """Of one track.

    Args:
        kind: of the track.
        codec: FFmpeg's name, empty where there is none.
        packets: pictures that are shown, texts that hold some, everything else.
        first, last: seconds; None without any time.
        end: when the last one has been shown, in seconds.
    """

    kind: str
    codec: str = ""
    packets: int = 0
    first: Fraction | None = None
    last: Fraction | None = None
    end: Fraction | None = None

    def add(self, packet: Packet[Any]) -> None:
        """Count a packet."""
        if self.kind == "video" and packet.is_discard:
            return
        if self.kind == "subtitle" and bytes(packet) == EMPTY_TEXT:
            return
        self.packets += 1
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None:
            return
        time = ticks * packet.time_base
        end = time + (packet.duration or 0) * packet.time_base
        self.first = time if self.first is None else min(self.first, time)
        self.last = time if self.last is None else max(self.last, time)
        self.end = end if self.end is None else max(self.end, end)

    def moved(self, shift: Fraction) -> Holding:
        """The same, so many seconds later."""
        first, last, end = (
            None if time is None else time + shift for time in (self.first, self.last, self.end)
        )
        return replace(self, first=first, last=last, end=end)

    def differs(self, found: Holding) -> str:
        """What a file holds otherwise than was given; empty where it is the same.

        Args:
            found: in the file.
        """
        regrouped = self.codec.startswith(REGROUPED)
        same_end = _near(self.end, found.end) if regrouped else _near(self.last, found.last)
        if (
            (regrouped or self.packets == found.packets)
            and _near(self.first, found.first)
            and same_end
        ):
            return ""
        return _(
            "holds {found} instead of {given}",
            found=found.words(ends=regrouped),
            given=self.words(ends=regrouped),
        )

    def words(self, *, ends: bool = False) -> Message:
        """What it holds, for people.

        Args:
            ends: True tells when the last packet ends, False when it begins.
        """
        count = (
            _n("{n} picture", "{n} pictures", self.packets)
            if self.kind == "video"
            else _n("{n} packet", "{n} packets", self.packets)
        )
        last = self.end if ends else self.last
        if self.first is None or last is None:
            return count
        return _(
            "{count} from {first:.3f} to {last:.3f} s",
            count=count,
            first=float(self.first),
            last=float(last),
        )


def inventory(path: Path, muxer: str) -> dict[int, Holding]:
    """What a file holds, by track; nothing is decoded.

    Args:
        path: the file.
        muxer: that it was written by.

    Raises:
        av.error.FFmpegError: it can't be read.
    """
    # a relative name with a colon would be taken for a protocol
    with av.open(str(path.absolute()), format=muxer) as container:
        found = {s.index: Holding(s.type) for s in container.streams}
        for packet in demux(container):
            holding = found.get(packet.stream_index)
            if holding is not None:
                holding.add(packet)
    return found


def common_shift(given: Mapping[int, Holding], found: Mapping[int, Holding]) -> Fraction:
    """Seconds by which a muxer moved all tracks together; 0 where it didn't.

    Some do where sound has its priming before zero, and nothing can lie there.
    """
    firsts = [(h.first, found[index].first) for index, h in given.items() if index in found]
    shifts = [there - here for here, there in firsts if here is not None and there is not None]
    if not shifts or min(map(abs, shifts)) <= TOLERANCE or max(shifts) - min(shifts) > TOLERANCE:
        return Fraction(0)
    return max(shifts, key=abs)


def _near(given: Fraction | None, found: Fraction | None) -> bool:
    if given is None or found is None:
        return given is found
    return abs(given - found) <= TOLERANCE
