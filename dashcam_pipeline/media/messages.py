"""Messages of pictures (SEI): what they are, and which go on to a picture that is encoded anew.

A message that says something about the scene, the camera or the viewing is as true of the new
picture; it is carried byte for byte, to the same picture. One that describes the old coding isn't.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from av.sidedata.sidedata import Type as SideDataType

from dashcam_pipeline.frames import Message
from dashcam_pipeline.media import kinds, nal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T35: Final = 4
UNREGISTERED: Final = 5
MASTERING: Final = 137
LIGHT: Final = 144

_CARRIED: Final = frozenset(
    (T35, UNREGISTERED, 45, MASTERING, LIGHT, 147, 148, 149, *range(150, 157))
)
"""Stereo, HDR, viewing and 360-degree messages; captions and cameras' own data are in 4 and 5."""

_OF_THE_CODING: Final = frozenset(
    (0, 1, 3, 6, 7, 10, 11, 12, 128, 129, 130, 131, 132, 133, 134, 135)
)
"""Buffering, picture timing, recovery points, sub-sequences, hashes: the encoder's own business."""

_OF_ENCODERS: Final = (
    bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef"),  # x264
    bytes.fromhex("2ca2de09b51747dbbb55a4fe7fc2fc4e"),  # x265
)
"""Beginnings of unregistered messages in which an encoder names itself."""

_T35: Final = {
    b"\xb5\0\x31GA94\3": kinds.CAPTIONS,
    b"\xb5\0\x31DTG1": kinds.ACTIVE_FORMAT,
    b"\xb5\0\x3c\0\1\4": kinds.HDR_PLUS,
}
"""Country, maker and kind of registered messages (ATSC A/53 and A/72, SMPTE ST 2094-40)."""

_NAMES: Final = {
    2: "pan and scan",
    19: kinds.FILM_GRAIN,
    45: kinds.STEREO,
    47: kinds.ORIENTATION,
    MASTERING: kinds.MASTERING,
    LIGHT: kinds.LIGHT,
    136: kinds.TIMECODE,
    147: "preferred transfer function",
    148: kinds.AMBIENT,
    149: "content colour volume",
    **dict.fromkeys((150, 151), kinds.SPHERICAL),
    **dict.fromkeys((152, 153, 154, 155, 156), "360-degree viewing"),
}


def kind_of(message: Message) -> str | None:
    """What a message is called in reports; None for one that belongs to the coding."""
    data = message.payload
    if message.kind in _OF_THE_CODING or data[:16] in _OF_ENCODERS:
        return None
    if message.kind == T35:
        known = (name for start, name in _T35.items() if data.startswith(start))
        return next(known, f"user data of T.35 code {data[:3].hex()}")
    if message.kind == UNREGISTERED:
        return f"user data {data[:16].hex()}"
    return _NAMES.get(message.kind, f"SEI message {message.kind}")


def carried(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Those that are as true of the same picture encoded anew."""
    return tuple(m for m in messages if m.kind in _CARRIED and m.payload[:16] not in _OF_ENCODERS)


class MessageReader:
    """Reads the messages of a track's packets.

    Args:
        codec: FFmpeg's name; packets of others than H.264 and HEVC have none.
        extradata: of the track.
    """

    def __init__(self, codec: str | None, extradata: bytes) -> None:
        self._syntax = nal.SYNTAXES.get(codec or "")
        self._length = nal.length_size(codec, extradata) if codec and self._syntax else 0

    def __bool__(self) -> bool:
        """False where there is nothing to be read in any packet."""
        return self._syntax is not None

    def read(self, packet: bytes) -> tuple[list[Message], set[str]]:
        """A packet's messages, and what units it has that belong to no ordinary coding."""
        found: list[Message] = []
        strange: set[str] = set()
        if self._syntax is None:
            return found, strange
        for begin, end in nal.units(packet, self._length):
            kind = self._syntax.kind(packet, begin)
            if kind in self._syntax.messages:
                found += nal.messages(packet[begin:end], self._syntax.header)
            elif kind not in self._syntax.ordinary:
                strange.add(f"NAL units of type {kind}")
        return found, strange


def captions(triplets: bytes) -> Message:
    """Closed captions as a message (ATSC A/53 part 4, 6.2.3.1).

    Args:
        triplets: ``cc_data``, three bytes each, as FFmpeg has them; at most 31 are used.
    """
    count = min(len(triplets) // 3, 31)
    data = b"\xb5\0\x31GA94\3" + bytes([0x40 | count, 0xFF]) + triplets[: 3 * count] + b"\xff"
    return Message(T35, data)


def of_side_data(found: Mapping[object, bytes]) -> tuple[Message, ...]:
    """HDR facts that FFmpeg found anywhere in a recording, as messages.

    Args:
        found: side data of the first picture, by type.
    """
    said = []
    data = found.get(SideDataType.MASTERING_DISPLAY_METADATA, b"")
    if len(data) >= 88:  # noqa: PLR2004 - AVMasteringDisplayMetadata
        values = struct.unpack("=22i", data[:88])
        ratios = [a / b if b else 0.0 for a, b in zip(values[0:20:2], values[1:20:2], strict=True)]
        if all(values[20:22]):
            red, green, blue, white = ratios[0:2], ratios[2:4], ratios[4:6], ratios[6:8]
            chroma = [round(v * 50_000) for v in (*green, *blue, *red, *white)]
            light = [round(v * 10_000) for v in (ratios[9], ratios[8])]
            said.append(Message(MASTERING, struct.pack(">8H2I", *chroma, *light)))
    data = found.get(SideDataType.CONTENT_LIGHT_LEVEL, b"")
    if len(data) >= 8:  # noqa: PLR2004 - AVContentLightMetadata
        said.append(
            Message(
                LIGHT, struct.pack(">2H", *(min(v, 65535) for v in struct.unpack("=2I", data[:8])))
            )
        )
    return tuple(said)
