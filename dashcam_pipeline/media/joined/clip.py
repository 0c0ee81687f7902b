"""One clip on its way into a joined recording: when its pictures begin and end, and what with."""

from __future__ import annotations

import zlib
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import av.error

from dashcam_pipeline.errors import NotVideoError
from dashcam_pipeline.media import containers, extent
from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.media.describe import describe
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.source import SourceInfo

REACH: Final = Fraction(15)
"""Seconds at a clip's end that the next one may begin with once more."""

_HEAD_PACKETS: Final = 6000
"""Packets of a clip's first seconds that are looked at, at most."""

_LACKING: Final = Fraction(1, 2)
"""Seconds by which a clip may end before its container says: sound goes on for a while."""

USUAL_STEP: Final = Fraction(1, 25)
"""Seconds that a picture is shown where nothing tells."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture's packet, known again by its size and checksum.

    Args:
        pts, dts: in ticks of its track.
        mark: the same for the same bytes.
    """

    pts: int
    dts: int
    mark: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that can be read.

    Args:
        info: its facts.
        first: when its first picture is shown, in ticks of the video track.
        end: when its last one has been shown, in ticks.
        head: its first pictures, in decoding order, of as many seconds as were asked for.
        tail: its last ones, likewise.
        parameters: what a decoder must know before the first packet, by track.
        heard: when each sound track is heard first, in seconds of the clip's own clock, by track.
        opens: True if its first picture needs no other one.
        hidden: True if pictures before the first one are hidden by an edit list.
        cut: True if it ends before its container says.
    """

    info: SourceInfo
    first: int
    end: int
    head: tuple[Shot, ...] = field(repr=False)
    tail: tuple[Shot, ...] = field(repr=False)
    parameters: Mapping[int, Mapping[str, Any]] = field(repr=False)
    heard: Mapping[int, Fraction]
    opens: bool = True
    hidden: bool = False
    cut: bool = False

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.info.path

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick of its video track."""
        return self.info.video.time_base

    @property
    def length(self) -> Fraction:
        """Seconds from its first picture to the end of its last."""
        return (self.end - self.first) * self.time_base


def look_at(path: Path, *, track: int | None = None, reach: Fraction = REACH) -> Clip:
    """Look at a clip's header, its first and its last seconds.

    A container without an index is read whole: nothing else tells where its last picture lies.

    Args:
        path: the clip; only read.
        track: index of the video track; chosen as ``probe`` does if None.
        reach: seconds that are looked at on either side.

    Raises:
        InputError: or one of its kinds, if there is nothing to read.
    """
    with open_source(path) as container:
        info = describe(container, path, track=track)
    with open_source(path) as container:
        parameters = {stream.index: parameters_of(stream) for stream in container.streams}
        head = _Head(info, reach)
        head.read(container)
        tail = _Tail(info, reach)
        if containers.named(info.container).lists_pictures:
            tail.read(container)
    if not containers.named(info.container).lists_pictures:
        with Reader(path, track=info.video.index) as reader:
            tail.take(item.packet for item in reader.copied())
    if not head.shots:
        raise NotVideoError(
            _("{path}: there is not one picture to write.", path=path),
            advice=_("Check that it plays in a media player."),
        )
    first = min(shot.pts for shot in head.shots)
    shown = tail.end(first)
    promised = _promised_end(info, first)
    cut = promised is not None and (promised - shown) * info.video.time_base > _LACKING
    # What a file that was cut short lacks was filmed all the same: its place stays empty.
    end = promised if cut and promised is not None else shown
    return Clip(
        info=info,
        first=first,
        end=max(end, max(shot.pts for shot in head.shots) + 1),
        head=tuple(head.shots),
        tail=tuple(tail.shots),
        parameters=parameters,
        heard=head.heard,
        opens=head.opens,
        hidden=head.hidden,
        cut=cut,
    )


def _promised_end(info: SourceInfo, first: int) -> int | None:
    """When the last picture should have been shown, in ticks; None where nothing tells.

    An index lists what the file should hold. Where there is none, a header may say how long all
    tracks last; of a transport stream nothing does.
    """
    video, kind = info.video, containers.named(info.container)
    if kind.lists_pictures:
        declared = extent.declared_size(info.path)
        if declared is None or declared <= info.size_bytes or video.duration is None:
            return None
        return (video.start_pts or 0) + video.duration
    if kind.wrap is not None or info.duration_s is None:
        return None
    return max(first, round(info.duration_s / video.time_base))


