"""Writes telemetry as cameras do, from the published layouts, and puts it into clips.

Independent of the package: nothing here imports it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def novatek_record(
    index: int, *, latitude: float = 5230.5, longitude: float = 1324.25, valid: bool = True
) -> bytes:
    """Six u32, status, hemispheres, four floats: one second after the other."""
    flags = b"ANE\0" if valid else b"V\0\0\0"
    clock = struct.pack("<6I", 22, 15, index, 24, 1, 31)
    return clock + flags + struct.pack("<4f", latitude + index / 100, longitude, 27.0, 90.0)


def novatek_block(index: int, *, base: int = 48, size: int = 512, **record) -> bytes:
    """A freeGPS block; the record begins at byte 48 (older firmware) or 16."""
    head = struct.pack(">I8sI", size, b"freeGPS ", 0x4C).ljust(base, b"\0")
    return (head + novatek_record(index, **record)).ljust(size, b"\0")


def mai_block(index: int, *, valid: bool = True) -> bytes:
    """70mai's dialect: degrees in 1e-7, a heading, no clock."""
    head = struct.pack(">I8sI", 0x4000, b"freeGPS ", 0x1ED).ljust(30, b"\0")
    body = struct.pack("<ciiH", b"A" if valid else b"V", 375665000 + index * 1000, -1269780000, 270)
    return (head + body).ljust(128, b"\0")


def mai_box(count: int) -> bytes:
    """70mai's older box: 36 bytes a second."""
    records = b"".join(
        struct.pack("<4IcIcI10x", 1, 1, i, 54_000, b"N", 5213_500 + i, b"E", 2100_250)
        for i in range(count)
    )
    return box(b"GPS ", records + bytes(36))


def nmea(index: int, *, clock_ms: int | None = None) -> bytes:
    """RMC and GGA of one second."""
    lead = b"" if clock_ms is None else b"[%d]" % clock_ms
    place = b"4807.0380,N,01131.0000,E"
    rmc = b"$GPRMC,1122%02d.000,A,%s,022.4,084.4,230324,,,A*6A\r\n" % (index, place)
    gga = b"$GPGGA,1122%02d.000,%s,1,08,0.9,545.4,M,46.9,M,,*47\r\n" % (index, place)
    return lead + rmc + lead + gga


def blackvue_free(count: int, start_ms: int = 1_700_000_000_000) -> bytes:
    """Pittasoft's box of boxes."""
    text = b"".join(nmea(i, clock_ms=start_ms + i * 1000) for i in range(count))
    sensor = b"".join(struct.pack(">I3h", i * 100, 128, -64, 0) for i in range(count * 10))
    return box(
        b"free",
        box(b"cprt", b"Pittasoft Co., Ltd.")
        + box(b"sttm", struct.pack(">Q", start_ms))
        + box(b"gps ", text + bytes(16))
        + box(b"3gf ", sensor + b"\xff" * 10),
    )


def garmin_text(index: int) -> bytes:
    """A record in a subtitle packet, behind the text's length."""
    scale = 2**31 / 180
    record = b"PNDM" + bytes(4) + struct.pack(">HH", 60, 0)
    record += struct.pack(">ii", round((40 + index / 1000) * scale), round(-3.7 * scale))
    return struct.pack(">H", len(record)) + record


def garmin_uuid(count: int) -> bytes:
    """A box of records of 20 bytes, its times since 1904."""
    scale = 2**31 / 180
    records = b"".join(
        struct.pack(
            ">IH6xii", 3_800_000_000 + i, 60, round((40 + i / 1000) * scale), round(-3 * scale)
        )
        for i in range(count)
    )
    mark = bytes.fromhex("9b630f8d637440ec8204bc5ff5091728")
    return box(b"uuid", mark + bytes(17) + records)


