"""One sound track over all clips, packet behind packet: no hole, no jump back, no drift.

Packets hold some milliseconds each and can't be cut, so that at a seam they fit the picture to half
a packet (11 ms for AAC at 48 kHz): at its end a clip gives up the packets that lie further inside
the next one than outside; where half a packet or more is lacking, its last one is held for a
moment, and behind it comes silence. What is left of half a packet is the offset of the next clip's
sound, and the next seam begins from the picture again, so nothing adds up. Two clips that one
encoder wrote without a break keep all of their packets, and are heard without a seam.

Plain samples can be cut, and are, where they lie further off than ``PLAIN``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av

from dashcam_pipeline.media.joined.silence import SAMPLES, frame_bytes, silence_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.joined.silence import Silence

PLAIN: Final = Fraction(1, 100)
"""Seconds by which plain samples may lie off before they are cut or filled up."""

COARSE: Final = Fraction(1, 8000)
"""Seconds: packets of sound have no whole number of such ticks."""

_USUAL: Final = Fraction(1, 50)
"""Seconds that a packet lasts where it doesn't say."""

FRAME: Final = 1024
"""Samples that a decoder gives of a packet of AAC, at least; of its short kind, 960."""

_SHORT_FRAME: Final = 960
_IS_SHORT: Final = 0x04
"""Bit of the header's second byte that tells them apart (ISO/IEC 14496-3, 4.4.1)."""

HELD: Final = 2
"""Packets for which the last one is held: a longer hold would be heard as a tone."""

_INDEPENDENT: Final = "aac"
"""Codec whose packets can be repeated; others (MP3) borrow bits of earlier ones."""

_BLOCK: Final = Fraction(1, 10)
"""Seconds of plain silence in a packet."""


@dataclass(slots=True)
class Patched:
    """What was done to a track at the seams.

    Args:
        dropped: packets that were left out.
        held: packets that were written once more.
        filled: silent ones that were put in.
        bridged: seconds of both.
        offsets: how far the sound lies off its picture from each seam on, in seconds.
        holes: seconds where nothing could be put in.
    """

    dropped: int = 0
    held: int = 0
    filled: int = 0
    bridged: float = 0.0
    offsets: list[float] = field(default_factory=list)
    holes: float = 0.0