def parameters_of(stream: Stream) -> dict[str, Any]:
    """What must be alike for two tracks' packets to lie in one track."""
    context: Any = stream.codec_context
    found: dict[str, Any] = {"kind": stream.type, "clock": stream.time_base}
    if context is None:
        return found | {"codec": getattr(stream, "name", None)}
    found |= {"codec": context.name, "header": bytes(context.extradata or b"")}
    if stream.type == "video":
        found |= {"size": (context.width, context.height), "format": context.pix_fmt}
    if stream.type == "audio":
        found |= {"rate": context.rate, "layout": context.layout.name}
    return found


def is_hidden(packet: Packet[Stream], container: str) -> bool:
    """True for sound before second 0 where that isn't heard: what an encoder needs to begin."""
    if packet.pts is None or containers.named(container).shows_negative:
        return False
    return packet.pts < 0 and packet.pts + (packet.duration or 0) <= 0


class _Head:
    """A clip's first seconds."""

    def __init__(self, info: SourceInfo, reach: Fraction) -> None:
        self._info, self._reach = info, reach
        self.shots: list[Shot] = []
        self.heard: dict[int, Fraction] = {}
        self.opens, self.hidden = True, False
        self.last = 0

    def read(self, container: InputContainer) -> None:
        """Read them; damage in them ends the reading."""
        info = self._info
        base, video = info.video.time_base, info.video.index
        sounds = {track.index for track in info.tracks if track.kind == "audio"}
        enough = self._reach / base
        try:
            for number, packet in enumerate(demux(container)):
                if packet.stream_index == video:
                    self._picture(packet)
                elif packet.stream_index in sounds and not is_hidden(packet, info.container):
                    time = packet.pts if packet.pts is not None else packet.dts
                    if time is not None:
                        self.heard.setdefault(packet.stream_index, time * packet.time_base)
                all_heard = sounds <= self.heard.keys()
                far = bool(self.shots) and self.last - self.shots[0].pts > enough
                if number > _HEAD_PACKETS or (far and all_heard):
                    break
        except av.error.FFmpegError:
            return  # the run itself will count what is lost

    def _picture(self, packet: Packet[Stream]) -> None:
        if packet.is_discard:
            self.hidden = True
            return
        shot = shot_of(packet)
        if shot is None:
            return
        if not self.shots:
            self.opens = packet.is_keyframe
        self.last = max(shot.pts, self.last) if self.shots else shot.pts
        if (self.last - (self.shots or [shot])[0].pts) * packet.time_base <= self._reach:
            self.shots.append(shot)


class _Tail:
    """A clip's last seconds."""

    def __init__(self, info: SourceInfo, reach: Fraction) -> None:
        self._info, self._reach = info, reach
        self.shots: deque[Shot] = deque()
        self._shown = 0
        self._last: int | None = None

    def read(self, container: InputContainer) -> None:
        """Seek to them; what can't be read is as if it weren't there."""
        video = self._info.video
        length = video.duration or 0
        target = (video.start_pts or 0) + max(0, length - round(self._reach / video.time_base))
        with suppress(av.error.FFmpegError):  # it refuses what lies before the first picture
            container.seek(target, stream=container.streams[video.index])
        with suppress(av.error.FFmpegError):  # what is damaged is counted when it is read
            self.take(demux(container))

    def take(self, packets: Iterable[Packet[Stream]]) -> None:
        """Keep the last of them."""
        video = self._info.video
        reach = self._reach / video.time_base
        for packet in packets:
            if packet.stream_index != video.index or packet.is_discard:
                continue
            shot = shot_of(packet)
            if shot is None:
                continue
            self.shots.append(shot)
            if self._last is None or shot.pts > self._last:
                self._last, self._shown = shot.pts, packet.duration or 0
            while self.shots[0].pts < self._last - reach:
                self.shots.popleft()

    def end(self, first: int) -> int:
        """When the last picture has been shown, in ticks."""
        if self._last is None:
            video = self._info.video
            return first if video.duration is None else (video.start_pts or 0) + video.duration
        return self._last + (self._shown or self._step)

    @property
    def _step(self) -> int:
        times = sorted(shot.pts for shot in self.shots)
        steps = [b - a for a, b in pairwise(times) if b > a]
        if steps:
            return round(median(steps))
        rate = self._info.video.frame_rate
        return max(1, round((1 / rate if rate else USUAL_STEP) / self._info.video.time_base))


def shot_of(packet: Packet[Stream]) -> Shot | None:
    """A picture's packet in short; None if it has no time at all."""
    pts = packet.pts if packet.pts is not None else packet.dts
    if pts is None:
        return None
    dts = packet.dts if packet.dts is not None else pts
    return Shot(pts, dts, (packet.size, zlib.crc32(packet)))
