"""Telemetry in unannounced packets of a transport stream, and how it comes into an output.

Packets on a PID that no table names go between the others, each before the first picture that is
shown later than it.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, BinaryIO, Final

from dashcam_pipeline.dashcam.telemetry.formats import mpegts
from dashcam_pipeline.media.part_file import rewritten

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.findings import Findings
    from dashcam_pipeline.dashcam.telemetry.model import Raw

_BODY: Final = 184
"""Bytes of a transport packet behind its header."""


def collect(path: Path, findings: Findings) -> None:
    """Read all private_stream_2 packets.

    Args:
        path: the recording, of any container.
        findings: added to.

    Raises:
        OSError: it can't be read.
    """
    if not mpegts.is_transport(path):
        return
    for one in mpegts.private_packets(path, limits=findings.limits):
        known = _recognise(one, findings)
        findings.keep(f"pid {one.pid:#x}", one.payload, "packets", one.seconds, understood=known)


def _recognise(packet: mpegts.PrivatePacket, findings: Findings) -> bool:
    return findings.recognise(
        lambda family: family.transport_packet(packet.payload, packet.seconds)
    )


def put_back(raws: Sequence[Raw], path: Path) -> tuple[list[Raw], str]:
    """Put packets into a written transport stream.

    Args:
        raws: the source's packets.
        path: written anew beside itself, and replaced.

    Returns:
        (what is in it now, why the rest isn't).

    Raises:
        OSError: writing failed.
    """
    pids = {_pid(raw) for raw in raws}
    with path.open("rb") as file:
        if pids & {pid for rows in mpegts.chunks(file) for pid in mpegts.pids(rows)}:
            return [], "the output uses its PID for something else"
    with path.open("rb") as source, rewritten(path) as out:
        _interleave(raws, source, out)
    return list(raws), ""


def _interleave(raws: Sequence[Raw], source: BinaryIO, out: BinaryIO) -> None:
    counters: dict[int, int] = {}
    waiting = deque(raws)
    first: int | None = None
    for rows in mpegts.chunks(source):
        written = 0
        for row, pts in mpegts.picture_times(rows):
            first = pts if first is None else first
            now = mpegts.seconds_between(first, pts)
            # in their own order, also where a camera's clock jumped back between two of them
            while waiting and (waiting[0].seconds or 0.0) < now:
                out.write(rows[written:row].tobytes())
                written = row
                out.write(_packets(waiting.popleft(), counters))
        out.write(rows[written:].tobytes())
    out.writelines(_packets(raw, counters) for raw in waiting)


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
