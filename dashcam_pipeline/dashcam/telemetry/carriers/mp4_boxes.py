"""Finding the telemetry of a recording, wherever its camera put it.

::

    telemetry = read_telemetry(Path("20240101_120000_NF.mp4"))
    telemetry.families, len(telemetry.fixes), telemetry.unknown

Looked at are the boxes of an MP4, announced data and subtitle tracks, unannounced packets of a
transport stream, and files beside the recording. A file without pictures is fine.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, BinaryIO, Final

import av.error
from av.stream import Discard

from dashcam_pipeline.dashcam.telemetry.carriers import sidecar_files
from dashcam_pipeline.dashcam.telemetry.families import (
    blackvue,
    gopro,
    novatek,
    seventymai,
    thinkware,
)
from dashcam_pipeline.dashcam.telemetry.findings import Findings
from dashcam_pipeline.dashcam.telemetry.formats import isobmff, mpegts
from dashcam_pipeline.dashcam.telemetry.formats.isobmff import LIMITS, Limits
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.opening import check_readable, open_source

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.dashcam.telemetry.formats.isobmff import Node
    from dashcam_pipeline.dashcam.telemetry.model import Fix, Telemetry

PRIVATE_BOXES: Final = frozenset((b"infi",))
"""Boxes that hold what nobody wants to publish: NextBase writes the Wi-Fi name and password."""

_PRIVATE_WORDS: Final = re.compile(rb"ssid|passw|wi-?fi|wpa2?[-_ ]?(psk|key)", re.IGNORECASE)
"""What gives such a box of another camera away."""

_ORDINARY: Final = frozenset(
    (
        b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"mfra", b"sidx",
        b"ssix", b"styp", b"prft", b"meta", b"udta", b"mvhd", b"iods", b"trak", b"mvex", b"cmov",
        b"rmra", b"clip", b"ctab", b"PICT", b"junk", b"pdin", b"emsg",
    )
)  # fmt: skip
"""Boxes of the standards (ISO/IEC 14496-12, QuickTime) at the two upper levels."""

_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_GARMIN: Final = bytes.fromhex("9b630f8d637440ec8204bc5ff5091728")
_GARMIN_RECORD: Final = struct.Struct(">IH6xii")
_GARMIN_BEGIN: Final = 33
_MAC_EPOCH: Final = 2_082_844_800
"""Seconds from 1904 to 1970."""

_MAX_TRACK_PACKETS: Final = 500_000
"""Twenty a second for seven hours."""

_MAX_TRACK_PACKET: Final = 1 << 20
"""Bytes; GoPro's packets, a second each, have less than 100 kB."""


def read_telemetry(path: Path, *, limits: Limits = LIMITS) -> Telemetry:
    """Find and read all telemetry of a recording.

    Args:
        path: the recording; only read.
        limits: bounds on what a hostile file can make us do.

    Returns:
        what was found, empty if there is nothing; a note says if reading failed on the way.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        NotVideoError: an empty file.
        InputError: it can't be opened for another reason.
    """
    check_readable(path)
    found = Findings(limits)
    for look in (_in_boxes, _in_transport, sidecar_files.collect, _in_tracks):
        try:
            look(path, found)
        except (OSError, av.error.FFmpegError, IndexError) as error:
            # a card that fails in the middle must not take along what was found elsewhere;
            # IndexError is PyAV's for tracks that appear on the way
            found.note(f"telemetry could be read only in part ({error}).")
    return found.result()


def _in_boxes(path: Path, found: Findings) -> None:
    with path.open("rb") as file:
        _boxes(file, path.stat().st_size, found)


def _boxes(file: BinaryIO, size: int, found: Findings) -> None:
    for node in isobmff.children(file, 0, size, limits=found.limits):
        if node.kind == b"moov":
            _moov(file, node, size, found)
        elif node.kind == b"free":
            content = isobmff.payload(file, node, limits=found.limits)
            if content is not None and blackvue.is_free(content):
                found.family(blackvue.FAMILY)
                found.add(*blackvue.free(content))
                _keep_box(file, node, "free", found)
        elif node.kind == b"GPS ":
            found.family(seventymai.FAMILY)
            found.add(seventymai.box(isobmff.payload(file, node, limits=found.limits) or b""))
            _keep_box(file, node, node.name, found)
        else:
            _other(file, node, node.name, found)


def _moov(file: BinaryIO, moov: Node, size: int, found: Findings) -> None:
    limits = found.limits
    begin = moov.offset + moov.header
    for node in isobmff.children(file, begin, moov.end, limits=limits):
        if node.kind == b"gps ":
            header = isobmff.find(file, begin, moov.end, b"mvhd", limits=limits)
            table = isobmff.payload(file, node, limits=limits) or b""
            length = None if header is None else _duration(isobmff.payload(file, header) or b"")
            _blocks(file, size, table, length, found)
        elif node.kind == b"udta":
            for child in isobmff.children(file, node.offset + node.header, node.end, limits=limits):
                if child.kind in PRIVATE_BOXES:
                    found.withheld.append(f"moov/udta/{child.name}")
        else:
            _other(file, node, f"moov/{node.name}", found)


