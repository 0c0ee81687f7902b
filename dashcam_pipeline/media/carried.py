"""Packets of the tracks that travel along untouched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream


@dataclass(frozen=True, slots=True)
class CarriedPacket:
    """A packet of another track, to be copied as it is.

    Args:
        stream_index: of its track in the source.
        packet: with its own time base, flags and side data.
        nbytes: that it holds in memory.
    """

    stream_index: int
    packet: Packet[Stream]
    nbytes: int


@dataclass(frozen=True, slots=True)
class PicturePacket(CarriedPacket):
    """A packet of the video track itself, where pictures are copied and not decoded.

    Args:
        seconds: when it is shown; a muxer takes a packet's own times away.
    """

    seconds: float = 0.0
