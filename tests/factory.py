"""Makes every odd recording the tests need, small and from nothing.

::

    clip = make_clip(tmp_path / "a.mp4", frames=30, sounds=[Sound()])
    cut_short(clip, 0.5)
"""

from __future__ import annotations

import math
import pickle
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.codec.context import Flags
from av.filter import Graph
from av.stream import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TICK = Fraction(1, 15360)
"""The usual clock of an MP4's video track at 30 frames a second."""

FORMAT = {
    ".mp4": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".avi": "avi",
    ".ts": "mpegts",
    ".nut": "nut",
}


@dataclass
class Sound:
    """A sound track: a sine wave."""

    codec: str = "aac"
    rate: int = 48000
    seconds: float = 1.0
    start: Fraction = Fraction(0)
    language: str = "und"
    pitch: float = 440.0
    pid: int | None = None


@dataclass
class Picture:
    """A video track."""

    frames: int = 30
    size: tuple[int, int] = (320, 180)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    time_base: Fraction = TICK
    rate: Fraction = Fraction(30)
    pts: Sequence[int] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    gop: int = 10
    b_frames: int = 2
    color: tuple[int, int, int, int] = (2, 2, 2, 0)  # primaries, transfer, matrix, range
    aspect: Fraction | None = None
    matrix: Sequence[int] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    disposition: int | None = None
    pid: int | None = None
    first_field: str | None = None
    seed: int = 0

    def times(self) -> list[int]:
        """Presentation times in ticks."""
        if self.pts is not None:
            return list(self.pts)
        step = 1 / (self.rate * self.time_base)
        return [round(i * step) for i in range(self.frames)]


@dataclass
class Text:
    """A subtitle track: (seconds, seconds long, text, or bytes that stand for it)."""

    codec: str = "mov_text"
    language: str = "eng"
    lines: Sequence[tuple[float, float, str | bytes]] = (
        (0.1, 0.3, "N37.5665"),
        (0.5, 0.4, "E126.978"),
    )


@dataclass
class Data:
    """A data track: (seconds, payload)."""

    codec: str = "bin_data"
    lines: Sequence[tuple[float, bytes]] = ((0.0, b"DEVC\0\0\0\0"), (0.5, b"DEVC\0\0\0\1"))


def picture(index: int, spec: Picture) -> av.VideoFrame:
    """A night street in miniature: dark, grainy, with a lamp that moves."""
    width, height = spec.size
    rng = np.random.default_rng((spec.seed, index))
    frame = av.VideoFrame(width, height, spec.pixel_format)
    components = frame.format.components
    for number, plane in enumerate(frame.planes):
        parts = [c for c in components if c.plane == number]
        bits, columns = parts[0].bits, sum(c.width for c in parts)
        deep = bits > 8
        rows = np.ndarray(
            (plane.height, columns),
            np.uint16 if deep else np.uint8,
            buffer=plane,
            strides=(plane.line_size, 2 if deep else 1),
        )
        noise = rng.integers(0, 12, rows.shape)
        slope = np.linspace(20, 70, rows.shape[1]).astype(int)
        samples = noise + (slope if number == 0 else 120)
        y = int((0.3 + 0.4 * math.sin(index / 5)) * rows.shape[0])
        x = (index * 7) % max(1, rows.shape[1] - 12)
        samples[y : y + 9, x : x + 12] = 235 if number == 0 else 140
        scale = bits - 8
        shift = 16 - bits if spec.pixel_format.startswith("p0") else 0
        rows[:] = (samples << scale | rng.integers(0, 1 << scale, rows.shape)) << shift
    return frame


def still(size: tuple[int, int] = (640, 480), codec: str = "mjpeg") -> bytes:
    """One picture, as a file of its own would hold it."""
    form = "rgb24" if codec == "png" else "yuvj420p"
    context = av.CodecContext.create(codec, "w")
    context.width, context.height = size
    context.pix_fmt, context.time_base = form, Fraction(1, 25)
    frame = av.VideoFrame(*size, form)
    frame.pts = 0
    return b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)])


_MADE: dict[bytes, bytes] = {}
"""Recordings that were made before, by what was asked for: most tests ask for the same few."""

_LARGE = 4 << 20
"""Bytes; what is larger is made again."""


def make_clip(path: Path, *videos: Picture, **asked: Any) -> Path:
    """Write a recording; the extension chooses the container.

    Args:
        path: the file.
        videos: its video tracks; one ordinary one if none is given.
        asked: as of ``_make_clip``.
    """
    key = pickle.dumps((path.suffix.lower(), videos, sorted(asked.items())))
    if key in _MADE:
        path.write_bytes(_MADE[key])
        return path
    _make_clip(path, *videos, **asked)
    if path.stat().st_size <= _LARGE:
        _MADE[key] = path.read_bytes()
    return path


