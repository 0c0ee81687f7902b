"""Carried tracks on their way out: times that a container would refuse are mended here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.timing import Monotone

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

EMPTY_TEXT: Final = b"\0\0"
"""An MP4 subtitle sample without text; it fills the gap to the next one."""

MAX_HELD: Final = 32
"""Packets kept back until the first decoding time; H.264 reorders at most 16 pictures."""


@dataclass(slots=True)
class CarriedTrack:
    """One carried track.

    Args:
        stream: of the output.
        fills_gaps: True if the muxer writes empty subtitle samples itself, so that the source's
            must not be written as well.
    """

    stream: Stream
    fills_gaps: bool = False
    _times: Monotone = field(default_factory=Monotone, init=False)
    _without: int = field(default=0, init=False)
    _held: list[Packet[Stream]] = field(default_factory=list, init=False)

    @property
    def repaired(self) -> int:
        """Packets whose times were missing or didn't rise."""
        return self._times.repaired + self._without

    def admit(self, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """Make a packet this track's own.

        Decoding times that are missing, stand still or jump back (after damage) are moved on;
        whole tracks that begin anew keep their distances. All other packets stay as they are.

        Args:
            packet: changed in place.

        Returns:
            the packets to be written now: this one, none, or this one and those held before it.
        """
        if self.fills_gaps and bytes(packet) == EMPTY_TEXT:
            return []
        packet.stream = self.stream
        if packet.dts is None and self._times.last is None and self.stream.type == "video":
            # Matroska tells decoding times only after as many pictures as are reordered
            self._held.append(packet)
            return self.drain() if len(self._held) >= MAX_HELD else []
        if self._held and packet.dts is not None:
            step = max(1, packet.duration or 1)
            for distance, early in enumerate(reversed(self._held), 1):
                early.dts = packet.dts - distance * step
        return [*self.drain(), self._mended(packet)]

    def drain(self) -> list[Packet[Stream]]:
        """The packets still held; at the end of the track."""
        held, self._held = self._held, []
        return [self._mended(packet) for packet in held]

    def _mended(self, packet: Packet[Stream]) -> Packet[Stream]:
        pts = packet.pts
        found = packet.dts if packet.dts is not None else pts
        step = max(1, packet.duration or 1)
        if found is None:
            self._without += 1
            found = 0 if self._times.last is None else self._times.last + step
        apart = 0 if self.stream.type in {"subtitle", "data"} else 1  # texts may share a tick
        dts = self._times.admit(found, step, apart=apart)
        pts = dts if pts is None else max(pts + self._times.offset, dts)
        packet.pts, packet.dts = pts, dts
        return packet
