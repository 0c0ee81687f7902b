"""Putting a camera's telemetry back into a written recording, where its own viewers look for it.

The file is whole already when this is called, but not yet under its name. Nothing that is in it
moves, so that the index stays true:

* MP4/MOV: ``moov`` comes last in what FFmpeg writes. The blocks, in an ``mdat`` of their own, and
  boxes go in front of it, and a new ``gps `` index of the blocks' places comes right behind its
  header: ExifTool looks at both only before it has seen a metadata handler.
* Transport streams: packets on an unannounced PID go between the others, each before the first
  picture that is shown later than it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from dashcam_pipeline.dashcam.telemetry.formats import isobmff, mpegts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.model import Raw, Telemetry

_INDEX_VERSION: Final = 0x101
"""First word of ``moov/gps `` as cameras write it."""

_MAX_OFFSET: Final = 2**32
"""Its offsets have 32 bits."""

_MAX_MOOV: Final = 512 << 20
_TRANSPORT_SUFFIX: Final = ".ts"
_BODY: Final = 184
"""Bytes of a transport packet behind its header."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was put back.

    Args:
        places: names of the raw bytes that are in the output, each once.
        missing: (name, reason) of those that aren't; a sidecar keeps them.
    """

    places: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


def embed(telemetry: Telemetry, path: Path, muxer: str) -> Embedded:
    """Put blocks, boxes and packets back.

    Args:
        telemetry: of the source, cut to the part that was written.
        path: the written file; changed in place, or replaced.
        muxer: FFmpeg's, ``mp4``, ``mov``, ``mpegts`` or another.

    Raises:
        OSError: writing failed.
    """
    own = [raw for raw in telemetry.raws if raw.carrier in {"block", "box", "packets"}]
    known = [raw for raw in own if raw.understood]
    missing = [(raw.name, "its layout isn't known") for raw in own if not raw.understood]
    if not known:
        return Embedded((), _once(missing))
    if muxer in {"mp4", "mov"} and known[0].carrier != "packets":
        done, refused = _into_boxes(known, path)
    elif muxer == "mpegts" and known[0].carrier == "packets":
        done, refused = _into_transport(known, path)
    else:
        done, refused = [], f"a {muxer} file has no place for it"
    missing += [(raw.name, refused) for raw in known if raw not in done]
    return Embedded(tuple(dict.fromkeys(place(raw.name) for raw in done)), _once(missing))


def place(name: str) -> str:
    """A raw name without its number: ``moov/gps [3]`` is in ``moov/gps``."""
    return name.partition(" [")[0]


def _once(missing: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((place(name), reason) for name, reason in missing))


def _into_boxes(raws: Sequence[Raw], path: Path) -> tuple[list[Raw], str]:
    """What was put into an MP4, and why the rest wasn't."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        moov = next((n for n in isobmff.children(file, 0, size) if n.kind == b"moov"), None)
        if moov is None or moov.end != size or moov.size > _MAX_MOOV:
            return [], "the file's index isn't where it could be extended"
        blocks = [raw for raw in raws if raw.carrier == "block"]
        inner = [raw for raw in raws if raw.carrier == "box" and raw.name.startswith("moov/")]
        outer = [raw for raw in raws if raw.carrier == "box" and raw not in inner]
        begin = moov.offset + isobmff.HEADER
        length = sum(len(raw.data) for raw in blocks)
        if begin + length >= _MAX_OFFSET:
            blocks = []
        file.seek(moov.offset + moov.header)
        content = file.read(moov.size - moov.header)
        file.seek(moov.offset)
        index = b""
        if blocks:
            file.write(isobmff.box(b"mdat", b"".join(raw.data for raw in blocks)))
            index = isobmff.box(b"gps ", _index(blocks, begin))
        for raw in outer:
            file.write(raw.data)
        header = int.from_bytes(content[:4], "big")  # mvhd comes first (ISO/IEC 14496-12, 6.3.4)
        more = index + b"".join(raw.data for raw in inner)
        file.write(isobmff.box(b"moov", content[:header] + more + content[header:]))
    return [*blocks, *inner, *outer], "the file is too long for the index's 32-bit places"


def _index(blocks: Sequence[Raw], begin: int) -> bytes:
    table = [struct.pack(">II", _INDEX_VERSION, len(blocks))]
    for raw in blocks:
        table.append(struct.pack(">II", begin, len(raw.data)))
        begin += len(raw.data)
    return b"".join(table)


def _into_transport(raws: Sequence[Raw], path: Path) -> tuple[list[Raw], str]:
    """The same for a transport stream; it is written anew beside itself."""
    pids = {_pid(raw) for raw in raws}
    with path.open("rb") as file:
        if pids & {pid for rows in mpegts.chunks(file) for pid in mpegts.pids(rows)}:
            return [], "the output uses its PID for something else"
    anew = path.with_name(path.name + _TRANSPORT_SUFFIX)
    try:
        with path.open("rb") as source, anew.open("wb") as out:
            _interleave(list(raws), source, out)
        anew.replace(path)
    finally:
        anew.unlink(missing_ok=True)
    return list(raws), ""


def _interleave(raws: list[Raw], source: BinaryIO, out: BinaryIO) -> None:
    counters: dict[int, int] = {}
    first: int | None = None
    for rows in mpegts.chunks(source):
        written = 0
        for row, pts in mpegts.picture_times(rows):
            first = pts if first is None else first
            now = mpegts.seconds_between(first, pts)
            due = [raw for raw in raws if (raw.seconds or 0.0) < now]
            if due:
                out.write(rows[written:row].tobytes())
                written = row
                out.writelines(_packets(raw, counters) for raw in due)
                raws = raws[len(due) :]
        out.write(rows[written:].tobytes())
    out.writelines(_packets(raw, counters) for raw in raws)


def _pid(raw: Raw) -> int:
    return int(raw.name.split()[1], 16)


def _packets(raw: Raw, counters: dict[int, int]) -> bytes:
    """A private_stream_2 packet (ISO/IEC 13818-1, 2.4.3.7) in transport packets."""
    pid = _pid(raw)
    pes = b"\x00\x00\x01\xbf" + struct.pack(">H", len(raw.data)) + raw.data
    out = bytearray()
    for begin in range(0, len(pes), _BODY):
        part = pes[begin : begin + _BODY]
        counter = counters.get(pid, -1) + 1 & 15
        counters[pid] = counter
        gap = _BODY - len(part)
        control = 0x30 if gap else 0x10
        out += struct.pack(">BHB", 0x47, pid | (0 if begin else 0x4000), control | counter)
        if gap:  # an adaptation field of that length, its own length byte included
            out += bytes([gap - 1]) + (b"\0" + b"\xff" * (gap - 2) if gap > 1 else b"")
        out += part
    return bytes(out)
