"""The part of a recording that is asked for.

Times are moved so that the part begins where the recording began: the picture's by a whole number
of its ticks, the other tracks' by the same time rounded to theirs (half a tick at most, 11 us for
48 kHz sound).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.source import SourceInfo, VideoTrack

REACH: Final = 30
"""Seconds that tracks may lie apart in a file: sound that belongs to a picture is looked for so far
before and behind it."""

HELD_BYTES: Final = 128 << 20
"""A group of pictures that is larger is decoded from its beginning, needed or not."""


class Window:
    """From when to when.

    Args:
        video: the track whose first picture is second 0.
        start: seconds; None for the beginning.
        end: seconds; None for the end.

    Raises:
        UsageError: a negative time, or an end that doesn't come after the start.
    """

    def __init__(self, video: VideoTrack, start: float | None, end: float | None) -> None:
        if (start or 0) < 0 or (end is not None and end <= (start or 0)):
            raise UsageError(
                _(
                    "there is nothing between start = {start} and end = {end}.",
                    start=start,
                    end=end,
                ),
                advice=_("Both count in seconds from the first picture on; the end comes later."),
            )
        self._base = video.time_base
        self._origin = video.start_pts or 0
        self.start_ticks = round(Fraction(start or 0) / self._base)
        self.first_ticks = self._origin + self.start_ticks
        self._end = None if end is None else self._origin + round(Fraction(end) / self._base)
        self._finished: set[int] = set()
        self._copying = not self.start_ticks
        self._copied = False

    @property
    def partial(self) -> bool:
        """True unless it is the whole recording."""
        return bool(self.start_ticks) or self._end is not None

    def holds(self, pts: int) -> bool:
        """True if a picture of this time is asked for."""
        return (not self.start_ticks or pts >= self.first_ticks) and (
            self._end is None or pts < self._end
        )

    def keeps(self, packet: Packet[Stream]) -> bool:
        """True if a packet of another track is asked for."""
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or not self.partial:
            return True
        seconds = time * packet.time_base
        return (not self.start_ticks or seconds >= self.first_ticks * self._base) and (
            self._end is None or seconds < self._end * self._base
        )

    def copies(self, packet: Packet[Stream]) -> bool:
        """True if a picture's packet is asked for where pictures are copied, and not decoded.

        Whole groups of pictures are, from the key frame at the start on (or the first one behind
        it) up to the one at the end (or behind it); not what is shown before the first key frame,
        and needs the group before it.

        Args:
            packet: of the video track; asked for each one, in the file's order.
        """
        time = packet.pts if packet.pts is not None else packet.dts
        if not self.partial or time is None:
            return self._copying and not self._copied
        if packet.is_keyframe:
            self._copying = self._copying or time >= self.first_ticks
            self._copied = self._copied or (self._end is not None and time >= self._end)
        if self._copied or not self._copying:
            return False
        return not self.start_ticks or time >= self.first_ticks

    def shift(self, packet: Packet[Stream]) -> None:
        """Move a packet's times by the start."""
        if not self.start_ticks:
            return
        ticks = round(self.start_ticks * self._base / packet.time_base)
        if packet.pts is not None:
            packet.pts -= ticks
        if packet.dts is not None:
            packet.dts -= ticks

    def from_key_frame(
        self, packets: Iterable[Packet[Stream]], video: int
    ) -> Iterator[Packet[Stream]]:
        """All packets but those of pictures that nothing asked for needs.

        Args:
            packets: in the file's order.
            video: index of the video track.
        """
        held: list[Packet[Stream]] = []
        nbytes = 0
        begun = not self.start_ticks
        for packet in packets:
            if begun or packet.stream_index != video:
                yield packet
                continue
            shown = packet.pts if packet.pts is not None else packet.dts
            if packet.is_keyframe and shown is not None and shown <= self.first_ticks:
                held, nbytes = [], 0
            held.append(packet)
            nbytes += packet.size
            time = packet.dts if packet.dts is not None else packet.pts
            if nbytes > HELD_BYTES or (time is not None and time > self.first_ticks):
                yield from held
                held, begun = [], True
        yield from held

    def after(self, packet: Packet[Stream]) -> bool:
        """True if nothing that is asked for can be in a packet, or come later in its track."""
        if self._end is None:
            return False
        time = packet.dts if packet.dts is not None else packet.pts
        return time is not None and time * packet.time_base >= self._end * self._base

    def ended(self, packet: Packet[Stream], info: SourceInfo) -> bool:
        """True once no track can hold anything any more that is asked for.

        Tracks may lie far apart in a file, and texts come when they like: what comes
        ``REACH`` seconds of picture later is not looked for.

        Args:
            packet: the last one that was taken.
            info: of the recording.
        """
        if self._end is None or packet.dts is None or not self.after(packet):
            return False
        if packet.stream_index == info.video.index:
            beyond = packet.dts * packet.time_base - self._end * self._base
            if beyond >= REACH:
                return True
        self._finished.add(packet.stream_index)
        return self._finished.issuperset(t.index for t in info.tracks if t.kind != "attachment")

    def cut(self, info: SourceInfo) -> SourceInfo:
        """The facts of the part: chapters moved and cut, the picture's duration unknown."""
        if not self.partial:
            return info
        start = self.start_ticks * self._base
        first = self.first_ticks * self._base
        chapters = []
        for chapter in info.chapters:
            tick = chapter.time_base
            begin, end = max(chapter.start * tick, first), chapter.end * tick
            if self._end is not None:
                end = min(end, self._end * self._base)
            if end > begin:
                chapters.append(
                    replace(
                        chapter,
                        start=round((begin - start) / tick),
                        end=round((end - start) / tick),
                    )
                )
        video = replace(info.video, duration=None)  # no longer the header's
        tracks = tuple(video if t.index == video.index else t for t in info.tracks)
        return replace(info, chapters=tuple(chapters), video=video, tracks=tracks)