def _make_clip(
    path: Path,
    *videos: Picture,
    frames: int = 30,
    sounds: Sequence[Sound] = (),
    texts: Sequence[Text] = (),
    data: Sequence[Data] = (),
    attachments: Sequence[tuple[str, str, bytes]] = (),
    covers: Sequence[bytes] = (),
    metadata: Mapping[str, str] | None = None,
    chapters: Sequence[tuple[float, float, str]] = (),
    options: Mapping[str, str] | None = None,
    sound_first: bool = False,
    sound_later: float = 0.0,
) -> None:
    """Encode and mux a recording.

    Args:
        path: the file.
        videos: its video tracks.
        frames: of the ordinary one, if none is given.
        sounds, texts, data: its other tracks.
        attachments: (name, MIME type, payload), in Matroska.
        covers: JPEG pictures, as an MP4 has them.
        metadata: of the container.
        chapters: (from, to, title) in seconds.
        options: of the muxer.
        sound_first: True puts the sound tracks before the video.
        sound_later: seconds that sound lies later in the file than the picture it belongs to.
    """
    specs = videos or (Picture(frames=frames),)
    suffix = path.suffix.lower()
    muxer = FORMAT.get(suffix, suffix[1:])
    settings = dict(options or {})
    if muxer in {"mp4", "mov"}:
        ticks = str(specs[0].time_base.denominator)
        settings = {"video_track_timescale": ticks, "movie_timescale": ticks} | settings
    if muxer == "mpegts":
        settings = {"mpegts_copyts": "1"} | settings
    if sound_later:  # else the muxer puts everything in order again
        settings |= {"max_interleave_delta": "1"}
    packets: list[tuple[float, av.Packet]] = []
    with av.open(str(path), "w", format=muxer, container_options=settings) as out:
        out.metadata.update(metadata or {})
        todo = [(_sound, s) for s in sounds], [(_video, v) for v in specs]
        for make, spec in [*todo[0], *todo[1]] if sound_first else [*todo[1], *todo[0]]:
            later = sound_later if make is _sound else 0.0
            packets += [(time + later, packet) for time, packet in make(out, spec)]
        for text in texts:
            packets += _text(out, text)
        for item in data:
            packets += _data(out, item)
        packets += _covers(out, covers)
        for name, mime, payload in attachments:
            out.add_attachment(name, mime, payload)
        if chapters:
            out.set_chapters(
                [
                    {
                        "id": i,
                        "start": round(a * 1000),
                        "end": round(b * 1000),
                        "time_base": Fraction(1, 1000),
                        "metadata": {"title": title},
                    }
                    for i, (a, b, title) in enumerate(chapters)
                ]
            )
        out.start_encoding()
        for _, packet in sorted(packets, key=lambda p: p[0]):
            out.mux_one(packet)


def _timed(packets: Sequence[av.Packet]) -> list[tuple[float, av.Packet]]:
    return [(float((p.dts if p.dts is not None else p.pts) * p.time_base), p) for p in packets]


def _video(out: av.container.OutputContainer, spec: Picture) -> list[tuple[float, av.Packet]]:
    stream = out.add_stream(spec.codec, rate=spec.rate)
    context = stream.codec_context
    context.width, context.height = spec.size
    context.pix_fmt = spec.pixel_format
    context.time_base = stream.time_base = spec.time_base
    context.gop_size = spec.gop
    context.thread_count = 1
    context.flags |= Flags.frame_duration
    options = dict(spec.options)
    if spec.codec == "libx264":
        context.max_b_frames = spec.b_frames
        options = {"preset": "veryfast", "qp": "20"} | options
    if spec.codec == "libx265":
        options = {"preset": "ultrafast", "x265-params": "log-level=error"} | options
    context.options = options
    context.color_primaries, context.color_trc = spec.color[:2]
    context.colorspace, context.color_range = spec.color[2:]
    if spec.aspect:
        context.sample_aspect_ratio = spec.aspect
    if spec.matrix:
        stream.set_display_matrix(spec.matrix)
    stream.metadata.update(spec.metadata)
    if spec.disposition is not None:
        stream.disposition = Disposition(spec.disposition)
    if spec.pid is not None:
        stream.id = spec.pid
    context.open()
    packets = []
    fields = _fields(spec) if spec.first_field else None
    times = spec.times()
    for index, pts in enumerate(times):
        frame = picture(index, spec)
        if fields is not None:
            fields.vpush(frame)
            frame = fields.vpull()
        frame.pts, frame.time_base = pts, spec.time_base
        after = times[index + 1] if index + 1 < len(times) else 2 * pts - times[index - 1]
        frame.duration = after - pts
        frame.colorspace, frame.color_range = spec.color[2:]
        frame.color_primaries, frame.color_trc = spec.color[:2]
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return _timed(packets)


