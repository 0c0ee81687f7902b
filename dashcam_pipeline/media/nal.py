"""Units of an H.264 or HEVC stream, and the messages (SEI) that pictures carry beside samples.

Layouts: ITU-T H.264 and H.265, 7.3.1 (units), 7.3.2.3 / 7.3.2.4 (messages) and annex B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.frames import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_START: Final = b"\0\0\1"
_ESCAPED: Final = re.compile(rb"\0\0(?=[\0-\3])")
_NOT_IN_LENGTHS: Final = re.compile(rb"\0\0[\x00-\x02]")
_NOT_IN_STARTS: Final = re.compile(rb"\0\0(?:\x02|\0+[^\x00\x01])")
"""What no unit holds, since a 3 is put in between; where start codes stand between units those, and
zeros before them, are no damage."""

_FORBIDDEN: Final = 0x80
"""A bit of a unit's first byte that is never set."""

_MAX_MESSAGES: Final = 1000
"""Of one unit; more are not looked at."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How units of a codec look.

    Args:
        header: bytes before a unit's content.
        messages: types of the units that hold messages, those before a picture first.
        pictures: types of the units that hold samples.
        ordinary: types of all units that belong to the coding itself.
    """

    header: int
    messages: tuple[int, ...]
    pictures: range
    ordinary: frozenset[int]

    def kind(self, data: bytes, begin: int) -> int:
        """Type of the unit that begins there."""
        return data[begin] & 0x1F if self.header == 1 else data[begin] >> 1 & 0x3F


SYNTAXES: Final = {
    "h264": Syntax(1, (6,), range(1, 6), frozenset((*range(1, 14), 19))),
    "hevc": Syntax(2, (39, 40), range(32), frozenset(range(41))),
}
"""By FFmpeg's name of the codec."""


def length_size(codec: str, extradata: bytes) -> int:
    """Bytes of the length in front of each unit; 0 where start codes stand between them.

    Args:
        codec: as in ``SYNTAXES``.
        extradata: of the track (ISO/IEC 14496-15: ``avcC`` or ``hvcC``), or anything else.
    """
    place = 4 if codec == "h264" else 21
    if len(extradata) <= place or extradata[0] != 1:
        return 0
    return (extradata[place] & 3) + 1


def units(data: bytes, length: int) -> Iterator[tuple[int, int]]:
    """Where the units of a packet begin and end; ends silently at the first impossible one.

    Args:
        data: the packet.
        length: of ``length_size``.
    """
    if length:
        place = 0
        while place + length < len(data):
            begin = place + length
            place = begin + int.from_bytes(data[place:begin], "big")
            if place > len(data) or place == begin:
                return
            yield begin, place
        return
    place = data.find(_START)
    while place >= 0:
        begin = place + len(_START)
        place = data.find(_START, begin)
        end = len(data) if place < 0 else place
        if end > begin:
            yield begin, end


def is_torn(data: bytes, codec: str, length: int) -> bool:
    """Whether a packet can't be what an encoder wrote, as far as its outer form tells.

    Blocks of zeros, and of another file, show so, also where a decoder goes on without a word.

    Args:
        data: the packet.
        codec: as in ``SYNTAXES``.
        length: of ``length_size``.
    """
    syntax, end = SYNTAXES[codec], 0
    never = _NOT_IN_LENGTHS if length else _NOT_IN_STARTS
    for begin, end in units(data, length):
        if data[begin] & _FORBIDDEN:
            return True
        if syntax.kind(data, begin) not in syntax.pictures:
            continue  # cameras write messages of their own as they like
        found = never.search(data, begin, end)
        if found is not None and data[found.start() : end].strip(b"\0"):  # zeros may follow it
            return True
    return bool(length) and end < len(data) and bool(data[end:].strip(b"\0"))


def messages(unit: bytes, header: int) -> Iterator[Message]:
    """The messages in a unit.

    Args:
        unit: with its header.
        header: its length.
    """
    data = unit[header:].replace(b"\0\0\3", b"\0\0")
    place = 0
    for _ in range(_MAX_MESSAGES):
        kind, place = _number(data, place)
        size, place = _number(data, place)
        if place + size > len(data) or place >= len(data):
            return
        yield Message(kind, data[place : place + size])
        place += size
        if data[place:].rstrip(b"\0") in {b"\x80", b""}:
            return


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    while place < len(data) and data[place] == 0xFF:  # noqa: PLR2004 - and another byte follows
        value, place = value + 0xFF, place + 1
    return (value + data[place] if place < len(data) else value), place + 1


def with_messages(packet: bytes, codec: str, added: Iterable[Message]) -> bytes | None:
    """A packet with more messages before its first picture.

    Args:
        packet: with start codes, as encoders give them.
        codec: as in ``SYNTAXES``.
        added: in order.

    Returns:
        None where the packet has no picture, or no start codes.
    """
    syntax = SYNTAXES[codec]
    if not packet.startswith((_START, b"\0" + _START)):
        return None
    for begin, _ in units(packet, 0):
        if syntax.kind(packet, begin) in syntax.pictures:
            place = begin - len(_START)
            place -= place > 0 and packet[place - 1] == 0
            unit = b"".join(_unit(syntax, message) for message in added)
            return packet[:place] + unit + packet[place:]
    return None


def _unit(syntax: Syntax, message: Message) -> bytes:
    kind = syntax.messages[0]
    header = bytes([kind]) if syntax.header == 1 else bytes([kind << 1, 1])
    content = _coded(message.kind) + _coded(len(message.payload)) + message.payload + b"\x80"
    return b"\0" + _START + header + _ESCAPED.sub(b"\0\0\3", content)


def _coded(value: int) -> bytes:
    return b"\xff" * (value // 0xFF) + bytes([value % 0xFF])