class SoundLine:
    """A sound track of a joined recording.

    Args:
        base: seconds a tick.
        parameters: of the track, as ``clip.parameters_of`` has them.
    """

    def __init__(self, base: Fraction, parameters: Mapping[str, Any]) -> None:
        self._base, self._parameters = base, parameters
        self._silence: Silence | None = silence_for(parameters)
        codec = str(parameters.get("codec") or "")
        self._rate = int(parameters.get("rate") or 0)
        self._plain = codec.startswith(SAMPLES)
        self._holds = codec == _INDEPENDENT
        self._frame = round(frame_samples(parameters) / (self._rate * base)) if self._rate else 0
        self._last = b""
        self._end: int | None = None
        self._shift = self._ideal = 0
        self._limit: int | None = None
        self._entering = True
        self.patched = Patched()

    def enter(self, shift: Fraction, limit: Fraction | None) -> None:
        """Go on with another clip.

        Args:
            shift: seconds from the clip's clock to the joined recording's, by its picture.
            limit: seconds of the joined recording at which the next clip's sound begins; None
                where nothing follows.
        """
        self._ideal = round(shift / self._base)
        self._limit = None if limit is None else round(limit / self._base)
        self._entering = True

    @property
    def begun(self) -> bool:
        """True once there is a packet."""
        return self._end is not None

    def admit(self, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """Give a clip's next packet its place.

        Args:
            packet: with the clip's own times, in ticks of this track; changed in place.

        Returns:
            the packets to be written now: this one, silence before it, or none.
        """
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return [packet]
        step = max(packet.duration or round(_USUAL / self._base), self._frame)
        before: list[Packet[Stream]] = []
        if self._entering:
            entered = self._enter(packet, time, step)
            if entered is None:
                self.patched.dropped += 1
                return []
            before = entered
        begin = time + self._shift
        if self._limit is not None and not self._plain and begin + step // 2 > self._limit:
            self.patched.dropped += 1
            return before
        whole = self._cut(packet, begin, step) if self._plain else packet
        if whole is None:
            self.patched.dropped += 1
            return before
        for name in ("pts", "dts"):
            ticks = getattr(packet, name)
            setattr(whole, name, None if ticks is None else ticks + self._shift)
        if whole is packet and self._limit is not None:
            # A clip's last packet may say less than a decoder gives of it: 10 ms more at each seam.
            whole.duration = step
        self._end = begin + (whole.duration or step)
        if self._holds:
            self._last = bytes(whole)
        return [*before, whole]

    def _enter(self, packet: Packet[Stream], time: int, step: int) -> list[Packet[Stream]] | None:
        """Decide where a clip's first packet goes; None: nowhere, for its place is taken."""
        wanted = time + self._ideal
        if self._end is None:
            self._shift, self._entering = self._ideal, False
            return []
        lacking = wanted - self._end
        room = round(PLAIN / self._base) if self._plain else step / 2
        if lacking < -room:
            return None
        self._entering = False
        filled: list[Packet[Stream]] = []
        # A clock too coarse for the packets' lengths would add up what it rounds off.
        end = wanted if self._base > COARSE and lacking >= -1 else self._end
        if lacking > room:
            filled, end = self._fill(packet, wanted, step)
        self._shift = end - time
        self.patched.offsets.append(float((end - wanted) * self._base))
        return filled

    def _fill(
        self, like: Packet[Stream], wanted: int, step: int
    ) -> tuple[list[Packet[Stream]], int]:
        """What is lacking up to a time, as near as packets go; and when it ends."""
        begin = self._end or 0
        if self._plain and self._silence is not None:
            return self._plain_silence(like, begin, wanted), wanted
        count = round(Fraction(wanted - begin, step))
        held = min(count, HELD) if self._last else 0
        if count > held and self._silence is None:
            self.patched.holes += float((wanted - begin) * self._base)
            return [], wanted
        payloads = [self._last] * held
        if count > held and self._silence is not None:
            payloads += [self._silence(bytes(like), self._samples(step))] * (count - held)
        self.patched.held += held
        self.patched.filled += count - held
        self.patched.bridged += float(count * step * self._base)
        times = range(begin, begin + count * step, step)
        made = [self._made(p, t, step) for p, t in zip(payloads, times, strict=True)]
        return made, begin + count * step

    def _plain_silence(self, like: Packet[Stream], begin: int, wanted: int) -> list[Packet[Stream]]:
        block = round(_BLOCK / self._base)
        made = []
        for time in range(begin, wanted, block):
            length = min(block, wanted - time)
            payload = self._silence(bytes(like), self._samples(length)) if self._silence else b""
            made.append(self._made(payload, time, length))
        self.patched.filled += len(made)
        self.patched.bridged += float((wanted - begin) * self._base)
        return made

    def _made(self, payload: bytes, time: int, length: int) -> Packet[Stream]:
        packet = av.Packet(payload)
        packet.time_base = self._base
        packet.pts = packet.dts = time
        packet.duration, packet.is_keyframe = length, True
        return packet

    def _cut(self, packet: Packet[Stream], begin: int, step: int) -> Packet[Stream] | None:
        """Plain samples up to where the next clip's begin; None if there are none."""
        room = round(PLAIN / self._base)
        if self._limit is None or begin + step <= self._limit + room:
            return packet
        left = self._limit - begin
        if left <= 0:
            return None
        size = frame_bytes(self._parameters) * self._samples(left)
        cut = av.Packet(bytes(packet)[:size])
        cut.time_base, cut.duration, cut.is_keyframe = packet.time_base, left, True
        return cut

    def _samples(self, ticks: int) -> int:
        return round(ticks * self._base * self._rate)


def frame_samples(parameters: Mapping[str, Any]) -> int:
    """Samples that a decoder gives of each packet, at least; 0 where packets differ.

    Args:
        parameters: of the track, as ``clip.parameters_of`` has them.
    """
    if parameters.get("codec") != _INDEPENDENT:
        return 0
    header = parameters.get("header") or b""
    return _SHORT_FRAME if len(header) > 1 and header[1] & _IS_SHORT else FRAME
