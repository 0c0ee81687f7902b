"""A part of several clips that were joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.carried import CarriedPacket, PicturePacket
from dashcam_pipeline.media.joined.reader import JoinedReader
from dashcam_pipeline.media.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.media.joined.place import Joined
    from dashcam_pipeline.media.reader import Item


class PartReader(JoinedReader):
    """Reads from one time to another; the clips before are read through, and not given.

    Args:
        joined: the clips in their places.
        start, end: seconds from the first picture on; None for an end that is the recording's.
        threads: for decoding; 0 lets FFmpeg decide.
    """

    def __init__(
        self, joined: Joined, *, start: float, end: float | None, threads: int = 0
    ) -> None:
        super().__init__(joined, threads=threads)
        self._window = Window(joined.info.video, start, end)
        self.info = self._window.cut(joined.info)

    def __iter__(self) -> Iterator[Item]:
        """Frames and packets of other tracks, moved to the start."""
        index = 0
        for item in super().__iter__():
            if isinstance(item, Frame):
                if self._window.holds(item.pts):
                    yield replace(item, pts=item.pts - self._window.start_ticks, index=index)
                    index += 1
                else:
                    self.counts.frames.read -= 1
            elif self._kept(item):
                yield item

    def carried(self) -> Iterator[CarriedPacket]:
        """Packets of the other tracks alone."""
        yield from filter(self._kept, super().carried())

    def copied(self, *, check: bool = False) -> Iterator[CarriedPacket]:
        """All packets as they are, of the pictures' whole groups (see ``Window.copies``).

        Args:
            check: as of ``Reader``; what lies before the part is looked at, too.
        """
        for item in super().copied(check=check):
            if not isinstance(item, PicturePacket):
                if self._kept(item):
                    yield item
            elif self._window.copies(item.packet):
                self._window.shift(item.packet)
                seconds = item.seconds - float(self._window.start_ticks * self.joined.time_base)
                yield replace(item, seconds=seconds)
            else:
                self.counts.frames.read -= not item.packet.is_discard

    def _kept(self, item: CarriedPacket) -> bool:
        """Whether a packet of another track is asked for; its times are moved."""
        if not self._window.keeps(item.packet):
            return False
        self._window.shift(item.packet)
        return True