def _other(file: BinaryIO, node: Node, name: str, found: Findings) -> None:
    """A box that isn't a standard's: read if it is Garmin's, kept in any case unless private."""
    if node.kind in PRIVATE_BOXES:
        found.withheld.append(name)
        return
    if node.kind in _ORDINARY:
        return
    content = isobmff.payload(file, node, limits=found.limits) or b""
    if node.kind == b"uuid" and content[:16] == _XMP:
        return
    if node.kind == b"uuid" and content[:16] == _GARMIN:
        found.family("garmin")
        found.add(_garmin(content))
        _keep_box(file, node, name, found)
        return
    if _PRIVATE_WORDS.search(content):
        found.withheld.append(name)
        return
    _keep_box(file, node, name, found, understood=False)


def _keep_box(
    file: BinaryIO, node: Node, name: str, found: Findings, *, understood: bool = True
) -> None:
    data = isobmff.whole(file, node, limits=found.limits)
    if data is None:
        found.note(f"{name}: {node.size} bytes are more than telemetry has; it was left.")
        return
    found.keep(name, data, "box", understood=understood)


def _garmin(content: bytes) -> list[Fix]:
    """Records of 20 bytes behind a UUID and a header (ExifTool, ProcessGarminGPS)."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    from dashcam_pipeline.dashcam.telemetry.model import (  # noqa: PLC0415 - only here
        MILE_PER_HOUR,
        make_fix,
    )

    fixes = []
    first: int | None = None
    for offset in range(_GARMIN_BEGIN, len(content) - 19, 20):
        stamp, mph, latitude, longitude = _GARMIN_RECORD.unpack_from(content, offset)
        first = stamp if first is None else first
        fix = make_fix(
            latitude * 180 / 2**31,
            longitude * 180 / 2**31,
            float(stamp - first),
            datetime.fromtimestamp(stamp - _MAC_EPOCH, UTC),
            speed=mph * MILE_PER_HOUR,
        )
        fixes += [fix] if fix else []
    return fixes


def _duration(mvhd: bytes) -> float | None:
    """Seconds, from a movie header (ISO/IEC 14496-12, 8.2.2)."""
    layout = (20, ">IQ", 20) if mvhd[:1] == b"\1" else (12, ">II", 12)
    begin, form, _ = layout
    if len(mvhd) < begin + struct.calcsize(form):
        return None
    scale, ticks = struct.unpack_from(form, mvhd, begin)
    return ticks / scale if scale and ticks else None


def _blocks(file: BinaryIO, size: int, table: bytes, length: float | None, found: Findings) -> None:
    """The blocks that ``moov/gps `` lists: after version and count, offset and size of each."""
    limits = found.limits
    if len(table) < 8:  # noqa: PLR2004 - version and count
        return
    count = min(int.from_bytes(table[4:8], "big"), (len(table) - 8) // 8, limits.entries)
    strange = 0
    for index in range(count):
        offset, block_size = struct.unpack_from(">II", table, 8 + 8 * index)
        if not block_size or offset + block_size > size or block_size > limits.payload:
            strange += 1
            continue
        file.seek(offset)
        data = file.read(block_size)
        seconds = None if length is None else index * length / count
        read = novatek.block(data, seconds)
        found.keep(f"moov/gps [{index}]", data, "block", seconds, understood=read is not None)
        if read is None:
            found.note("the camera's freeGPS blocks have a layout that isn't known; kept as bytes.")
            continue
        family, fix, acceleration = read
        found.family(family)
        found.add([fix] if fix else [], [acceleration] if acceleration else [])
    if strange:
        found.note(f"{strange} of {count} blocks listed in moov/gps lie outside the file.")


def _in_transport(path: Path, found: Findings) -> None:
    if not mpegts.is_transport(path):
        return
    for one in mpegts.private_packets(path, limits=found.limits):
        known = novatek.is_transport(one.payload)
        if known:
            found.family("novatek")
            fix = novatek.transport(one.payload, one.seconds)
            found.add([fix] if fix else [])
        found.keep(f"pid {one.pid:#x}", one.payload, "packets", one.seconds, understood=known)


def _in_tracks(path: Path, found: Findings) -> None:
    """Packets of data and subtitle tracks; video and sound are passed over unread."""
    try:
        container = open_source(path)
    except InputError:
        return  # no recording at all; its boxes and sidecars have been looked at
    with container:
        wanted = [s for s in container.streams if s.type in {"data", "subtitle"}]
        if not wanted or container.format.name == "mpegts":
            return
        for stream in container.streams:
            if stream not in wanted:
                stream.discard = Discard.all  # an MP4's samples are then not even read
        _demux(container, wanted, found)


def _demux(container: InputContainer, wanted: list[Stream], found: Findings) -> None:
    for number, packet in enumerate(container.demux(wanted)):
        if number > _MAX_TRACK_PACKETS:
            found.note("a telemetry track has more packets than a recording can have.")
            return
        if not packet.size or packet.size > _MAX_TRACK_PACKET:
            continue
        data = bytes(packet)
        seconds = None if packet.pts is None else float(packet.pts * packet.time_base)
        name = f"track {packet.stream_index}"
        if packet.stream.type == "subtitle":
            if (read := thinkware.parse(data, seconds)) is not None:
                found.family(read[0])
                found.add(read[1], read[2])
                found.keep(name, data, "track", seconds)
        elif data[:4] in {b"DEVC", b"STRM"}:
            found.family("gopro")
            found.add(*gopro.parse(data, seconds, _length(packet)))
            found.keep(name, data, "track", seconds)
        elif "timecode" not in packet.stream.metadata and packet.stream.name is not None:
            found.keep(name, data, "track", seconds, understood=False)


def _length(packet: Packet[Stream]) -> float:
    return float(packet.duration * packet.time_base) if packet.duration else 1.0
