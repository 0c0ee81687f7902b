"""Reading a recording: pictures in order, and everything else packet by packet.

::

    with Reader(Path("night.mp4")) as reader:
        for item in reader:
            if isinstance(item, Frame): ...
            else: ...  # CarriedPacket
        print(reader.counts.frames_missing)

A damaged packet never ends the job: the decoder is asked packet by packet and goes on at the next
one. What was lost is counted.
"""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import av
import av.error
from av.stream import Discard

from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import boxes, containers, planes
from dashcam_pipeline.media.carried import CarriedPacket
from dashcam_pipeline.media.counts import ReadCounts
from dashcam_pipeline.media.decoder import Decoder, KeyGate
from dashcam_pipeline.media.demuxing import next_packet
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.hardware import NONE, open_decoding
from dashcam_pipeline.media.seeking import find_start
from dashcam_pipeline.media.timing import Clock, HoleFinder, StrayBytes
from dashcam_pipeline.media.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from dashcam_pipeline.media.source import SourceInfo

Item: TypeAlias = Frame | CarriedPacket

MAX_FAILURES: Final = 3000
"""Packets in a row that the decoder may refuse before it is no longer asked (100 s at 30 fps)."""

MAX_READ_ERRORS: Final = 20
"""Failed reads in a row before the file is taken to end there."""


