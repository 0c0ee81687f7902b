"""What goes with each picture beside its samples, from its packet until it is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import av
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.frames import Message
    from dashcam_pipeline.media.side_data import Listener

MAX_NOTED: Final = 1000
"""Packets whose messages wait for a picture; those of pictures that never come are dropped."""


class PictureMessages:
    """Keeps packets' messages until their pictures come.

    Args:
        listener: of the recording.
        index: of the track.
    """

    def __init__(self, listener: Listener, index: int) -> None:
        self._listener, self._index = listener, index
        self._noted: dict[int, tuple[Message, ...]] = {}

    def note(self, packet: Packet[Stream], messages: tuple[Message, ...]) -> None:
        """Keep a packet's messages until its picture comes."""
        if messages and packet.pts is not None:
            self._noted[packet.pts] = self._noted.get(packet.pts, ()) + messages
            if len(self._noted) > MAX_NOTED:
                del self._noted[next(iter(self._noted))]

    def of(self, picture: av.VideoFrame) -> tuple[Message, ...]:
        """What goes with a picture: of its packet, or else its own."""
        own = self._listener.frame(self._index, picture)
        return own if picture.pts is None else self._noted.pop(picture.pts, own)