def gpmf_item(key: bytes, kind: str, size: int, count: int, values: bytes) -> bytes:
    head = key + (kind.encode() if kind else b"\0") + struct.pack(">BH", size, count)
    return head + values.ljust(-(-len(values) // 4) * 4, b"\0")


def gpmf(index: int, *, fix: int = 3) -> bytes:
    """A packet with two positions and four accelerations."""
    gps = gpmf_item(b"GPSF", "L", 4, 1, struct.pack(">I", fix))
    gps += gpmf_item(b"GPSU", "c", 16, 1, b"2403231122%02d.000" % index)
    gps += gpmf_item(b"SCAL", "l", 4, 5, struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100))
    rows = [(481173000 + index, 115166000, 519000, 12000, 1210) for _ in range(2)]
    gps += gpmf_item(b"GPS5", "l", 20, 2, b"".join(struct.pack(">5i", *row) for row in rows))
    accel = gpmf_item(b"SCAL", "s", 2, 1, struct.pack(">h", 418))
    accel += gpmf_item(b"ACCL", "s", 6, 4, struct.pack(">3h", 4099, 0, -4099) * 4)
    streams = b"".join(gpmf_item(b"STRM", "", 1, len(s), s) for s in (gps, accel))
    return gpmf_item(b"DEVC", "", 1, len(streams), streams)


def top_level(data: bytes) -> list[tuple[bytes, int, int]]:
    """(type, offset, size) of an MP4's boxes."""
    found, offset = [], 0
    while offset < len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        found.append((kind, offset, size))
        offset += size
    return found


def transplant(
    clip: Path,
    *,
    blocks: Sequence[bytes] = (),
    boxes: Sequence[bytes] = (),
    in_moov: Sequence[bytes] = (),
    extra_entries: Sequence[tuple[int, int]] = (),
) -> Path:
    """Put telemetry into an MP4 whose moov comes last, as a camera would have.

    Args:
        clip: changed in place.
        blocks: listed by moov/gps, in an mdat of their own.
        boxes: at the top level, in front of moov.
        in_moov: boxes within moov.
        extra_entries: (offset, size) listed as well, for damaged indices.
    """
    data = clip.read_bytes()
    kind, at, size = next(b for b in top_level(data) if b[0] == b"moov")
    assert at + size == len(data)
    head, moov = data[:at], data[at + 8 :]
    if blocks or extra_entries:
        first = len(head) + 8
        entries, offset = [], first
        for block in blocks:
            entries.append((offset, len(block)))
            offset += len(block)
        entries += extra_entries
        head += box(b"mdat", b"".join(blocks))
        table = struct.pack(">II", 0x101, len(entries))
        index = box(b"gps ", table + b"".join(struct.pack(">II", *entry) for entry in entries))
        header = int.from_bytes(moov[:4], "big")
        moov = moov[:header] + index + moov[header:]
    moov += b"".join(in_moov)
    clip.write_bytes(head + b"".join(boxes) + box(kind, moov))
    return clip


def add_private_packets(stream: Path, records: Sequence[bytes], *, pid: int = 0x300) -> Path:
    """Put private_stream_2 packets into a transport stream, evenly, on an unannounced PID."""
    data = stream.read_bytes()
    packets = [data[i : i + 188] for i in range(0, len(data), 188)]
    counter = 0
    out: list[bytes] = []
    step = max(1, len(packets) // (len(records) + 1))
    for i, packet in enumerate(packets):
        out.append(packet)
        number, rest = divmod(i, step)
        if rest == 0 and 0 < number <= len(records):
            body = records[number - 1].ljust(1008, b"\0")
            for part in transport_packets(pid, b"\0\0\1\xbf" + struct.pack(">H", len(body)) + body):
                out.append(part[:3] + bytes([part[3] | counter]) + part[4:])
                counter = (counter + 1) & 15
    stream.write_bytes(b"".join(out))
    return stream


def transport_packets(pid: int, pes: bytes) -> list[bytes]:
    """Packets of 188 bytes, the last one stuffed; the counter is left at 0."""
    packets = []
    for i in range(0, len(pes), 184):
        part = pes[i : i + 184]
        head = struct.pack(">BH", 0x47, pid | (0x4000 if i == 0 else 0))
        gap = 184 - len(part)
        if gap == 0:
            packets.append(head + b"\x10" + part)
        else:
            stuffing = b"\0" if gap == 1 else bytes([gap - 1, 0]) + b"\xff" * (gap - 2)
            packets.append(head + b"\x30" + stuffing + part)
    return packets
