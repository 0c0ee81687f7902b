"""File to packets: all of them, in the file's order, whatever damage lies between them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from dashcam_pipeline.media import containers
from dashcam_pipeline.media.demuxer import Demuxer
from dashcam_pipeline.media.seeking import find_start
from dashcam_pipeline.media.timeline import Timeline
from dashcam_pipeline.media.timing import StrayBytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from fractions import Fraction

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.frame_counts import ReadCounts
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.media.timing import HoleFinder


class Packets:
    """An open recording, packet by packet; closed from any thread, and then at its end.

    Args:
        container: of the recording; closed with this.
        info: of the recording.
        counts: told if reading fails.
        holes: told where the file is damaged.
    """

    def __init__(
        self, container: InputContainer, info: SourceInfo, counts: ReadCounts, holes: HoleFinder
    ) -> None:
        self._demuxer = Demuxer(container, counts)
        self._info, self._holes = info, holes
        self._demuxed = 0  # when the last packet of the video track is decoded, in its ticks
        self._stray = StrayBytes(contiguous=containers.named(info.container).contiguous)
        self._longest_gap: Fraction | None = None
        self._begin()

    def _begin(self) -> None:
        self.timeline = Timeline(
            {t.index: t.time_base for t in self._info.tracks if t.time_base is not None},
            self._info.video.index,
            videos=frozenset(t.index for t in self._info.tracks if t.kind == "video"),
            sounds=frozenset(t.index for t in self._info.tracks if t.kind == "audio"),
            wrap=containers.named(self._info.container).wrap,
        )
        """Mends their times, and counts what it mended."""
        self.timeline.close_gaps(self._longest_gap)
        self._mended = self.timeline.mend(self._demuxer.packets())
        self._peeked: list[Packet[Stream]] = []

    def close_gaps(self, longest: Fraction | None) -> None:
        """Let no gap last longer, in seconds; None: any. The least that is asked counts."""
        asked = [gap for gap in (longest, self._longest_gap) if gap is not None]
        self._longest_gap = min(asked, default=None)
        self.timeline.close_gaps(self._longest_gap)

    @property
    def closed(self) -> bool:
        """True once ``close`` was called: what is missing then was not lost."""
        return self._demuxer.closed

    def close(self) -> None:
        """Close the file, once nobody is inside it; harmless when repeated."""
        self._demuxer.close()

    def held_open(self) -> AbstractContextManager[bool]:
        """Keep the file from being closed meanwhile; gives False if it is closed already."""
        return self._demuxer.held_open()

    def seek(self, ticks: int) -> None:
        """Go to the key frame from which a picture of the video track can be decoded.

        Args:
            ticks: the picture's time, in the track's time base.
        """
        index = self._info.video.index
        target = find_start(self._info.path, index, ticks)
        if target is not None and self._demuxer.seek(target, index):
            self._begin()

    def first_picture(self) -> int | None:
        """When the first packet of the video track is shown, in ticks; None where it doesn't say.

        Looks at packets in advance: asked before any was taken.
        """
        for packet in self._mended:
            self._peeked.append(packet)
            if packet.stream_index == self._info.video.index:
                return packet.pts
        return None

    def __iter__(self) -> Iterator[Packet[Stream]]:
        """All packets, their times mended; after ``seek`` from there on."""
        peeked, self._peeked = self._peeked, []
        for packet in chain(peeked, self._mended):
            if self.closed:
                return
            self._look_for_damage(packet)
            yield packet
            if packet.stream_index == self._info.video.index:
                self._demuxed = self._demuxed if packet.dts is None else packet.dts

    def _look_for_damage(self, packet: Packet[Stream]) -> None:
        """The demuxer's word: a packet was cut short, or something before it skipped."""
        if not (packet.is_corrupt or self._stray.skipped(packet)):
            return
        time = packet.dts if packet.dts is not None else packet.pts
        if time is not None:
            ticks = round(time * packet.time_base / self._info.video.time_base)
            self._holes.damaged(min(self._demuxed, ticks), ticks)
