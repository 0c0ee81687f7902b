"""Videos for a browser: the recording itself where it can play it, else a proxy beside the page.

Which files that is: MP4 with 8-bit 4:2:0 H.264, and WebM; with sound, if there is any, in AAC, MP3
or Opus. HEVC, MJPEG, 10 bits, AVI, transport streams and Matroska are left to some browsers only.
"""

from __future__ import annotations

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import av
import av.error
from av.codec.context import Flags

from dashcam_pipeline.compare.canvas import PIXEL_FORMAT, Developer, shown_size
from dashcam_pipeline.compare.page.model import Playable
from dashcam_pipeline.compare.pairs import origin
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.media import containers
from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.destination import longest_gap
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.planes import to_video_frame
from dashcam_pipeline.media.reader import Reader

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from dashcam_pipeline.compare.canvas import Size
    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.source import SourceInfo

_HEARD: Final = frozenset(("aac", "mp3", "opus", "vorbis", "mp3float"))
_BITS: Final = 8

PROXY: Final = (1280, 720)
"""Bounds of a proxy's picture."""

_OPTIONS: Final = {"preset": "veryfast", "crf": "21", "g": "30"}
"""A key frame each second or so: the page steps and seeks."""

_RATE: Final = 48_000


def plays(info: SourceInfo) -> bool:
    """True if every current browser plays a file as it is."""
    video = info.video
    sounds = [t for t in info.tracks if t.kind == "audio"]
    return (
        video.codec in containers.named(info.container).browser
        and video.layout.bits == _BITS
        and video.layout.log2_chroma == (1, 1)
        and all(t.codec in _HEARD for t in sounds)
        and video.index == next(t.index for t in info.tracks if t.kind == "video")
    )


def link(path: Path, page: Path) -> str:
    """A file's address as a page links it: relative, percent-encoded."""
    try:
        relative = os.path.relpath(path.resolve(), page.resolve().parent)
    except ValueError:  # Windows: on another drive
        return path.resolve().as_uri()
    return quote(os.fsencode(Path(relative).as_posix()))


def direct(info: SourceInfo, page: Path, lead: float = 0.0) -> Playable:
    """A file that browsers play as it is.

    Args:
        info: of it.
        page: that links it.
        lead: seconds of it before the page's second 0.
    """
    return Playable(link(info.path, page), _base(info) + lead)


def _base(info: SourceInfo) -> float:
    """The browser's time of the first picture: its clock begins with the earliest track."""
    starts = [
        t.start_pts * t.time_base
        for t in info.tracks
        if t.start_pts is not None and t.time_base and t.kind in {"video", "audio"}
    ]
    return float(origin(info) - min(starts, default=origin(info)))


def proxy_name(info: SourceInfo) -> str:
    """A proxy's file name: the same for the same file, unchanged."""
    stat = info.path.stat()
    key = f"{info.path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{_OPTIONS}|{PROXY}"
    return f"proxy-{short_name(key.encode('utf-8', 'surrogateescape'))}.mp4"


def make_proxy(info: SourceInfo, target: Path, threads: int) -> None:
    """Write a proxy: H.264, 8 bits, upright, at most 720 lines, sound in AAC; times kept.

    Its clock begins at the first picture; sound before that is left out.

    Args:
        info: the recording.
        target: where to; appears when it is whole.
        threads: that decoder and encoder may use.

    Raises:
        OutputError: it can't be written.
    """
    size = shown_size(info.video).fit(*PROXY)
    file = atomic_file(target, overwrite=False)
    try:
        with (
            Reader(info.path, track=info.video.index, threads=threads) as reader,
            av.open(file, "w", format="mp4") as out,
        ):
            reader.close_gaps(longest_gap(info, "mp4"))
            picture = out.add_stream("libx264", rate=info.video.frame_rate or Fraction(25))
            _set_up(picture, info, size, threads)
            sound = _Sound(info, out)
            out.start_encoding()
            develop = Developer(info.video, size, info.video.color)
            start = info.video.start_pts or 0
            for item in reader:
                if isinstance(item, Frame):
                    shown = to_video_frame(develop(item).as_frame(item), PIXEL_FORMAT)
                    shown.pts, shown.time_base = item.pts - start, item.time_base
                    shown.duration = item.duration
                    out.mux(picture.encode(shown))
                else:
                    sound.feed(item)
            out.mux(picture.encode(None))
            sound.finish()
        file.commit()
    except (OSError, av.error.FFmpegError) as error:
        raise output_error(error, target) from error
    finally:
        file.discard()


def _set_up(stream: VideoStream, info: SourceInfo, size: Size, threads: int) -> None:
    context = stream.codec_context
    context.width, context.height = size.width, size.height
    context.pix_fmt = PIXEL_FORMAT
    context.time_base = stream.time_base = info.video.time_base
    context.thread_count = threads
    context.thread_type = "AUTO"
    context.flags |= Flags.frame_duration
    context.options = dict(_OPTIONS)
    info.video.color_decision.written.put_on(context)


class _Sound:
    """The first sound track, as AAC; damaged packets are left out.

    Args:
        info: the recording.
        out: what is written.
    """

    def __init__(self, info: SourceInfo, out: OutputContainer) -> None:
        usable = [t for t in info.tracks if t.kind == "audio" and t.decodable]
        self._track = usable[0].index if usable else -1
        self._out = out
        self._origin = origin(info)
        self._next = 0
        self._stream: AudioStream | None = None
        if usable:
            stream = out.add_stream("aac", rate=_RATE)
            if not isinstance(stream, av.AudioStream):
                raise TypeError(f"the AAC encoder gave {stream!r}")
            stream.codec_context.layout = "stereo"
            self._stream = stream
            self._resampler = av.AudioResampler("fltp", "stereo", _RATE)

    def feed(self, item: CarriedPacket) -> None:
        """Take a packet of any track."""
        if item.stream_index != self._track:
            return
        with suppress(av.error.InvalidDataError):
            for frame in item.packet.decode():
                if isinstance(frame, av.AudioFrame):
                    self._add(frame)

    def finish(self) -> None:
        """Write what is held."""
        if self._stream is not None:
            for frame in self._resampler.resample(None):
                self._encode(frame)
            self._out.mux(self._stream.encode(None))

    def _add(self, frame: av.AudioFrame) -> None:
        if frame.pts is None or frame.time_base is None:
            return
        wanted = round((frame.pts * frame.time_base - self._origin) * _RATE)
        if wanted < 0:
            return
        if wanted - self._next > _RATE // 10:  # a hole, or sound that begins late
            self._next = wanted
        for part in self._resampler.resample(frame):
            self._encode(part)

    def _encode(self, frame: av.AudioFrame) -> None:
        frame.pts, frame.time_base = self._next, Fraction(1, _RATE)
        self._next += frame.samples
        if self._stream is not None:
            self._out.mux(self._stream.encode(frame))