def _fields(spec: Picture) -> Graph:
    """Marks pictures as interlaced."""
    graph = Graph()
    width, height = spec.size
    source = graph.add_buffer(
        width=width,
        height=height,
        format=av.VideoFormat(spec.pixel_format, width, height),
        time_base=spec.time_base,
    )
    mode = {"top": "tff", "bottom": "bff"}[spec.first_field]
    graph.link_nodes(source, graph.add("setfield", mode), graph.add("buffersink")).configure()
    return graph


def insert_messages(clip: Path, said: Sequence[Sequence[tuple[int, bytes]]]) -> Path:
    """Put SEI messages into a recording's H.264 pictures.

    Args:
        clip: an MP4, MKV or TS; written anew.
        said: (payload type, payload) of each picture, in the order in which they are shown.
    """
    anew = clip.with_name(f"anew{clip.suffix}")
    with av.open(str(clip)) as source:
        shown = sorted(p.pts for p in source.demux(video=0) if p.size)
    options = {"mpegts_copyts": "1"} if clip.suffix == ".ts" else {}
    with (
        av.open(str(clip)) as source,
        av.open(str(anew), "w", format=FORMAT[clip.suffix], container_options=options) as out,
    ):
        copies = [out.add_stream_from_template(s, opaque=True) for s in source.streams]
        for stream, copy in zip(source.streams, copies, strict=True):
            copy.time_base = stream.time_base
        for packet in source.demux():
            if not packet.size:
                continue
            whole = packet
            if packet.stream_index == 0:
                whole = av.Packet(_with_units(bytes(packet), said[shown.index(packet.pts)]))
                whole.pts, whole.dts, whole.duration = packet.pts, packet.dts, packet.duration
                whole.time_base, whole.is_keyframe = packet.time_base, packet.is_keyframe
            whole.stream = copies[packet.stream_index]
            out.mux_one(whole)
    anew.replace(clip)
    return clip


def _with_units(packet: bytes, said: Sequence[tuple[int, bytes]]) -> bytes:
    if b"\0\0\1\0" in packet[:4096] and packet[:3] == b"\0\0\1":  # MPEG-2: user data of the picture
        place = packet.index(b"\0\0\1\1")  # before the first slice
        user = b"".join(b"\0\0\1\xb2" + payload for _, payload in said)
        return packet[:place] + user + packet[place:]
    units = []
    for kind, payload in said:
        size = b"\xff" * (len(payload) // 255) + bytes([len(payload) % 255])
        raw, unit = bytes([kind]) + size + payload + b"\x80", bytearray([6])
        for byte in raw:
            if byte <= 3 and unit[-2:] == b"\0\0":
                unit.append(3)
            unit.append(byte)
        units.append(bytes(unit))
    if packet[:3] == b"\0\0\0" and packet[3:5] == b"\1\x09":  # start codes, and a delimiter first
        return packet[:6] + b"".join(b"\0\0\0\1" + unit for unit in units) + packet[6:]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units) + packet


def insert_boxes(
    clip: Path,
    *,
    entry: Sequence[tuple[bytes, bytes]] = (),
    track: Sequence[tuple[bytes, bytes]] = (),
    index: int = 0,
) -> Path:
    """Put boxes (type, content) into an MP4 whose moov comes last.

    Args:
        clip: changed in place.
        entry: for the sample entry of a track.
        track: for the track itself.
        index: of the track.
    """
    data = clip.read_bytes()
    at = data.index(b"moov") - 4
    trak = at
    for _ in range(index + 1):
        trak = data.index(b"trak", trak + 8) - 4
    end = trak + int.from_bytes(data[trak : trak + 4], "big")
    ends, parents = [(end, track)], [at, trak]
    place = trak
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        place = data.index(kind, place) - 4
        parents.append(place)
    parents.append(place + 16)
    ends.append((place + 16 + int.from_bytes(data[place + 16 : place + 20], "big"), entry))
    out = bytearray(data)
    for stop, added in ends:  # the outer one first, which lies behind
        new = b"".join((len(c) + 8).to_bytes(4, "big") + kind + c for kind, c in added)
        out[stop:stop] = new
        for parent in parents if added is entry else parents[:2]:
            out[parent : parent + 4] = (
                int.from_bytes(out[parent : parent + 4], "big") + len(new)
            ).to_bytes(4, "big")
    clip.write_bytes(out)
    return clip


