"""Reading clips as one recording: the interface of ``media.reader.Reader``, over several files.

Clips are opened one after the other, so that memory doesn't grow with their number. One that can't
be read any more by then costs itself alone.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.carried import CarriedPacket, PicturePacket
from dashcam_pipeline.media.frame_counts import ReadCounts
from dashcam_pipeline.media.hardware import NONE
from dashcam_pipeline.media.joined.clip import is_hidden
from dashcam_pipeline.media.joined.likeness import tracks_of
from dashcam_pipeline.media.joined.sound import SoundLine
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.side_data import CHAPTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from fractions import Fraction
    from types import TracebackType

    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.joined.place import Joined, Placed
    from dashcam_pipeline.media.reader import Item
    from dashcam_pipeline.media.source import SourceInfo

MAX_HELD: Final = 256
"""Packets of all tracks that wait for a clip's first decoding time."""


@dataclass(slots=True)
class ClipCount:
    """What became of one clip.

    Args:
        pictures: of it that were handed on.
        found: its reader's own account; None if it could not be read at all.
        problem: why that was so.
    """

    pictures: int = 0
    found: ReadCounts | None = None
    problem: str = ""


class JoinedReader:
    """Reads a joined recording; a context manager and an iterator, for one pass.

    Args:
        joined: the clips in their places.
        threads: for decoding; 0 lets FFmpeg decide.
        hwaccel: hardware to decode with, as of ``Reader``.
        listen: True decodes sound once as well, to count what is damaged.
    """

    def __init__(
        self, joined: Joined, *, threads: int = 0, hwaccel: str = NONE, listen: bool = False
    ) -> None:
        self.joined = joined
        self.info: SourceInfo = joined.info
        self.counts = ReadCounts()
        if self.info.chapters:  # which mark the clips, and are in none of them
            self.counts.said.file.add(CHAPTERS)
        self.clips = [ClipCount() for _ in joined.clips]
        """By clip; complete when all was read."""
        self._threads, self._hwaccel, self._listen = threads, hwaccel, listen
        self._longest_gap: Fraction | None = None
        self._current: Reader | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._index = 0
        first = joined.clips[0].clip
        self._sounds = {
            track.index: SoundLine(track.time_base, first.parameters[track.index])
            for track in self.info.tracks
            if track.kind == "audio" and track.time_base is not None
        }
        self._tracks = [tracks_of(first, one.clip) for one in joined.clips]

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
        """Close the clip in hand, and open no other; from any thread, and again."""
        with self._lock:
            self._closed = True
            if self._current is not None:
                self._current.close()

    @property
    def sounds(self) -> dict[int, SoundLine]:
        """By track: what was done at the seams."""
        return self._sounds

    def close_gaps(self, longest: Fraction | None) -> None:
        """As of ``Reader``: within each clip. Between them, gaps are the placing's matter."""
        self._longest_gap = longest

    def __iter__(self) -> Iterator[Item]:
        """Frames and packets of other tracks, clip after clip."""
        for number, one in enumerate(self.joined.clips):
            yield from self._read(number, one, iter)

    def carried(self) -> Iterator[CarriedPacket]:
        """Packets of the other tracks alone; no picture is decoded."""
        for number, one in enumerate(self.joined.clips):
            for item in self._read(number, one, lambda reader: reader.carried()):
                if isinstance(item, CarriedPacket):
                    yield item

    def copied(self, *, check: bool = False) -> Iterator[CarriedPacket]:
        """All packets as they are, those of the pictures too.

        Args:
            check: as of ``Reader``.
        """

        def packets(reader: Reader) -> Iterator[Item]:
            return _decodable(reader.copied(check=check))

        for number, one in enumerate(self.joined.clips):
            for item in self._read(number, one, packets):
                if isinstance(item, CarriedPacket):
                    yield item

    def _read(
        self, number: int, one: Placed, items: Callable[[Reader], Iterator[Item]]
    ) -> Iterator[Item]:
        """Everything of one clip, in its place."""
        try:
            reader = self._open(one)
        except InputError as error:
            self.clips[number].problem = error.args[0]
            self.counts.frames.missing += one.clip.info.video.expected_frames or 0
            return
        if reader is None:
            return
        self._enter(number, one)
        with reader:
            try:
                for item in items(reader):
                    yield from self._placed(number, one, item)
            except OSError as error:  # the card was pulled
                reader.counts.frames.truncated = True
                reader.counts.note(f"reading: {error.strerror}")
        with self._lock:
            self._current = None  # with its decoder and the pictures in there
        if not self._closed:
            reader.counts.frames.truncated |= one.clip.cut and one.until is None
            self._settle(number, one, reader.counts)

    def _open(self, one: Placed) -> Reader | None:
        """Open a clip; None once closed.

        Raises:
            InputError: it can't be read any more.
        """
        clip = one.clip
        with self._lock:
            if self._closed:
                return None
            reader = Reader(
                clip.path,
                track=clip.info.video.index,
                threads=self._threads,
                hwaccel=self._hwaccel,
                like=self.info.video,
                listen=self._listen,
            )
            reader.close_gaps(self._longest_gap)
            self._current = reader
        self.counts.decoder = reader.counts.decoder
        return reader

    def _enter(self, number: int, one: Placed) -> None:
        """Tell each sound track what comes, and where the next clip's begins."""
        base = self.joined.time_base
        later = self.joined.clips[number + 1 :]
        following = later[0] if later else None
        for index, line in self._sounds.items():
            limit = None
            if following is not None:
                shift = following.shift(base)
                own = next((k for k, v in self._tracks[number + 1].items() if v == index), None)
                heard = None if own is None else following.clip.heard.get(own)
                limit = following.begin * base if heard is None else heard + shift
            line.enter(one.shift(base), limit)

    def _placed(self, number: int, one: Placed, item: Item) -> Iterator[Item]:
        if isinstance(item, Frame):
            yield from self._frame(number, one, item)
            return
        index = self._tracks[number].get(item.stream_index)
        if isinstance(item, PicturePacket):
            yield from self._picture(number, one, item)
        elif index is not None:
            for packet in self._carry(one, index, item.packet):
                yield CarriedPacket(index, packet, packet.size)

    def _frame(self, number: int, one: Placed, frame: Frame) -> Iterator[Frame]:
        if one.until is not None and frame.pts >= one.until:
            return
        base = self.joined.time_base
        scale = one.clip.time_base / base
        placed = replace(
            frame,
            pts=one.begin + round((frame.pts - one.clip.first) * scale),
            time_base=base,
            duration=round(frame.duration * scale),
            index=self._index,
        )
        self._index += 1
        self.clips[number].pictures += 1
        self.counts.frames.read += 1
        yield placed

    def _picture(self, number: int, one: Placed, item: PicturePacket) -> Iterator[PicturePacket]:
        packet = item.packet
        if one.until_dts is not None and packet.dts is not None and packet.dts >= one.until_dts:
            return
        shift = one.begin - one.clip.first
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
        if not packet.is_discard:
            self.clips[number].pictures += 1
            self.counts.frames.read += 1
        seconds = item.seconds + float(one.shift(self.joined.time_base))
        yield PicturePacket(self.info.video.index, packet, packet.size, seconds)

    def _carry(self, one: Placed, index: int, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """A packet of another track in its place; none where it isn't wanted."""
        line = self._sounds.get(index)
        self.counts.carried_packets += 1
        if line is not None:
            if line.begun and is_hidden(packet, one.clip.info.container):
                line.patched.dropped += 1
                return []
            return line.admit(packet)
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and one.until is not None:
            seconds = time * packet.time_base
            if seconds >= one.until * one.clip.time_base:
                return []  # the next clip holds it once more
        ticks = round(one.shift(self.joined.time_base) / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks
        return [packet]

    def _settle(self, number: int, one: Placed, found: ReadCounts) -> None:
        """Add a clip's account to that of all of them."""
        counts, frames, shift = self.counts, found.frames, float(one.shift(self.joined.time_base))
        self.clips[number].found = found
        mine = counts.frames
        mine.damaged_packets += frames.damaged_packets
        mine.damaged_sound += frames.damaged_sound
        mine.concealed += frames.concealed
        mine.missing += frames.missing
        mine.converted += frames.converted
        mine.times_repaired += frames.times_repaired
        mine.truncated = mine.truncated or frames.truncated
        counts.video_packets += found.video_packets
        counts.packets_dropped += found.packets_dropped
        counts.carried_repaired += found.carried_repaired
        counts.clock_resets += [when + shift for when in found.clock_resets]
        counts.gaps_closed += [(when + shift, length) for when, length in found.gaps_closed]
        counts.holes += [(a + shift, b + shift) for a, b in found.holes]
        for error in found.errors:
            counts.note(f"{one.clip.path.name}: {error}")
        counts.said.file |= found.said.file
        for index, said in found.said.tracks.items():
            own = self._tracks[number].get(index)
            if own is not None:
                counts.said.say(own, *said)


def _decodable(items: Iterable[CarriedPacket]) -> Iterator[CarriedPacket]:
    """The same, where a clip's first pictures have no decoding times, as in Matroska.

    It tells them only after as many pictures as are reordered.
    """
    held: list[CarriedPacket] | None = []
    for item in items:
        if held is None:
            yield item
            continue
        held.append(item)
        known = isinstance(item, PicturePacket) and item.packet.dts is not None
        if known or len(held) > MAX_HELD:
            yield from _told(held)
            held = None
    yield from _told(held or [])


def _told(held: list[CarriedPacket]) -> list[CarriedPacket]:
    """Packets with decoding times for the pictures among them, if the last one has one."""
    dts = held[-1].packet.dts if held else None
    if dts is not None:
        for item in reversed(held[:-1]):
            if isinstance(item, PicturePacket) and item.packet.dts is None:
                dts -= max(1, item.packet.duration or 1)
                item.packet.dts = dts
    return held
