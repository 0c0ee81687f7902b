"""Numbers of tracks, where they mean something to others: the PIDs of a transport stream.

Every track keeps its own. What the muxer numbers itself (the program's map and its ids) is as in
the source too, or moved out of the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media import containers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dashcam_pipeline.media.source import SourceInfo

FIRST: Final = 0x20
LAST: Final = 0x1FFA
"""PIDs outside are of tables and padding (ISO/IEC 13818-1, table 2-3; EN 300 468, 5.1.3)."""

_USUAL_MAP: Final = 0x1000
_USUAL_TRACK: Final = 0x100
"""Where the muxer puts its map and its first track if nobody says otherwise."""

_SYNC: Final = 0x47
_LENGTHS: Final = (188, 192, 204)
"""Bytes of a packet: plain, with a disc's arrival time before it, with parity behind it."""

_LOOKED_AT: Final = 4 << 20
"""Bytes in which the first table is looked for; it comes ten times a second."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a transport stream announces.

    Args:
        stream: id of the transport stream.
        number: of the program, which is also the id of its service.
        map_pid: where its map is sent.
    """

    stream: int
    number: int
    map_pid: int


@dataclass(frozen=True, slots=True)
class TrackIds:
    """What an output's tracks are called.

    Args:
        ids: by index in the source; 0 leaves it to the muxer.
        options: of the muxer.
        moved: indices of tracks that could not keep theirs.
    """

    ids: Mapping[int, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    moved: tuple[int, ...] = ()


def track_ids(info: SourceInfo, muxer: str, suffix: str) -> TrackIds:
    """Decide the numbers of all tracks.

    Args:
        info: the source.
        muxer: FFmpeg's, of the output.
        suffix: of the output's name.

    Raises:
        OSError: the source can't be read.
    """
    kind = containers.named(muxer)
    if not kind.keeps_ids or not containers.named(info.container).keeps_ids:
        return TrackIds()
    taken = kind.taken_ids.get(suffix.lower())
    own: dict[int, int] = {}
    for track in info.tracks:
        # two tracks may share a number where one holds a simpler form of the other
        free = track.id not in own.values() and track.id != taken
        own[track.index] = track.id if free and FIRST <= track.id <= LAST else 0
    moved = tuple(index for index, number in own.items() if not number)
    program = next(iter(programs(info.path)), None)
    used = {number for number in own.values() if number}
    options = {}
    if taken is None:
        wanted = program.map_pid if program else _USUAL_MAP
        place = wanted if wanted not in used and FIRST <= wanted <= LAST else _free(used)
        options["mpegts_pmt_start_pid"] = str(place)
        used.add(place)
    else:
        used.add(taken)
    for index in moved:
        own[index] = _free(used, _USUAL_TRACK)
        used.add(own[index])
    if program is not None:
        options["mpegts_transport_stream_id"] = str(max(1, program.stream))
        options["mpegts_service_id"] = str(max(1, program.number))
    return TrackIds(own, options, moved)


def _free(used: Iterable[int], first: int = FIRST) -> int:
    return next(pid for pid in range(first, LAST) if pid not in used)


def programs(path: Path) -> tuple[Program, ...]:
    """The programs that a transport stream's association table names (13818-1, 2.4.4.3).

    Args:
        path: any file.

    Returns:
        none if it is no transport stream, or has no such table near its beginning.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        data = file.read(_LOOKED_AT)
    for packet in _packets(data):
        if packet[1] & 0x5F != 0x40 or packet[2]:  # noqa: PLR2004 - a section of PID 0 begins
            continue
        begin = 5 + packet[4] if packet[3] & 0x20 else 4
        section = packet[begin + 1 + packet[begin] :] if begin < len(packet) else b""
        found = tuple(_announced(section))
        if found:
            return found
    return ()


def _announced(section: bytes) -> Iterator[Program]:
    if len(section) < 8 or section[0] != 0:  # noqa: PLR2004 - up to the first program
        return
    end = 3 + (int.from_bytes(section[1:3], "big") & 0xFFF) - 4  # without the checksum
    for place in range(8, min(end, len(section) - 3), 4):
        number = int.from_bytes(section[place : place + 2], "big")
        if number:  # 0 is the network's table
            pid = int.from_bytes(section[place + 2 : place + 4], "big") & 0x1FFF
            yield Program(int.from_bytes(section[3:5], "big"), number, pid)


def _packets(data: bytes) -> Iterator[bytes]:
    """Packets of 188 bytes, of the first length and phase that hold for a few of them."""
    for length in _LENGTHS:
        for phase in range(length):
            starts = range(phase, min(len(data) - 187, phase + 5 * length), length)
            if len(starts) > 1 and all(data[place] == _SYNC for place in starts):
                for place in range(phase, len(data) - 187, length):
                    if data[place] == _SYNC:
                        yield data[place : place + 188]
                return