def _sound(out: av.container.OutputContainer, spec: Sound) -> list[tuple[float, av.Packet]]:
    stream = out.add_stream(spec.codec, rate=spec.rate)
    stream.codec_context.layout = "mono"
    stream.metadata["language"] = spec.language
    if spec.pid is not None:
        stream.id = spec.pid
    context = stream.codec_context
    context.open()
    size = context.frame_size or 1024
    count = round(spec.seconds * spec.rate)
    wave = np.sin(np.arange(count) * (2 * math.pi * spec.pitch / spec.rate)) * 0.5
    start = round(spec.start * spec.rate)
    packets = []
    for begin in range(0, count, size):
        part = wave[None, begin : begin + size]
        if context.format.name == "fltp":
            frame = av.AudioFrame.from_ndarray(part.astype(np.float32), "fltp", "mono")
        else:
            frame = av.AudioFrame.from_ndarray((part * 32767).astype(np.int16), "s16", "mono")
        frame.sample_rate, frame.time_base = spec.rate, Fraction(1, spec.rate)
        frame.pts = start + begin
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return _timed(packets)


def _text(out: av.container.OutputContainer, spec: Text) -> list[tuple[float, av.Packet]]:
    stream = out.add_mux_stream(spec.codec)
    stream.metadata["language"] = spec.language
    stream.time_base = Fraction(1, 1000)
    packets = []
    for begin, length, line in spec.lines:
        text = line if isinstance(line, bytes) else line.encode()
        payload = len(text).to_bytes(2, "big") + text if spec.codec == "mov_text" else text
        packets.append(_packet(stream, payload, begin, length))
    return _timed(packets)


def _covers(
    out: av.container.OutputContainer, covers: Sequence[bytes]
) -> list[tuple[float, av.Packet]]:
    packets = []
    for cover in covers:
        stream = out.add_stream("mjpeg", rate=25, width=640, height=480, pix_fmt="yuvj420p")
        stream.disposition = Disposition.attached_pic
        packets.append((0.0, _packet(stream, cover, 0, 0)))
    return packets


def _data(out: av.container.OutputContainer, spec: Data) -> list[tuple[float, av.Packet]]:
    stream = out.add_data_stream(spec.codec)
    stream.time_base = Fraction(1, 1000)
    return _timed([_packet(stream, payload, begin, 0.5) for begin, payload in spec.lines])


def _packet(stream: av.stream.Stream, payload: bytes, begin: float, length: float) -> av.Packet:
    packet = av.Packet(payload)
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = round(begin * 1000)
    packet.duration = round(length * 1000)
    packet.is_keyframe = True
    return packet


def cut_short(source: Path, target: Path, keep: float) -> Path:
    """Write the first part of a file."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * keep)])
    return target


def flip_bits(source: Path, target: Path, rate: float, seed: int = 0) -> Path:
    """Flip one bit in so many of the bytes between a tenth and nine tenths of a file."""
    data = bytearray(source.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(len(data) // 10, len(data) * 9 // 10, max(1, int(len(data) * rate))):
        data[place] ^= 1 << int(rng.integers(8))
    target.write_bytes(data)
    return target


def blank(source: Path, target: Path, begin: float, length: int) -> Path:
    """Overwrite a stretch of a file with zeros, as a bad sector reads."""
    data = bytearray(source.read_bytes())
    place = int(len(data) * begin)
    data[place : place + length] = bytes(len(data[place : place + length]))
    target.write_bytes(data)
    return target


def without_index(source: Path, target: Path) -> Path:
    """An MP4 as a camera leaves it that lost power: everything but its moov box."""
    data, kept, place = source.read_bytes(), b"", 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] != b"moov":
            kept += data[place : place + size]
        place += size
    target.write_bytes(kept)
    return target


def flip_time(
    source: Path, target: Path, *, pid: int, number: int, bit: int, decoding: bool = False
) -> Path:
    """Flip one bit of a time in a transport stream (ISO/IEC 13818-1, 2.4.3.6).

    Args:
        source: with packets of 188 bytes.
        target: what is written.
        pid: of the track; this factory's video has 256, its first sound 257.
        number: of the PES packet in that track; may count from the end.
        bit: 0 to 32.
        decoding: True for the decoding time, where there are both.
    """
    data = bytearray(source.read_bytes())
    starts = [
        place
        for place in range(0, len(data), 188)
        if data[place + 1] & 0x40 and (data[place + 1] & 0x1F) << 8 | data[place + 2] == pid
    ]
    place = starts[number] + 4
    if data[place - 1] & 0x20:  # an adaptation field
        place += 1 + data[place]
    place += 14 if decoding else 9
    for lowest, byte, shift in ((30, 0, 1), (22, 1, 0), (15, 2, 1), (7, 3, 0), (0, 4, 1)):
        if bit >= lowest:
            data[place + byte] ^= 1 << (bit - lowest + shift)
            break
    target.write_bytes(data)
    return target


def joined(target: Path, *parts: Path) -> Path:
    """Files one behind the other, as ``cat`` does it."""
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target
