"""Where to start reading so that a given picture can be decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import av.error

from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

MARGINS: Final = (0, 5, 30)
"""Seconds before the wanted time that are tried; without an index seeking lands anywhere."""

MAX_PACKETS: Final = 3000
"""Packets looked at for a key frame; recordings have one every second or two."""


def find_start(path: Path, index: int, ticks: int) -> int | None:
    """The time to seek to so that the next key frame isn't later than a picture.

    Tried on a container of its own, since a seek that fails may leave it anywhere.

    Args:
        path: the recording.
        index: of the video track.
        ticks: time of the picture, in the track's time base.

    Returns:
        ticks to seek to; None means to read from the beginning.
    """
    with open_source(path) as container:
        stream = container.streams[index]
        if not isinstance(stream, av.VideoStream) or stream.time_base is None:
            return None
        for margin in MARGINS:
            target = ticks - round(margin / stream.time_base)
            try:
                container.seek(target, stream=stream)
                key = _next_key(container, stream)
            except av.error.FFmpegError:
                return None
            if key is not None and key <= ticks:
                return target
    return None


def keys_around(path: Path, index: int, begin: int, end: int) -> tuple[int | None, int | None]:
    """The key frames that a part of a recording can be cut at without decoding.

    Args:
        path: the recording.
        index: of the video track.
        begin, end: times of the part, in ticks of that track.

    Returns:
        (the last one not later than ``begin``, the first one not earlier than ``end``), each None
        where there is none.

    Raises:
        InputError: it can't be opened.
    """
    return _last_key(path, index, begin), _first_key(path, index, end)


def _last_key(path: Path, index: int, ticks: int) -> int | None:
    found: int | None = None
    for key in _keys_from(path, index, ticks):
        if key > ticks:
            break
        found = key
    return found


def _first_key(path: Path, index: int, ticks: int) -> int | None:
    return next((key for key in _keys_from(path, index, ticks) if key >= ticks), None)


def _keys_from(path: Path, index: int, ticks: int) -> Iterator[int]:
    """Times of key frames, from one that isn't later than ``ticks`` on."""
    target = find_start(path, index, ticks)
    with open_source(path) as container:
        stream = container.streams[index]
        try:
            if target is not None:
                container.seek(target, stream=stream)
            for packet in demux(container, stream):
                time = packet.pts if packet.pts is not None else packet.dts
                if packet.is_keyframe and time is not None:
                    yield time
        except av.error.FFmpegError:
            return  # damage: what lies behind it can't be cut at


def _next_key(container: InputContainer, stream: VideoStream) -> int | None:
    for number, packet in enumerate(demux(container, stream)):
        if packet.is_keyframe:
            return packet.pts if packet.pts is not None else packet.dts
        if number >= MAX_PACKETS:
            break
    return None
