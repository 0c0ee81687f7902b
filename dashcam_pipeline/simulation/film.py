"""Writes a recording as a dashcam does: H.264, sound, GPS as subtitles and as freeGPS blocks."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from dashcam_pipeline.media.atomic import atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    Packet: TypeAlias = av.Packet[av.stream.Stream]

RATE = 48_000
"""Of the sound, Hz."""
CLICK = 0.01
"""Length of a click, seconds."""
PITCH = 2000.0
"""Of a click, Hz."""
KNOT = 1852 / 3600
"""m/s."""
BT709 = 1
"""Primaries, transfer and matrix have this code in ITU-T H.273."""
TICKS = 15_360
"""Of the video track a second; divides by the usual frame rates."""
BLOCK = 512
"""Bytes of a freeGPS block."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One second of GPS.

    Args:
        when: UTC.
        latitude, longitude: degrees, north and east.
        speed: m/s.
        course: degrees clockwise from north.
    """

    when: datetime
    latitude: float
    longitude: float
    speed: float
    course: float

    def line(self) -> str:
        """As people read it."""
        return (
            f"{self.when:%Y-%m-%d %H:%M:%S} {self.speed * 3.6:.0f} km/h "
            f"N{self.latitude:.5f} E{self.longitude:.5f}"
        )

    def block(self) -> bytes:
        """As a freeGPS block, in the layout that Novatek chips write.

        Six little-endian numbers (hour, minute, second, year of the century, month, day) from byte
        48, status and hemispheres, then latitude and longitude as NMEA has them (ddmm.mmmm),
        speed in knots and course, as 32-bit floats.
        """
        w = self.when
        clock = struct.pack("<6I", w.hour, w.minute, w.second, w.year % 100, w.month, w.day)
        place = (_nmea(self.latitude), _nmea(self.longitude), self.speed / KNOT, self.course)
        head = struct.pack(">I8sI", BLOCK, b"freeGPS ", 0x4C).ljust(48, b"\0")
        return (head + clock + b"ANE\0" + struct.pack("<4f", *place)).ljust(BLOCK, b"\0")


def write_film(
    path: Path,
    frames: Iterable[npt.NDArray[np.uint8]],
    fps: Fraction,
    *,
    fixes: list[Fix],
    crf: int,
    metadata: dict[str, str],
) -> int:
    """Write an MP4; it appears only when it is whole.

    Args:
        path: target.
        frames: (H, W, 3) uint8 R'G'B', even sides.
        fps: frames a second, constant.
        fixes: one a second.
        crf: of x264.
        metadata: of the container.

    Returns:
        number of frames.
    """
    options = {"video_track_timescale": str(TICKS), "movie_timescale": str(TICKS)}
    with atomic(path, overwrite=True) as part:
        with av.open(str(part.path), "w", format="mp4", container_options=options) as out:
            out.metadata.update(metadata)
            packets, count = _pictures(out, frames, fps, crf)
            packets += _clicks(out, float(count / fps))
            packets += _subtitles(out, fixes, float(count / fps))
            out.start_encoding()
            for _, packet in sorted(packets, key=lambda p: p[0]):
                out.mux_one(packet)
        part.write(with_gps(part.path.read_bytes(), [fix.block() for fix in fixes]))
    return count


def with_gps(movie: bytes, blocks: list[bytes]) -> bytes:
    """Put freeGPS blocks into an MP4 whose index comes last, and list them in ``moov/gps ``.

    The blocks stand in a ``free`` box before the index, so that no offset of the media changes.

    Raises:
        ValueError: the last box is not the index.
    """
    place, last = 0, 0
    while place < len(movie):
        last = place
        place += int.from_bytes(movie[place : place + 4], "big")
    media, index = movie[:last], movie[last:]
    if index[4:8] != b"moov":
        raise ValueError(f"the index must come last, not {index[4:8]!r}")
    store, table = b"", struct.pack(">II", 0x101, len(blocks))
    for block in blocks:
        table += struct.pack(">II", len(media) + 8 + len(store), len(block))
        store += block
    gps = _box(b"gps ", table)
    moov = struct.pack(">I4s", len(index) + len(gps), b"moov") + index[8:] + gps
    return media + _box(b"free", store) + moov


def _pictures(
    out: av.container.OutputContainer,
    frames: Iterable[npt.NDArray[np.uint8]],
    fps: Fraction,
    crf: int,
) -> tuple[list[tuple[float, Packet]], int]:
    """Encoded pictures, and how many they are."""
    stream = out.add_stream("libx264", rate=fps)
    packets: list[Packet] = []
    count = 0
    context = stream.codec_context
    context.time_base = stream.time_base = Fraction(1, TICKS)
    step = TICKS / fps
    for picture in frames:
        if count == 0:
            context.height, context.width = picture.shape[:2]
            context.pix_fmt = "yuv420p"
            context.gop_size = round(fps)
            context.options = {"preset": "slow", "crf": str(crf)}
            context.color_primaries = context.color_trc = context.colorspace = BT709
            context.color_range = 1
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
        frame = frame.reformat(
            format="yuv420p",
            dst_colorspace="ITU709",
            src_color_range="JPEG",
            dst_color_range="MPEG",
        )
        frame.color_primaries = frame.color_trc = frame.colorspace = BT709
        frame.pts, frame.time_base = round(count * step), Fraction(1, TICKS)
        packets += stream.encode(frame)
        count += 1
    packets += stream.encode(None)
    return _timed(packets), count


def _clicks(out: av.container.OutputContainer, seconds: float) -> list[tuple[float, Packet]]:
    """A quiet hum, and a click at every full second."""
    stream = out.add_stream("aac", rate=RATE)
    context = stream.codec_context
    context.layout, context.bit_rate = "mono", 96_000
    context.open()
    t = np.arange(round(seconds * RATE)) / RATE
    hum = 0.01 * np.sin(2 * np.pi * 60 * t)
    click = 0.7 * np.sin(2 * np.pi * PITCH * t) * (t % 1.0 < CLICK)
    wave = (hum + click).astype(np.float32)
    packets: list[Packet] = []
    for begin in range(0, len(wave), context.frame_size):
        frame = av.AudioFrame.from_ndarray(
            wave[None, begin : begin + context.frame_size], "fltp", "mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return _timed(packets)


def _subtitles(
    out: av.container.OutputContainer, fixes: list[Fix], seconds: float
) -> list[tuple[float, Packet]]:
    """One line of text a second (3GPP timed text: two bytes of length, then the text)."""
    stream = out.add_mux_stream("mov_text")
    stream.metadata["language"] = "eng"
    stream.time_base = Fraction(1, 1000)
    packets = []
    for second, fix in enumerate(fixes):
        long = min(1.0, seconds - second)
        text = fix.line().encode()
        packet = av.Packet(len(text).to_bytes(2, "big") + text)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = second * 1000
        packet.duration, packet.is_keyframe = round(long * 1000), True
        packets.append(packet)
    return _timed(packets)


def _timed(packets: list[Packet]) -> list[tuple[float, Packet]]:
    """Packets with the seconds they are due."""
    return [(float((p.dts or 0) * p.time_base) if p.time_base else 0.0, p) for p in packets]


def _nmea(degrees: float) -> float:
    """Degrees as ddmm.mmmm."""
    whole = int(degrees)
    return whole * 100 + (degrees - whole) * 60


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, kind) + payload
