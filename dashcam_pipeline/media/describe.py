"""The facts of a recording, read from its header and its first picture."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av
import av.error
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition

from dashcam_pipeline.errors import InputError, NotVideoError
from dashcam_pipeline.media import containers, messages, side_data
from dashcam_pipeline.media.chroma_place import chroma_place
from dashcam_pipeline.media.color import ColorTags, decide_color
from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.planes import pixel_format
from dashcam_pipeline.media.source import (
    FIELDS_APART,
    Chapter,
    DisplayMatrix,
    SourceInfo,
    Track,
    VideoTrack,
)
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from av.codec.context import CodecContext
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

    from dashcam_pipeline.frames import FirstField
    from dashcam_pipeline.media.containers import Container

COVERS: Final = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""Marks of a track that holds no recording but a picture of it."""

_BOTTOM_FIRST: Final = (3, 4)
"""FFmpeg's AVFieldOrder of pictures whose bottom field is shown first."""

_CLOCK: Final = re.compile(r"00:00:(\d\d\.\d+)$")
_ONE_PICTURE: Final = 0.2
"""Seconds: a track that lasts no longer holds one picture, at any rate a camera films at."""

_STILL_CODECS: Final = frozenset(("png", "bmp", "gif", "tiff", "webp"))
"""Codecs of pictures; cameras that film in one write motion JPEG, which isn't among them."""

_FIRST_PICTURE_PACKETS: Final = 60
"""Packets tried for the first picture; more only in a file damaged at its start."""


def probe(path: Path, *, track: int | None = None) -> SourceInfo:
    """Say what a recording is.

    Args:
        path: the file.
        track: index of the video track to work on; chosen by ``choose_video`` if None.

    Raises:
        InputError: or one of its kinds, if it can't be opened or holds no video.
    """
    with open_source(path) as container:
        return describe(container, path, track=track)


def describe(container: InputContainer, path: Path, *, track: int | None = None) -> SourceInfo:
    """What an open container holds; reads up to its first picture, so seek before going on.

    Args:
        container: freshly opened.
        path: where it is.
        track: as in ``probe``.

    Raises:
        NotVideoError: no video track, or none that can be decoded.
        InputError: ``track`` is no video track.
    """
    tracks = tuple(_track(stream) for stream in container.streams)
    stream = choose_video(container, path, track)
    first = _first_picture(container, stream)
    brand = container.metadata.get("major_brand", "").strip()
    kind = containers.identify(container.format.name, brand=brand, suffix=path.suffix)
    video = _video_track(stream, tracks[stream.index], first, kind)
    return SourceInfo(
        path=path,
        container=kind.name,
        size_bytes=path.stat().st_size,
        duration_s=container.duration / av.time_base if container.duration else None,
        metadata=dict(container.metadata),
        creation_time=creation_time(container.metadata),
        chapters=_chapters(container),
        tracks=tuple(video if t.index == video.index else t for t in tracks),
        video=video,
    )


def choose_video(container: InputContainer, path: Path, track: int | None = None) -> VideoStream:
    """The video track to work on: the largest picture, then the default one, then the first.

    Cover art and thumbnails are never chosen; a lone still that isn't marked as one only where
    there is nothing else.

    Args:
        container: an open recording.
        path: for messages.
        track: index of the one that is asked for.

    Raises:
        NotVideoError: no video track, or none that can be decoded.
        InputError: ``track`` is no video track.
    """
    videos = moving(container)
    usable = [s for s in videos if decoder_of(s) is not None and s.width and s.height]
    if track is not None:
        for stream in usable:
            if stream.index == track:
                return stream
        known = ", ".join(str(s.index) for s in usable) or _("none")
        raise InputError(
            _("track {track} of {path} is no video track.", track=track, path=path),
            advice=_("Video tracks: {known}.", known=known),
        )
    if not usable:
        raise NotVideoError(
            _("{path} holds no video track that can be decoded.", path=path)
            if videos
            else _("{path} holds no video track.", path=path),
            advice=_("Check that it plays in a media player."),
        )
    return max(
        usable,
        key=lambda s: (
            not _is_still(s),
            s.width * s.height,
            bool(s.disposition & Disposition.default),
            -s.index,
        ),
    )


def moving(container: InputContainer) -> list[VideoStream]:
    """The video tracks that are not stills kept as tracks, in the file's order."""
    return [s for s in container.streams.video if not s.disposition & COVERS]


def _is_still(stream: VideoStream) -> bool:
    """True for a track that holds one picture, as far as the container tells."""
    if stream.frames == 1 or stream.name in _STILL_CODECS:
        return True
    # Matroska's only word on it: a text such as 00:00:00.034000000
    text = stream.metadata.get("DURATION", "") if stream.duration is None else ""
    found = _CLOCK.match(text)
    return found is not None and float(found[1]) < _ONE_PICTURE