class Reader:
    """Reads one recording; a context manager and an iterator, for one pass.

    Args:
        path: the file; opened read-only.
        track: index of the video track to decode; the other tracks are carried.
        start: seconds from the recording's first picture on; what lies before is dropped and
            all times are moved, so that the result begins where the recording began.
        end: seconds from the recording's first picture on; what lies from there on is dropped.
        threads: for decoding; 0 lets FFmpeg decide.
        hwaccel: hardware to decode with, as of ``open_decoding``.

    Raises:
        InputError: or one of its kinds, if there is nothing to read.
        DeviceError: the hardware asked for can't be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        track: int | None = None,
        start: float | None = None,
        end: float | None = None,
        threads: int = 0,
        hwaccel: str = NONE,
    ) -> None:
        self.counts = ReadCounts()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        info = probe(path, track=track)
        self._window = Window(info.video, start, end)
        self.info: SourceInfo = self._window.cut(info)
        self._container: InputContainer | None
        self._container, self.counts.decoder = open_decoding(path, info.video.index, hwaccel)
        stream = self._container.streams[info.video.index]
        if not isinstance(stream, av.VideoStream):  # the file changed under our feet
            raise TypeError(f"track {info.video.index} of {path} is no longer a video track")
        self._stream: VideoStream = stream
        self._decoder = Decoder(stream, threads, self._count_failure)
        for other in self._container.streams:
            if other.type == "attachment":
                other.discard = Discard.all  # lies in the header, has no packets
        step = Fraction(1) / (info.video.frame_rate or Fraction(25)) / info.video.time_base
        self._clock = Clock(round(step))
        self._demux: Iterator[Packet[Stream]] | None = None
        self._other_formats: set[str] = set()
        self._gate = KeyGate()
        self._demuxed = 0  # when the last packet of the track is decoded, in ticks
        self._stray = StrayBytes(contiguous=containers.named(info.container).contiguous)
        self._holes = HoleFinder(info.video.time_base)
        self.counts.holes = self._holes.holes
        self._failures = 0
        self._index = 0

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the file; may be called from any thread, and again.

        A thread that is iterating sees its iteration end after the packet in hand.
        """
        self._closing.set()
        with self._lock:
            if self._container is not None:
                self._container.close()
                self._container = None

    def __iter__(self) -> Iterator[Item]:
        """Frames in presentation order and packets of other tracks in the file's order."""
        if self._window.start_ticks:
            self._seek()
        for packet in self._packets():
            if packet.stream_index == self._stream.index:
                yield from self._frames(packet)
            elif (carried := self._carry(packet)) is not None:
                yield carried
            if self._window.ended(packet, self._stream.index):
                break
        yield from self._frames(None)
        self._settle()

    def carried(self) -> Iterator[CarriedPacket]:
        """Packets of the other tracks alone, as iterating gives them; no picture is decoded."""
        if self._window.start_ticks:
            self._seek()
        for packet in self._packets():
            if packet.stream_index != self._stream.index:
                carried = self._carry(packet)
                if carried is not None:
                    yield carried
            if self._window.ended(packet, self._stream.index):
                break

    def _packets(self) -> Iterator[Packet[Stream]]:
        """Demux until the end, or until reading has failed too often."""
        failures = 0
        while not self._closing.is_set() and failures < MAX_READ_ERRORS:
            try:
                while (packet := self._next_packet()) is not None:
                    failures = 0
                    if packet.size:  # only empty ones are skipped: FFmpeg's marks of the end
                        if packet.is_corrupt or self._stray.skipped(packet):
                            self._damaged(packet)
                        yield packet
            except av.error.FFmpegError as error:
                failures += 1
                self.counts.truncated = True
                self.counts.note(f"reading: {error.strerror}")
                self._demux = None
            else:
                return

    def _next_packet(self) -> Packet[Stream] | None:
        """The next packet, or None at the end or when closed."""
        with self._lock:
            if self._container is None:
                return None
            if self._demux is None:  # also after a failure, which ends PyAV's generator
                self._demux = self._container.demux()
            return next_packet(self._demux)

    def _damaged(self, packet: Packet[Stream]) -> None:
        """The demuxer's word: a packet was cut short, or something before it skipped."""
        time = packet.dts if packet.dts is not None else packet.pts
        if time is not None:
            ticks = round(time * packet.time_base / self.info.video.time_base)
            self._holes.damaged(min(self._demuxed, ticks), ticks)

    def _seek(self) -> None:
        """Go to the key frame before the start; what lies between is decoded and dropped."""
        target = find_start(self.info.path, self._stream.index, self._window.first_ticks)
        with self._lock:
            if target is None or self._container is None:
                return
            self._container.seek(target, stream=self._stream)

    def _frames(self, packet: Packet[Stream] | None) -> Iterator[Frame]:
        """Decode a packet, or what is still held (None)."""
        if packet is None:
            packets = self._gate.drain()
        else:
            self._count_packet(packet)
            packets = self._gate.admit(packet)
        for item in packets if packet is not None else [*packets, None]:
            for picture in self._decode(item):
                frame = self._frame(picture)
                if frame is not None:
                    yield frame

    def _count_packet(self, packet: Packet[Stream]) -> None:
        self._demuxed = packet.dts if packet.dts is not None else self._demuxed
        if packet.is_discard:
            self.counts.packets_dropped += 1
        else:
            self.counts.video_packets += 1

    def _decode(self, packet: Packet[Stream] | None) -> list[av.VideoFrame]:
        with self._lock:
            if self._container is None:
                return []
            if packet is None:
                return self._decoder.drain()
            if self._failures >= MAX_FAILURES:
                self._count_failure("too many failures in a row: not asked any more")
                return []
            pictures = self._decoder.decode(packet)
        if pictures:
            self._failures = 0
        return pictures

    def _count_failure(self, what: str) -> None:
        self._failures += 1
        now = self._clock.last or 0
        self._holes.damaged(now, now)
        self.counts.packets_failed += 1
        self.counts.note(f"decoding: {what}")

    def _frame(self, picture: av.VideoFrame) -> Frame | None:
        last = self._clock.last
        pts = self._clock.next(picture.pts, picture.dts)
        self.counts.pts_repaired = self._clock.repaired
        if last is not None:
            self._holes.see(last, pts, self._clock.mean)
            if picture.is_corrupt:
                self._holes.damaged(pts, pts)
        if not self._window.holds(pts):
            return None
        video = self.info.video
        form, color = self._format(picture), video.color
        if form is None or (picture.width, picture.height) != (video.width, video.height):
            self.counts.frames_converted += 1
            self._note_other_format(picture, float(pts * video.time_base))
            target = planes.format_of(video.layout)
            picture = planes.convert(picture, target, color, (video.width, video.height))
            form = planes.pixel_format(target)
        concealed = picture.is_corrupt
        self.counts.frames_decoded += 1
        self.counts.frames_concealed += concealed
        frame = Frame(
            planes=planes.planes_of(picture, form, color),
            pts=pts - self._window.start_ticks,
            time_base=video.time_base,
            index=self._index,
            layout=video.layout,
            color=color,
            duration=max(0, picture.duration),
            source=picture if form.planar else None,
            concealed=concealed,
        )
        self._index += 1
        return frame

    def _format(self, picture: av.VideoFrame) -> planes.PixelFormat | None:
        """How a picture's samples lie, if they are the recording's own."""
        known = self.info.video.pixel_format
        if picture.format.name == known.name:
            return known
        if self.counts.decoder == NONE:
            return None
        found = planes.pixel_format(picture.format.name)  # hardware has its own order of samples
        return found if found.layout == known.layout and not found.converted else None

    def _note_other_format(self, picture: av.VideoFrame, seconds: float) -> None:
        kind = f"{picture.width}x{picture.height} {picture.format.name}"
        if kind not in self._other_formats:
            self._other_formats.add(kind)
            self.counts.note(f"from {seconds:.3f} s on {kind}, converted to the first format")

    def _carry(self, packet: Packet[Stream]) -> CarriedPacket | None:
        if not self._window.keeps(packet):
            return None
        self._window.shift(packet)
        self.counts.carried_packets += 1
        return CarriedPacket(packet.stream_index, packet, packet.size)

    def _settle(self) -> None:
        """What only the end can tell."""
        if self._closing.is_set():
            return
        counts, video = self.counts, self.info.video
        if self._gate.dropped and not self._window.start_ticks:
            counts.note(f"{self._gate.dropped} pictures come before the first key frame")
        declared = boxes.declared_size(self.info.path)
        if declared is not None and declared > self.info.size_bytes:
            counts.truncated = True
        if self._window.partial:
            promised = counts.frames_decoded + counts.packets_failed
        else:
            promised = max(video.expected_frames or 0, counts.video_packets)
        missing = max(0, promised - counts.frames_decoded)
        if video.expected_frames is None:  # packets may have vanished without a trace
            missing = max(missing, self._holes.lost)
        counts.frames_missing = missing
