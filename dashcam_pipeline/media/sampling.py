"""A few frames all over a recording, sought at key pictures: a look before the run begins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import av
import av.error

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from dashcam_pipeline.media.source import SourceInfo

SAMPLES: Final = 12
"""Frames that are looked at."""

ENOUGH: Final = 8
"""With fewer found by seeking, the first pictures are decoded."""

_SEEK_PACKETS: Final = 240
_FALLBACK_PICTURES: Final = 72
"""Pictures decoded where a recording has few key pictures: 0.3 s of work at 1080p."""


def sample_frames(info: SourceInfo, *, threads: int = 1) -> list[Frame]:
    """Key pictures all over a recording, or some of its first ones if it can't be sought.

    Args:
        info: of the recording.
        threads: that may read it, each with a reader of its own; they find the same pictures.

    Returns:
        at most ``SAMPLES`` of its own size and layout, in no particular order; none where it can't
        be read, which the run itself will say better.
    """
    if info.clips:
        return _of_clips(info)
    found: dict[int, Frame] = {}
    try:
        found = _key_pictures(info, SAMPLES, threads)
        if len(found) < ENOUGH:
            found = _first_ones(info)
    except (InputError, av.error.FFmpegError):
        return []
    return list(found.values())


def middle_picture(info: SourceInfo) -> Frame | None:
    """A key picture of the recording's middle, or whatever picture of it can be found.

    Args:
        info: of the recording.

    Returns:
        None where it can't be read.
    """
    with suppress(InputError, av.error.FFmpegError):
        for frame in () if info.clips else _key_pictures(info, 1).values():
            return frame
    frames = sample_frames(info)
    return frames[len(frames) // 2] if frames else None


def _of_clips(info: SourceInfo) -> list[Frame]:
    """Key pictures of clips all over a joined recording, as far as they are like the first one's.

    Args:
        info: of the whole.
    """
    clips = info.clips
    count = min(len(clips), SAMPLES)
    chosen = [clips[(2 * k + 1) * len(clips) // (2 * count)] for k in range(count)]
    frames: list[Frame] = []
    for clip in chosen:
        with suppress(InputError, av.error.FFmpegError):
            like = replace(clip, video=replace(clip.video, **_form(info)))
            frames += _key_pictures(like, -(-SAMPLES // count)).values()
    return [replace(frame, index=number) for number, frame in enumerate(frames[:SAMPLES])]


def _form(info: SourceInfo) -> dict[str, Any]:
    """What pictures must be alike in, to be looked at together."""
    names = ("width", "height", "pixel_format", "color_decision")
    return {name: getattr(info.video, name) for name in names}


def _key_pictures(info: SourceInfo, count: int, threads: int = 1) -> dict[int, Frame]:
    """So many of them, evenly spread, by their times."""
    numbers = range(count)
    share = -(-count // min(threads, count))
    parts = [numbers[begin : begin + share] for begin in range(0, count, share)]
    with ThreadPoolExecutor(len(parts), "dashcam-samples") as pool:
        pictures = list(pool.map(lambda part: _sought(info, part, count), parts))
    found: dict[int, Frame] = {}
    for picture in chain.from_iterable(pictures):
        _keep(found, picture.pts or 0, picture, info)
    return found


def _keep(found: dict[int, Frame], key: int, picture: av.VideoFrame, info: SourceInfo) -> None:
    """Add a picture as a frame, if it is like the recording's first one."""
    video = info.video
    form = planes.pixel_format(picture.format.name)
    same = (picture.width, picture.height) == (video.width, video.height)
    if same and form.layout == video.layout and key not in found:
        samples = planes.planes_of(picture, form, video.color)
        found[key] = Frame(
            samples, picture.pts or 0, video.time_base, len(found), video.layout, video.color
        )


def _track(container: InputContainer, info: SourceInfo) -> VideoStream:
    return next(s for s in container.streams.video if s.index == info.video.index)


def _sought(info: SourceInfo, numbers: Sequence[int], count: int) -> list[av.VideoFrame]:
    """The key pictures of some of so many even parts of the recording."""
    duration = info.duration_s or 0.0
    base, first = info.video.time_base, info.video.start_pts or 0
    seen: set[int] = set()
    pictures = []
    with open_source(info.path) as container:
        stream = _track(container, info)
        stream.codec_context.skip_frame = "NONKEY"
        for number in numbers:
            ticks = first + round(duration * (number + 0.5) / count / float(base))
            with suppress(av.error.FFmpegError):
                container.seek(ticks, stream=stream)
                if (picture := _next_picture(container, stream, seen)) is not None:
                    pictures.append(picture)
    return pictures


def _next_picture(
    container: InputContainer, stream: VideoStream, seen: set[int]
) -> av.VideoFrame | None:
    """The key picture after a seek; None if its packet was met before, or there is none."""
    for number, packet in enumerate(container.demux(stream)):
        time = packet.pts if packet.pts is not None else packet.dts
        if number > _SEEK_PACKETS or (packet.is_keyframe and time in seen):
            return None
        if packet.is_keyframe and time is not None:
            seen.add(time)
        pictures = packet.decode()
        if packet.is_keyframe and not pictures:
            # It waits for others to be shown before it; the next seek begins anew in any case.
            pictures = stream.codec_context.decode(None)
        for picture in pictures:
            return picture
    return None


def _first_ones(info: SourceInfo) -> dict[int, Frame]:
    """Evenly spread over the first pictures."""
    found: dict[int, Frame] = {}
    known = min(_FALLBACK_PICTURES, info.video.expected_frames or _FALLBACK_PICTURES)
    step = max(1, known // SAMPLES)
    with open_source(info.path) as container:
        stream = _track(container, info)
        stream.thread_type = "AUTO"
        with suppress(av.error.FFmpegError):
            for number, picture in enumerate(container.decode(stream)):
                if number >= known:
                    break
                if number % step == 0:
                    _keep(found, number, picture, info)
    return found
