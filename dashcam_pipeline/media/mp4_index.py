"""What an MP4's or MOV's index says of each track, box by box (ISO/IEC 14496-12), and adding to it.

A file may be hostile: sizes are bounded by the parent's, depth and number of boxes as below.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from dashcam_pipeline.media import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_MOOV: Final = 512 << 20
_MAX_BOXES: Final = 100_000
_MAX_DEPTH: Final = 12
_HEADER: Final = 8
_KIND: Final = slice(4, 8)

_PARENTS: Final = frozenset(
    (b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"udta", b"tref", b"gmhd", b"meta", b"ilst")
)
_ENTRIES: Final = {b"vide": 78, b"soun": 28}
"""Bytes of a sample entry before its boxes, by the track's handler (12.1.3, 12.2.3)."""

_ORDINARY: Final = frozenset(
    (
        *(b"trak", b"tkhd", b"mdia", b"mdhd", b"hdlr", b"elng", b"minf", b"vmhd", b"smhd", b"nmhd"),
        *(b"sthd", b"gmhd", b"gmin", b"text", b"dinf", b"dref", b"url ", b"alis", b"stbl", b"stsd"),
        *(b"stts", b"ctts", b"cslg", b"stss", b"stps", b"stsc", b"stsz", b"stz2", b"stco", b"co64"),
        *(b"sdtp", b"padb", b"stdp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"edts", b"elst"),
        *(b"udta", b"meta", b"ilst", b"keys", b"tref", b"chap", b"tmcd", b"tcmi", b"load", b"tapt"),
        *(b"clef", b"prof", b"enof", b"free", b"skip", b"wide", b"matt", b"imap"),
        *(b"avcC", b"hvcC", b"av1C", b"vpcC", b"vvcC", b"esds", b"dac3", b"dec3", b"dac4", b"dOps"),
        *(b"dfLa", b"alac", b"wave", b"frma", b"chan", b"chnl", b"pcmC", b"glbl", b"btrt", b"bitr"),
        *(
            b"pasp",
            b"colr",
            b"gama",
            b"fiel",
            b"clap",
            b"covr",
            b"chpl",
            b"ftab",
            b"iods",
            b"mehd",
            b"trex",
        ),
    )
)
"""Boxes in which a muxer says in its own words what FFmpeg hands on by other ways."""

_MEANINGS: Final = {
    b"st3d": kinds.STEREO,
    b"vexu": kinds.STEREO,
    b"sv3d": kinds.SPHERICAL,
    b"mdcv": kinds.MASTERING,
    b"SmDm": kinds.MASTERING,
    b"clli": kinds.LIGHT,
    b"CoLL": kinds.LIGHT,
    b"amve": kinds.AMBIENT,
    b"dvcC": kinds.DOLBY_VISION,
    b"dvvC": kinds.DOLBY_VISION,
    b"dvwC": kinds.DOLBY_VISION,
}
_SPHERICAL_XML: Final = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
"""Type of the ``uuid`` box of Google's Spherical Video RFC, version 1."""

_COPIED: Final = frozenset((b"st3d", b"sv3d", b"mdcv", b"clli", b"SmDm", b"CoLL", b"amve"))
"""Boxes of a sample entry that are as true of the same pictures encoded anew."""


@dataclass(slots=True)
class TrackBoxes:
    """Of one track.

    Args:
        handler: its kind, such as ``vide``.
        found: (place, content) of each box that is no muxer's own business.
        entry: those of its first sample entry that may be copied, whole.
        track: likewise, of the track itself.
    """

    handler: bytes = b""
    found: list[tuple[str, bytes]] = field(default_factory=list)
    entry: list[bytes] = field(default_factory=list)
    track: list[bytes] = field(default_factory=list)

    def says(self, values: set[bytes]) -> set[str]:
        """What the boxes say, by name.

        Args:
            values: texts that the track's and the file's metadata have: a box that holds one of
                them has been read.
        """
        return {
            kind for kind, content in self.found if not any(value in content for value in values)
        }


def tracks_of(path: Path) -> tuple[list[TrackBoxes], list[tuple[str, bytes]]]:
    """What the index of a file says.

    Args:
        path: any file.

    Returns:
        (its tracks in order, (place, content) of what stands beside them in ``udta`` and ``meta``);
        both empty if it is no MP4 or MOV.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        place = _moov(file)
        if place is None:
            return [], []
        file.seek(place[0] + _HEADER)
        moov = file.read(place[1] - _HEADER)
    tracks: list[TrackBoxes] = []
    others: list[tuple[str, bytes]] = []
    for begin, end in _children(moov, 0, len(moov)):
        kind = moov[begin + 4 : begin + 8]
        if kind == b"trak":
            track = TrackBoxes()
            _walk(moov, begin, end, track, ())
            tracks.append(track)
        elif kind in {b"udta", b"meta"}:
            beside = TrackBoxes()
            _walk(moov, begin, end, beside, ())
            others += beside.found
    return tracks, others


def _walk(data: bytes, begin: int, end: int, track: TrackBoxes, above: tuple[bytes, ...]) -> None:
    kind, inner = data[begin + 4 : begin + 8], begin + _HEADER
    if len(above) > _MAX_DEPTH:
        return
    if kind == b"hdlr" and above[-1:] == (b"mdia",):
        track.handler = data[inner + 8 : inner + 12]
    if kind not in _ORDINARY:
        track.found.append((_name(kind, data[inner:end]), data[inner:end]))
        if above == (b"trak",) and data[inner : inner + 16] == _SPHERICAL_XML:
            track.track.append(data[begin:end])
    elif kind == b"stsd":
        for entry, stop in list(_children(data, inner + 8, end))[:1]:
            _entry(data, entry, stop, track)
    elif kind in _PARENTS:
        visit = _item if kind == b"ilst" else _walk
        if kind == b"meta" and data[inner + 4 : inner + 8] != b"hdlr":
            inner += 4  # a full box, but for QuickTime's
        for child, stop in _children(data, inner, end):
            visit(data, child, stop, track, (*above, kind))


def _item(data: bytes, begin: int, end: int, track: TrackBoxes, _: tuple[bytes, ...]) -> None:
    """An entry of a metadata list: by its own type, or by the number of its key."""
    kind = data[begin + 4 : begin + 8]
    if kind != b"covr" and kind[0]:
        track.found.append((_name(kind, b""), data[begin + _HEADER : end]))


def _entry(data: bytes, begin: int, end: int, track: TrackBoxes) -> None:
    fixed = _ENTRIES.get(track.handler)
    if fixed is None:
        return
    if track.handler == b"soun":  # QuickTime's longer ones
        version = int.from_bytes(data[begin + 16 : begin + 18], "big")
        fixed += {1: 16, 2: 36}.get(version, 0)
    for child, stop in _children(data, begin + _HEADER + fixed, end):
        kind = data[child + 4 : child + 8]
        if kind in _COPIED:
            track.entry.append(data[child:stop])
        if kind not in _ORDINARY:
            content = data[child + _HEADER : stop]
            track.found.append((_name(kind, content), content))


def _name(kind: bytes, content: bytes) -> str:
    if kind == b"uuid":
        if content[:16] == _SPHERICAL_XML:
            return kinds.SPHERICAL
        return f"box uuid {content[:16].hex()}"
    text = "".join(chr(c) if 32 <= c < 127 else f"\\x{c:02x}" for c in kind)  # noqa: PLR2004 - ASCII
    return _MEANINGS.get(kind, f"box {text}")


def _children(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where boxes begin and end; ends silently at the first impossible one."""
    for _ in range(_MAX_BOXES):
        if begin + _HEADER > end:
            return
        size = int.from_bytes(data[begin : begin + 4], "big") or end - begin
        if size < _HEADER or begin + size > end:
            return
        yield begin, begin + size
        begin += size


def _moov(file: BinaryIO) -> tuple[int, int] | None:
    """Where the index begins, and its size."""
    total = file.seek(0, 2)
    place = 0
    while place + _HEADER <= total:
        file.seek(place)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        elif size == 0:
            size = total - place
        if size < _HEADER or not all(32 <= c < 127 or c == 0xA9 for c in head[_KIND]):  # noqa: PLR2004 - ASCII
            return None
        if head[_KIND] == b"moov":
            fits = size <= _MAX_MOOV and place + size <= total and head[:4] != b"\0\0\0\1"
            return (place, size) if fits else None
        place += size
    return None


def copy_boxes(source: Path, index: int, target: Path, place: int) -> bool:
    """Put what a track's boxes say of its pictures (360 degrees, stereo, HDR) into a written file.

    Args:
        source: the recording; of any container.
        index: of the track in it.
        target: the finished file, whose index comes last; changed in place.
        place: of the track in that.

    Returns:
        False if there was nothing to be put, or no place for it.

    Raises:
        OSError: reading or writing failed.
    """
    tracks, _ = tracks_of(source)
    said = tracks[index] if index < len(tracks) else TrackBoxes()
    return bool(said.entry or said.track) and add(target, place, said.entry, said.track)


def add(path: Path, index: int, entry: list[bytes], track: list[bytes]) -> bool:
    """Put boxes into a finished file whose index comes last, so that nothing else moves.

    Args:
        path: changed in place.
        index: of the track among the index's.
        entry: boxes for its sample entry.
        track: boxes for the track itself.

    Returns:
        False if it can't be done.

    Raises:
        OSError: writing failed.
    """
    with path.open("r+b") as file:
        place = _moov(file)
        if place is None or sum(place) != file.seek(0, 2):
            return False
        file.seek(place[0])
        moov = file.read(place[1])
        traks = [
            (b, e) for b, e in _children(moov, _HEADER, len(moov)) if moov[b + 4 : b + 8] == b"trak"
        ]
        if index >= len(traks):
            return False
        begin, end = traks[index]
        anew = _extended(moov[begin:end], (b"mdia", b"minf", b"stbl", b"stsd"), b"".join(entry))
        anew = _box(b"trak", anew[_HEADER:] + b"".join(track))
        file.seek(place[0])
        file.write(_box(b"moov", moov[_HEADER:begin] + anew + moov[end:]))
    return True


def _extended(box: bytes, path: tuple[bytes, ...], added: bytes) -> bytes:
    """A box with more at the end of the first sample entry below it."""
    kind = box[_KIND]
    if kind == b"stsd":
        begin, end = next(_children(box, 2 * _HEADER, len(box)))
        entry = _box(box[begin + 4 : begin + 8], box[begin + _HEADER : end] + added)
        return _box(kind, box[_HEADER:begin] + entry + box[end:])
    for begin, end in _children(box, _HEADER, len(box)):
        if box[begin + 4 : begin + 8] == path[0]:
            inner = _extended(box[begin:end], path[1:], added)
            return _box(kind, box[_HEADER:begin] + inner + box[end:])
    return box


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + _HEADER, kind) + content
