"""Reading a recording: pictures in order, and everything else packet by packet.

::

    with Reader(Path("night.mp4")) as reader:
        for item in reader:
            if isinstance(item, Frame): ...
            else: ...  # CarriedPacket
        print(reader.counts.frames.missing)

A damaged packet never ends the job: the decoder is asked packet by packet and goes on at the next
one. What was lost is counted. Three steps, each in a module of its own::

    file -> packets -> decoder -> framing -> Frame
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self, TypeAlias

import av
from av.stream import Discard

from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import containers, extent
from dashcam_pipeline.media.carried import CarriedPacket, PicturePacket
from dashcam_pipeline.media.decoder import Decoder
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.frame_counts import ReadCounts
from dashcam_pipeline.media.framing import Framer
from dashcam_pipeline.media.hardware import NONE, open_decoding
from dashcam_pipeline.media.packets import Packets
from dashcam_pipeline.media.picture_check import PictureCheck
from dashcam_pipeline.media.picture_messages import PictureMessages
from dashcam_pipeline.media.side_data import Listener, of_header
from dashcam_pipeline.media.sound_check import listen_to
from dashcam_pipeline.media.timing import HoleFinder
from dashcam_pipeline.media.track_clock import LAG_SECONDS
from dashcam_pipeline.media.window import REACH, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType

    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.source import SourceInfo, VideoTrack

Item: TypeAlias = Frame | CarriedPacket


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
        like: a track whose size, layout and colour frames are given, where its own are others.
        listen: True decodes sound once as well, to count what is damaged.

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
        like: VideoTrack | None = None,
        listen: bool = False,
    ) -> None:
        self.counts = ReadCounts()
        info = probe(path, track=track)
        container, self.counts.decoder = open_decoding(path, info.video.index, hwaccel)
        stream = container.streams[info.video.index]
        if not isinstance(stream, av.VideoStream):  # the file changed under our feet
            raise TypeError(f"track {info.video.index} of {path} is no longer a video track")
        for other in container.streams:
            if other.type == "attachment":
                other.discard = Discard.all  # lies in the header, has no packets
        self._holes = HoleFinder(info.video.time_base, self.counts.clock_resets)
        self.counts.holes = self._holes.holes
        self._packets = Packets(container, info, self.counts, self._holes)
        info = self._with_true_start(info)
        self._window = Window(info.video, start, end)
        self._stream, self._threads = stream, threads
        self.info: SourceInfo = self._window.cut(info)
        self._mended = (0, 0, 0)
        self.counts.said = of_header(container, path)
        self.counts.said.say(info.video.index, *info.video.said)
        self._listener = Listener(container, self.counts.said)
        self._messages = PictureMessages(self._listener, info.video.index)
        self._framer = Framer(
            self.info.video, self._window, self.counts, self._holes, self._messages.of, like=like
        )
        self._sounds = (
            listen_to(container, counts=self.counts, held_open=self._packets.held_open)
            if listen
            else {}
        )
        # What is called back knows nothing of the reader: a circle would keep its pictures.
        self._decoder = Decoder(
            stream,
            threads,
            failed=partial(_count_failure, self._framer, self._holes, self.counts),
            held_open=self._packets.held_open,
        )

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
        self._packets.close()

    def __iter__(self) -> Iterator[Item]:
        """Frames in presentation order and packets of other tracks in the file's order."""
        for packet in self._window_packets():
            messages = self._listener.packet(packet)
            if packet.stream_index == self.info.video.index:
                if not self._window.after(packet):
                    self._count_packet(packet)
                    self._messages.note(packet, messages)
                    yield from self._frames(self._decoder.feed(packet))
            elif (carried := self._carry(packet)) is not None:
                yield carried
        yield from self._frames(self._decoder.finish())
        yield from self._framer.finish()
        self._settle()

    def close_gaps(self, longest: Fraction | None) -> None:
        """Close gaps that an output can't hold; asked for before anything is read.

        Args:
            longest: seconds that one may last; None: any. Asked again, the least counts.
        """
        self._packets.close_gaps(longest)

    def carried(self) -> Iterator[CarriedPacket]:
        """Packets of the other tracks alone, as iterating gives them; no picture is decoded."""
        for packet in self._window_packets():
            self._listener.packet(packet)
            if packet.stream_index != self.info.video.index:
                carried = self._carry(packet)
                if carried is not None:
                    yield carried

    def copied(self, *, check: bool = False) -> Iterator[CarriedPacket]:
        """All packets as they are, those of the pictures too.

        Of a part of the recording, whole groups of pictures: see ``Window.copies``.

        Args:
            check: True decodes every picture that is copied, to count what is damaged; else only
                what the outer form of packets shows is counted.
        """
        checking = self._check(decode=check)
        for packet in self._window_packets():
            self._listener.packet(packet)
            if packet.stream_index != self.info.video.index:
                if (carried := self._carry(packet)) is not None:
                    yield carried
                continue
            if not self._window.copies(packet):
                continue
            checking.see(packet)
            self._window.shift(packet)
            self._count_packet(packet)
            self.counts.frames.read += not packet.is_discard
            time = packet.pts if packet.pts is not None else packet.dts or 0
            seconds = float(time * packet.time_base)
            yield PicturePacket(packet.stream_index, packet, packet.size, seconds)
        checking.finish()
        self._settle()

    def _check(self, *, decode: bool) -> PictureCheck:
        """What looks for damage in pictures that are copied."""
        return PictureCheck(
            self._stream,
            self.info.video,
            self._threads,
            counts=self.counts,
            holes=self._holes,
            held_open=self._packets.held_open,
            decode=decode,
        )

    def _with_true_start(self, info: SourceInfo) -> SourceInfo:
        """Put right what a wild time made of the facts, in containers without an index."""
        video, kind = info.video, containers.named(info.container)
        if not kind.lists_pictures:
            video = replace(video, duration=None)  # guessed from the last times in the file
        if kind.wrap is not None:
            start = self._packets.first_picture()
            far = LAG_SECONDS / video.time_base
            if start is not None and abs(start - (video.start_pts or 0)) > far:
                video = replace(video, start_pts=start)
        tracks = tuple(video if t.index == video.index else t for t in info.tracks)
        return replace(info, video=video, tracks=tracks)

    def _window_packets(self) -> Iterator[Packet[Stream]]:
        """All that may hold something that is asked for."""
        kind, video = containers.named(self.info.container), self.info.video
        if self._window.start_ticks and kind.wrap is None:
            # An index finds each track's own place; elsewhere tracks lie apart.
            apart = 0 if kind.lists_pictures else round(REACH / video.time_base)
            self._packets.seek(self._window.first_ticks - apart)
        for packet in self._window.from_key_frame(self._packets, video.index):
            self._count_repairs(packet)
            yield packet
            if self._window.ended(packet, self.info):
                break

    def _count_repairs(self, packet: Packet[Stream]) -> None:
        """Of packets that are asked for alone."""
        timeline, before = self._packets.timeline, self._mended
        self._mended = timeline.pictures_repaired, timeline.others_repaired, len(timeline.resets)
        if self._mended == before or not self._window.keeps(packet):
            return
        self.counts.frames.times_repaired += self._mended[0] - before[0]
        self.counts.carried_repaired += self._mended[1] - before[1]
        self.counts.clock_resets += map(float, timeline.resets[before[2] :])
        for when, length in timeline.closed:
            if when in timeline.resets[before[2] :]:
                self.counts.gaps_closed.append((float(when), float(length)))

    def _frames(self, pictures: Iterable[av.VideoFrame]) -> Iterator[Frame]:
        for picture in pictures:
            yield from self._framer.frames(picture)

    def _count_packet(self, packet: Packet[Stream]) -> None:
        if packet.is_discard:
            self.counts.packets_dropped += 1
        else:
            self.counts.video_packets += 1

    def _carry(self, packet: Packet[Stream]) -> CarriedPacket | None:
        if not self._window.keeps(packet):
            return None
        if packet.stream_index in self._sounds:
            self._sounds[packet.stream_index].see(packet)
        self._window.shift(packet)
        self.counts.carried_packets += 1
        return CarriedPacket(packet.stream_index, packet, packet.size)

    def _settle(self) -> None:
        """What only the end can tell."""
        if self._packets.closed:
            return
        counts, video = self.counts, self.info.video
        if self._decoder.dropped and not self._window.start_ticks:
            counts.note(f"{self._decoder.dropped} pictures come before the first key frame")
        declared = extent.declared_size(self.info.path)
        if declared is not None and declared > self.info.size_bytes:
            counts.frames.truncated = True
        if self._window.partial:
            promised = counts.frames.read + counts.frames.damaged_packets
        else:
            promised = max(video.expected_frames or 0, counts.video_packets)
        missing = max(0, promised - counts.frames.read)
        if video.expected_frames is None:  # packets may have vanished without a trace
            missing = max(missing, self._holes.lost)
        counts.frames.missing = missing


def _count_failure(framer: Framer, holes: HoleFinder, counts: ReadCounts, what: str) -> None:
    """Count a packet that could not be decoded, where the last picture was."""
    holes.damaged(framer.now, framer.now)
    counts.frames.damaged_packets += 1
    counts.note(f"decoding: {what}")