def _track(stream: Stream) -> Track:
    context = decoder_of(stream)
    codec = context.name if context is not None else stream.name if stream.type == "data" else None
    disposition = int(stream.disposition)
    return Track(
        index=stream.index,
        kind=stream.type,
        codec=codec,
        tag=_tag(stream),
        time_base=stream.time_base,
        start_pts=stream.start_time,
        duration=stream.duration,
        metadata=dict(stream.metadata),
        disposition=disposition,
        cover=bool(disposition & COVERS),
        decodable=context is not None,
        id=stream.id,
    )


def decoder_of(stream: Stream) -> CodecContext | None:
    """A track's decoder; None, whatever PyAV's types say, where none is installed."""
    return stream.codec_context


def _tag(stream: Stream) -> str:
    context = decoder_of(stream)
    if context is None:
        return ""
    try:
        tag = context.codec_tag
    except UnicodeDecodeError:  # AVI and TS use numbers that are no text
        return ""
    return tag if tag.isprintable() else ""


def _first_picture(container: InputContainer, stream: VideoStream) -> av.VideoFrame | None:
    """Decode until the first picture: it tells the true pixel format, colour and rotation."""
    stream.codec_context.thread_count = 1
    tried = 0
    try:
        for packet in demux(container, stream):
            tried += 1
            try:
                frames = stream.decode(packet)
            except av.error.FFmpegError:
                frames = []  # a damaged first packet: the next one may do
            if frames:
                return frames[0]
            if tried >= _FIRST_PICTURE_PACKETS:
                break
    except av.error.FFmpegError:
        return None  # unreadable from here on; what the header says must do
    return None


def _video_track(
    stream: VideoStream, track: Track, first: av.VideoFrame | None, kind: Container
) -> VideoTrack:
    context = stream.codec_context
    name = first.format.name if first is not None else context.pix_fmt or "yuv420p"
    width = first.width if first is not None else context.width
    height = first.height if first is not None else context.height
    found = ColorTags(
        primaries=context.color_primaries,
        transfer=context.color_trc,
        matrix=context.colorspace,
        range=context.color_range,
    )
    beside = side_data.by_type(first) if first is not None else {}
    matrix = _display_matrix(beside)
    return VideoTrack(
        index=track.index,
        kind=track.kind,
        codec=track.codec,
        tag=track.tag,
        time_base=cast("Fraction", stream.time_base),  # never None in a source
        start_pts=track.start_pts,
        duration=track.duration,
        metadata=track.metadata,
        disposition=track.disposition,
        id=track.id,
        width=width,
        height=height,
        pixel_format=pixel_format(name),
        color_decision=decide_color(found, pixel_format=name, height=height),
        rotation=first.rotation if first is not None else 0,
        display_matrix=matrix,
        sample_aspect_ratio=_sample_aspect(stream),
        frame_rate=stream.guessed_rate or stream.average_rate or None,
        expected_frames=_expected_frames(stream) if kind.lists_pictures else None,
        bit_rate=context.bit_rate,
        first_field=_first_field(stream, first),
        chroma_place=chroma_place(stream),
        messages=messages.of_side_data(beside),
        said=frozenset(side_data.of_frame(first)) if first is not None else frozenset(),
    )


def _display_matrix(beside: Mapping[object, bytes]) -> DisplayMatrix | None:
    data = beside.get(SideDataType.DISPLAYMATRIX)
    return cast("DisplayMatrix", struct.unpack("=9i", data)) if data else None


def _first_field(stream: VideoStream, first: av.VideoFrame | None) -> FirstField | None:
    """Which field of a picture comes first; the usual one where nothing says so.

    None for a whole picture, and for one that is a single field.
    """
    if first is None or not first.interlaced_frame:
        return None
    if stream.codec_context.codec.canonical_name in FIELDS_APART:
        return None
    return "bottom" if stream.codec_context.field_order in _BOTTOM_FIRST else "top"


def _sample_aspect(stream: VideoStream) -> Fraction | None:
    ratio = stream.sample_aspect_ratio
    return ratio if ratio and ratio != 1 else None


def _expected_frames(stream: VideoStream) -> int | None:
    """Entries of the container's index that show a picture, if there is an index of frames."""
    entries = stream.index_entries
    if not len(entries):
        return None
    return sum(1 for entry in entries if entry.size and not entry.is_discard)


def _chapters(container: InputContainer) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(c["id"], c["start"], c["end"], c["time_base"] or Fraction(1, 1000), c["metadata"])
        for c in container.chapters()
    )


def creation_time(metadata: Mapping[str, str]) -> datetime | None:
    """When a container says that it was made, with a zone; None where that is no time."""
    text = metadata.get("creation_time")
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None  # cameras write all sorts of things; the text itself is kept as metadata
    return when if when.tzinfo else when.replace(tzinfo=UTC)
