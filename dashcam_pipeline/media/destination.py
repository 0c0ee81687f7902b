"""Which container an output goes into, and which tracks of a source it can hold.

The muxer itself is asked, by writing a header with the track in question to memory, where the table
of containers doesn't know better.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import av
import av.error
from av.stream import Discard
from av.video.stream import VideoStream

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media import containers
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

    from dashcam_pipeline.media.source import SourceInfo, Track

_COVER_TYPES: Final = {
    "mjpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "webp": "image/webp",
}

_SAMPLE: Final = Fraction(1, 96_000)
"""Seconds: the tick of sound where it is counted by its samples; cameras take no more of them."""

RECREATED: Final = _("recreated by the container")
"""Reason of a track that isn't copied because the muxer writes it anew from metadata."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a track can be carried.

    Args:
        track: of the source.
        reason: why not; empty if it can be.
        recreated: True if it isn't copied because the muxer makes it anew (chapters, timecode):
            nothing is lost.
    """

    track: Track
    reason: str = ""
    recreated: bool = False

    @property
    def copied(self) -> bool:
        """True if its packets are to be copied."""
        return not self.reason


def muxer_of(path: Path) -> str:
    """FFmpeg's muxer for an output's name.

    Raises:
        OutputError: an extension that this tool doesn't write.
    """
    container = containers.written_to(path)
    if container is None:
        raise OutputError(
            _(
                "{path} has the extension {suffix}, which can't be written.",
                path=path,
                suffix=repr(path.suffix or "(none)"),
            ),
            advice=_(
                "Written are: {suffixes}.", suffixes=", ".join(containers.suffixes(written=True))
            ),
        )
    return container.name


def choose_output_path(
    info: SourceInfo, wanted: Path | None = None, *, ending: str = "_clean"
) -> Path:
    """Where the result goes.

    Args:
        info: the source.
        wanted: what the user named; its extension decides the container.
        ending: added to the source's stem where nothing was named.

    Returns:
        ``wanted``, or a name beside the source in the same container if that holds every
        track, else in the first of the fallbacks (Matroska, QuickTime) that holds most.

    Raises:
        OutputError: an extension that this tool doesn't write.
    """
    if wanted is not None:
        muxer_of(wanted)
        return wanted
    own = containers.named(info.container)
    names = dict.fromkeys(c.name for c in (own, *containers.FALLBACKS) if c.written)
    lost = cache(partial(_lost, info))  # the source is opened each time
    name = next((name for name in names if not lost(name)), None) or min(names, key=lost)
    fitting = containers.named(name)
    stem = info.path.with_name(f"{info.path.stem}{ending}")
    suffix = info.path.suffix
    if fitting is not own or suffix.lower() not in own.written:
        suffix = fitting.written[0]
    return stem.with_name(stem.name + suffix)


def longest_gap(info: SourceInfo, muxer: str) -> Fraction | None:
    """Seconds that may lie between two packets of a track in an output; None: any number."""
    ticks = containers.named(muxer).longest_gap
    bases = [t.time_base for t in info.tracks if t.time_base is not None]
    bases += [_SAMPLE for t in info.tracks if t.kind == "audio"]
    return None if ticks is None else ticks * min(bases)


def _lost(info: SourceInfo, muxer: str) -> int:
    return sum(1 for v in can_hold(info, muxer) if not v.copied and not v.recreated)


def can_hold(info: SourceInfo, muxer: str) -> tuple[Verdict, ...]:
    """For every track but the one worked on: whether a muxer takes it."""
    with open_source(info.path) as container:
        return judge(container, info, muxer)


def judge(container: InputContainer, info: SourceInfo, muxer: str) -> tuple[Verdict, ...]:
    """As ``can_hold``, with the source open already."""
    return tuple(
        _cover_verdict(container.streams[t.index], t, muxer)
        if t.cover
        else _verdict(container.streams[t.index], t, muxer)
        for t in info.others
    )


def _cover_verdict(stream: Stream, track: Track, muxer: str) -> Verdict:
    place = containers.named(muxer).covers
    if place is None:
        return Verdict(track, _("{muxer} can't hold cover pictures", muxer=muxer))
    if place == "attachment" and track.codec in _COVER_TYPES:
        return Verdict(track)
    return _verdict(stream, track, muxer)


def _verdict(stream: Stream, track: Track, muxer: str) -> Verdict:
    if track.kind == "data" and track.codec is None and "timecode" in track.metadata:
        # an MP4 muxer refuses tmcd but writes it anew from the video track's metadata
        if containers.named(muxer).makes_timecode:
            return Verdict(track, RECREATED, recreated=True)
        return Verdict(
            track, _("{muxer} has no timecode track; its value is kept as metadata", muxer=muxer)
        )
    if stream.discard == Discard.all and track.kind == "data":  # an MP4's chapter texts
        return Verdict(track, RECREATED, recreated=True)
    if track.kind == "unknown":
        return Verdict(track, _("its kind is unknown to FFmpeg"))
    if not _accepts(muxer, stream, track):
        kind = " ".join(filter(None, (track.codec, track.kind)))
        return Verdict(track, _("{muxer} can't hold {kind} tracks", muxer=muxer, kind=kind))
    return Verdict(track)


def can_announce(muxer: str, codec: str | None) -> bool:
    """False for a codec that a container holds but can't name to a player."""
    known = containers.named(muxer).codecs
    return known is None or codec in known


def _accepts(muxer: str, stream: Stream, track: Track) -> bool:
    if not can_announce(muxer, track.codec):
        return False
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            add_copy(trial, stream)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def attach_cover(container: OutputContainer, source: InputContainer, track: Track) -> None:
    """Add a cover picture to an output that keeps covers as attachments.

    Args:
        container: the output, before its header is written.
        source: open; it is read up to the cover, which demuxers give first.
        track: the cover.

    Raises:
        ValueError: there is no picture in it.
    """
    stream = source.streams[track.index]
    data = next((bytes(p) for p in source.demux(stream) if p.size), b"")
    if not data:
        raise ValueError(f"{track.label} holds no picture")
    mime = _COVER_TYPES[track.codec or ""]
    ending = mime.rpartition("/")[2].replace("jpeg", "jpg")
    tags = {key.lower(): value for key, value in track.metadata.items()}
    container.add_attachment(
        tags.get("filename", f"cover.{ending}"), tags.get("mimetype", mime), data
    )


def add_copy(container: OutputContainer, stream: Stream) -> Stream:
    """Add a track to an output that is to receive a source track's packets as they are.

    Args:
        container: the output, before its header is written.
        stream: of the open source.

    Raises:
        ValueError: the container can't hold its codec.
    """
    copy = container.add_stream_from_template(stream, opaque=True)
    copy.metadata.update(stream.metadata)
    copy.disposition = stream.disposition
    if stream.time_base is not None:
        copy.time_base = stream.time_base
    rate = _timecode_rate(container, stream)
    if isinstance(copy, VideoStream) and rate is not None:
        copy.codec_context.framerate = rate
    return copy


def _timecode_rate(container: OutputContainer, stream: Stream) -> Fraction | None:
    """Frames a second by which the timecode beside a track is counted.

    A muxer that writes a track of timecode must be told, or it refuses: it takes ticks for frames.
    None where it writes none, or no rate is known.
    """
    known = containers.named(container.format.name).makes_timecode
    if not (known and isinstance(stream, VideoStream) and "timecode" in stream.metadata):
        return None
    return stream.average_rate or stream.guessed_rate
