"""Writes telemetry as cameras do, from the published layouts, and puts it into clips.

Independent of the package: nothing here imports it. ``MAKERS`` has a maker of a whole recording for
each place in which a family writes, and ``SAMPLES`` the real recordings that are at hand.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from factory import Data, Picture, Text, insert_messages, make_clip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MAKERS: dict[tuple[str, str], Callable[[Path], Path]] = {}
"""By family and carrier: makes a recording in a folder, with at least two positions."""


def maker(family: str, carrier: str) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Registers a function as the maker of a family's recordings.

    Args:
        family: its name.
        carrier: how the recording holds its telemetry, as ``Raw.carrier``.
    """

    def register(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        MAKERS[family, carrier] = make
        return make

    return register


@dataclass(frozen=True)
class Sample:
    """A recording of a real camera, or a part of one.

    Args:
        name: below the folder ``telemetry`` of the test data.
        fixes, accelerations: how many it holds.
    """

    family: str
    carrier: str
    name: str
    fixes: int
    accelerations: int


SAMPLES = [
    Sample("novatek", "packets", "novatek-ts/real-anonymized.TS", 10, 0),
    Sample("70mai", "block", "70mai-embedded/real-anonymized.mp4", 12, 0),
    Sample(
        "70mai",
        "sidecar",
        "70mai-multichannel/Normal/Front/NO20260101-120000-000001F.MP4",
        3,
        3,
    ),
    Sample("blackvue", "sidecar", "blackvue/real-anonymized.gps", 8, 50),
    Sample("thinkware", "track", "thinkware/real-anonymized.mp4", 10, 96),
    Sample("gopro", "track", "gopro/hero5-trimmed.mp4", 36, 402),
]

_SMALL = Picture(frames=60, size=(160, 90))


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


@maker("novatek", "block")
def novatek_mp4(folder: Path) -> Path:
    clip = make_clip(folder / "novatek.mp4", _SMALL)
    return transplant(clip, blocks=[novatek_block(i) for i in range(4)])


def mdpm(second: int, *, zone: int = 0x12, fix: bool = True) -> bytes:
    """AVCHD's packs: 31 January 2024, 22:15, with a zone of nine hours, and a place near Seoul."""
    clock = bytes.fromhex(f"20240131221500{second:02d}")[:6] + bytes.fromhex(f"{second:02d}")
    packs = [(0x13, bytes(4)), (0x18, bytes([zone]) + clock[:3]), (0x19, clock[3:])]
    ratio = struct.Struct(">HH").pack
    if fix:
        packs += [(0xB0, bytes([2, 2, 0, 0])), (0xB1, b"N\0\0\0")]
        packs += [(0xB2, ratio(37, 1)), (0xB3, ratio(30, 1)), (0xB4, ratio(360 + second, 10))]
        packs += [(0xB5, b"W\0\0\0")]
        packs += [(0xB6, ratio(126, 1)), (0xB7, ratio(45, 1)), (0xB8, ratio(0, 1))]
        packs += [(0xB9, bytes(4)), (0xBA, ratio(655, 10)), (0xBB, ratio(13, 1))]
        packs += [(0xBC, ratio(15, 1)), (0xBD, ratio(second, 1)), (0xBE, b"A\0\0\0")]
        packs += [(0xC1, b"K\0\0\0"), (0xC2, ratio(360, 10)), (0xC4, ratio(900, 10))]
        packs += [(0xCA, b"2024"), (0xCB, b":01:"), (0xCC, b"31\0\0")]
    uuid = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66")
    body = b"".join(bytes([number]) + four for number, four in packs)
    return uuid + b"MDPM" + bytes([len(packs)]) + body


@maker("avchd", "message")
def avchd_pictures(folder: Path) -> Path:
    pts = [130_000 + i * 3000 for i in range(60)]
    picture = Picture(pts=pts, size=(160, 90), time_base=Fraction(1, 90_000))
    clip = make_clip(folder / "avchd.ts", picture)
    return insert_messages(clip, [[(5, mdpm(i // 30))] for i in range(60)])


@maker("novatek", "packets")
def novatek_ts(folder: Path) -> Path:
    stream = make_clip(folder / "novatek.ts", _SMALL)
    return add_private_packets(stream, [novatek_record(i) for i in range(4)])


@maker("70mai", "block")
def mai_4k(folder: Path) -> Path:
    clip = make_clip(folder / "70mai-4k.mp4", _SMALL)
    return transplant(clip, blocks=[mai_block(i) for i in range(4)])


@maker("70mai", "box")
def mai_older(folder: Path) -> Path:
    return transplant(make_clip(folder / "70mai.mp4", _SMALL), boxes=[mai_box(4)])


@maker("70mai", "sidecar")
def mai_card(folder: Path) -> Path:
    place = folder / "Normal/Front"
    place.mkdir(parents=True)
    clip = make_clip(place / "NO20240101-200000-000001F.MP4", _SMALL)
    lines = [
        f"{1704067200 + i},A,52.5,-13.4,9000,1389,0,100,0,{clip.name},0,0,0\n" for i in range(2)
    ]
    (folder / "GPSData000001.txt").write_text("$V02\n" + "".join(lines))
    return clip


@maker("blackvue", "box")
def blackvue_newer(folder: Path) -> Path:
    return transplant(make_clip(folder / "blackvue.mp4", _SMALL), boxes=[blackvue_free(3)])


@maker("blackvue", "sidecar")
def blackvue_older(folder: Path) -> Path:
    clip = make_clip(folder / "blackvue.mp4", _SMALL)
    text = b"".join(nmea(i, clock_ms=5000 + 1000 * i) for i in range(2))
    clip.with_suffix(".gps").write_bytes(text)
    clip.with_suffix(".3gf").write_bytes(struct.pack(">I3h", 100, 0, 128, 0))
    return clip


@maker("thinkware", "track")
def thinkware_subtitles(folder: Path) -> Path:
    line = (
        "gsensori,4,512,-512,256,000;GNRMC,1122{:02}.00,A,4807.03800,N,01131.00000,W,10.0,84.4,"
        "230324,,,A*52.;CAR,0,0,0,0.0,0,0,0,0,0,0,0,0"
    )
    lines = Text(lines=[(i, 0.9, line.format(i)) for i in range(2)])
    return make_clip(folder / "thinkware.mp4", _SMALL, texts=[lines])


@maker("garmin", "track")
def garmin_subtitles(folder: Path) -> Path:
    records = Text(lines=[(i, 0.9, garmin_text(i)[2:]) for i in range(2)])
    return make_clip(folder / "garmin.mp4", _SMALL, texts=[records])


@maker("garmin", "box")
def garmin_box(folder: Path) -> Path:
    return transplant(make_clip(folder / "garmin.mp4", _SMALL), in_moov=[garmin_uuid(3)])


@maker("gopro", "track")
def gopro_track(folder: Path) -> Path:
    track = Data("bin_data", [(i, gpmf(i)) for i in range(2)])
    return make_clip(folder / "gopro.mp4", _SMALL, data=[track])


@maker("nmea", "block")
def nmea_blocks(folder: Path) -> Path:
    clip = make_clip(folder / "nmea.mp4", _SMALL)
    head = struct.pack(">I8s", 512, b"freeGPS ").ljust(48, b"\0")
    return transplant(clip, blocks=[(head + nmea(i)).ljust(512, b"\0") for i in range(3)])


@maker("nmea", "track")
def nmea_subtitles(folder: Path) -> Path:
    lines = Text(lines=[(i, 0.9, nmea(i).decode().strip()) for i in range(2)])
    return make_clip(folder / "nmea.mp4", _SMALL, texts=[lines])


@maker("nmea", "sidecar")
def nmea_file(folder: Path) -> Path:
    clip = make_clip(folder / "nmea.mp4", _SMALL)
    clip.with_suffix(".nmea").write_bytes(nmea(0) + nmea(1))
    return clip
