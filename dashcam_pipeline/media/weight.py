"""What a recording's packets weigh, and how long they last: no header is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av.error
from av.stream import AttachmentStream

from dashcam_pipeline.media.demuxer import MAX_READ_ERRORS
from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.source import SourceInfo

_LONGEST_STEP: Final = 10.0
"""Seconds between two pictures that count; a gap's length is no time in which bits are spent."""


@dataclass(slots=True)
class Weight:
    """Of a recording, or a part of it.

    Args:
        pictures: packets of the video that is worked on.
        seconds: that they last; gaps count for ten at most.
        packets: of the tracks that are carried along.
        nbytes: of those, and of files attached.
        share: of the bytes of all packets of the file that lie in the part, 0 to 1.
    """

    pictures: int = 0
    seconds: float = 0.0
    packets: int = 0
    nbytes: int = 0
    share: float = 1.0


def weigh(
    info: SourceInfo,
    carried: Collection[int],
    start: float | None = None,
    end: float | None = None,
) -> Weight:
    """Read through a recording; nothing is decoded.

    Args:
        info: of it.
        carried: indices of the tracks to be carried along.
        start, end: of the part, in seconds from the first picture on.

    Raises:
        InputError: it can't be opened.
    """
    found, last = Weight(), math.nan
    inside = total = 0
    video, base = info.video, info.video.time_base
    origin = float((video.start_pts or 0) * base)
    begin = -math.inf if start is None else origin + start
    until = math.inf if end is None else origin + end
    with open_source(info.path) as container:
        for stream in container.streams:
            if isinstance(stream, AttachmentStream) and stream.index in carried:
                found.nbytes += len(stream.data or b"")
        for packet in _readable(container):
            total += packet.size
            when = _seconds(packet)
            if when is not None and not begin <= when < until:
                continue
            inside += packet.size
            if packet.stream_index == video.index:
                found.pictures += 1
                if when is not None:
                    found.seconds += 0.0 if math.isnan(last) else _step(when - last)
                    last = when
            elif packet.stream_index in carried:
                found.packets += 1
                found.nbytes += packet.size
    if found.pictures > 1:  # the last one is shown as long as the others
        found.seconds *= found.pictures / (found.pictures - 1)
    found.share = inside / total if total else 1.0
    return found


def _readable(container: InputContainer) -> Iterator[Packet[Stream]]:
    """All packets, also behind places that can't be read; the run's own reader goes on there."""
    for _ in range(MAX_READ_ERRORS):
        try:
            yield from demux(container)
        except av.error.FFmpegError:
            continue  # said by that reader, which meets it as well
        return


def _seconds(packet: Packet[Stream]) -> float | None:
    ticks = packet.dts if packet.dts is not None else packet.pts
    return None if ticks is None else float(ticks * packet.time_base)


def _step(seconds: float) -> float:
    return min(max(0.0, seconds), _LONGEST_STEP)
