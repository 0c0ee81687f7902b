"""Writing a recording: new pictures, and everything else as it was.

::

    with Writer(target, reader.info, EncoderSettings()) as writer:
        for item in reader:
            writer.write(item)
        report = writer.finish()

The file grows as ``name.part`` beside the target and gets its name when it is whole, so that what
has the target's name is never half a recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

import av
import av.error
from av.codec.context import Flags
from av.stream import Disposition
from av.video.frame import PictureType

from dashcam_pipeline.errors import DashcamError, EncoderError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import containers, encoders, planes
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.partfile import PartFile, check_output, output_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.encoders import EncoderSettings
    from dashcam_pipeline.media.source import SourceInfo, Track

__all__ = ["WriteReport", "Writer", "check_output"]

_NO_TAGS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written.

    Args:
        path: the finished file.
        frames: pictures in it.
        nbytes: its size.
        container: FFmpeg's muxer.
        encoder: FFmpeg's encoder and its library's version.
        options: the encoder's.
        carried: tracks copied (or, like chapters and timecode, written anew).
        not_carried: tracks that are not in it, with the reason.
        packets_repaired: carried packets whose time had to be moved to be written at all.
        packets_refused: carried packets that the container refused.
    """

    path: Path
    frames: int
    nbytes: int
    container: str
    encoder: str
    options: Mapping[str, str]
    carried: tuple[Track, ...] = ()
    not_carried: tuple[tuple[Track, str], ...] = ()
    packets_repaired: int = 0
    packets_refused: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "path": str(self.path),
            "frames": self.frames,
            "bytes": self.nbytes,
            "container": self.container,
            "encoder": self.encoder,
            "options": dict(self.options),
            "carried": [t.label for t in self.carried],
            "not_carried": [{"track": t.label, "reason": why} for t, why in self.not_carried],
            "packets_repaired": self.packets_repaired,
            "packets_refused": self.packets_refused,
        }


@dataclass(slots=True)
class _Lane:
    """A carried track on its way out."""

    stream: Stream
    last_dts: int | None = None


class Writer:
    """Writes one recording.

    Args:
        path: the target; its extension decides the container. ``check_output`` has been asked.
        info: the source, as the reader has it.
        encoder: what to encode with.
        audio: False leaves the sound out.
        tags: metadata to add to the source's own, such as a mark that it was processed.

    Raises:
        OutputError: the target can't be written.
        EncoderError: the encoder can't be opened so.
    """

    def __init__(
        self,
        path: Path,
        info: SourceInfo,
        encoder: EncoderSettings,
        *,
        audio: bool = True,
        tags: Mapping[str, str] = _NO_TAGS,
    ) -> None:
        self._path, self._info = path, info
        self._muxer = containers.muxer_of(path)
        self._encoder = encoders.resolve(encoder, info.video)
        self._frames = self._repaired = self._refused = 0
        self._lanes: dict[int, _Lane] = {}
        self._carried: list[Track] = []
        self._not_carried: list[tuple[Track, str]] = []
        self._file = PartFile(path)
        self._done = False
        try:
            self._container = av.open(
                self._file,
                "w",
                format=self._muxer,
                container_options=self._muxer_options(),
                buffer_size=1 << 20,
            )
            self._container.metadata.update({**info.metadata, **tags})
            self._video = self._add_video()
            self._add_copies(audio=audio)
            self._open_encoder()
            if info.chapters:
                self._container.set_chapters([_chapter(c) for c in info.chapters])
            self._container.start_encoding()
        except DashcamError:
            self.abort()
            raise
        except (OSError, ValueError, av.error.FFmpegError) as error:
            self.abort()
            raise output_error(error, path) from error

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Abort, unless ``finish`` was called."""
        self.abort()

    def write(self, item: Frame | CarriedPacket) -> None:
        """Encode a frame, or copy a packet; frames in order.

        Raises:
            DiskFullError: no space left.
            OutputError: writing failed.
            EncoderError: encoding failed.
        """
        if isinstance(item, Frame):
            self._write_frame(item)
        else:
            self._write_packet(item)

    def finish(self) -> WriteReport:
        """Write what the encoder still holds and the index; give the file its name.

        Raises:
            DiskFullError: no space left.
            OutputError: writing failed.
            EncoderError: encoding failed, or there was no picture at all.
        """
        if not self._frames:
            self.abort()
            raise EncoderError(
                "there is no picture to write.",
                advice="Nothing in the source (or in the part of it asked for) could be decoded.",
            )
        self._mux(self._encode(None))
        try:
            self._container.close()
            size = self._file.commit()
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise output_error(error, self._path) from error
        self._done = True
        return WriteReport(
            path=self._path,
            frames=self._frames,
            nbytes=size,
            container=self._muxer,
            encoder=self._encoder.name,
            options=dict(self._encoder.options),
            carried=tuple(self._carried),
            not_carried=tuple(self._not_carried),
            packets_repaired=self._repaired,
            packets_refused=self._refused,
        )

    def abort(self) -> None:
        """Give up: remove the unfinished file. Harmless after ``finish`` and when repeated."""
        if not self._done:
            self._done = True
            self._file.discard()

    def _muxer_options(self) -> dict[str, str]:
        if self._muxer in {"mp4", "mov"}:
            ticks = self._info.video.time_base.denominator
            return {
                "video_track_timescale": str(ticks),
                # edit lists count in this clock: with its 1/1000 s a late start would be rounded
                "movie_timescale": str(ticks),
            }
        if self._muxer == "mpegts":
            return {"mpegts_copyts": "1"}
        return {}

    def _add_video(self) -> VideoStream:
        video, encoder = self._info.video, self._encoder
        try:
            stream = self._container.add_stream(encoder.name, rate=video.frame_rate or Fraction(25))
        except ValueError as error:
            raise EncoderError(
                f"{self._path.name} ({self._muxer}) can't hold what {encoder.name} writes.",
                advice="Name an output that ends in .mkv, or take another codec.",
            ) from error
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"{encoder.name} gave {stream!r}")
        context = stream.codec_context
        context.width, context.height = video.width, video.height
        context.pix_fmt = encoder.pixel_format
        context.time_base = video.time_base
        stream.time_base = video.time_base
        context.thread_count = encoder.threads
        # PyAV's default of slice threads costs compression; this lets the encoder choose
        context.thread_type = "AUTO"
        context.flags |= Flags.frame_duration
        tags = video.color_decision.written
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        context.colorspace, context.color_range = tags.matrix, tags.range
        if video.sample_aspect_ratio:
            context.sample_aspect_ratio = video.sample_aspect_ratio
        if encoder.tag and self._muxer in {"mp4", "mov"}:
            context.codec_tag = encoder.tag
        context.options = dict(encoder.options)
        if video.display_matrix is not None:
            stream.set_display_matrix(video.display_matrix)
        stream.metadata.update(_without_encoder(video.metadata))
        stream.disposition = Disposition(video.disposition)
        return stream

    def _open_encoder(self) -> None:
        context, encoder = self._video.codec_context, self._encoder
        try:
            context.open()
        except (ValueError, av.error.FFmpegError) as error:
            raise EncoderError(
                f"{encoder.name} refuses these settings: {dict(encoder.options)}.",
                advice=str(error),
            ) from error

    def _add_copies(self, *, audio: bool) -> None:
        with open_source(self._info.path) as source:
            for verdict in containers.judge(source, self._info, self._muxer):
                track = verdict.track
                if track.kind == "audio" and not audio:
                    self._not_carried.append((track, "left out as asked"))
                elif verdict.copied:
                    copy = containers.add_copy(
                        self._container, source.streams[track.index], self._muxer
                    )
                    self._lanes[track.index] = _Lane(copy)
                    self._carried.append(track)
                elif verdict.recreated:
                    self._carried.append(track)
                else:
                    self._not_carried.append((track, verdict.reason))

    def _write_frame(self, frame: Frame) -> None:
        picture = frame.source
        if picture is None or picture.format.name != self._encoder.pixel_format:
            picture = planes.to_video_frame(frame, self._encoder.pixel_format)
        tags = self._info.video.color_decision.written
        picture.pts, picture.time_base = frame.pts, frame.time_base
        picture.duration = frame.duration
        # the source's picture types must not force the encoder's
        picture.pict_type = PictureType.NONE
        picture.colorspace, picture.color_range = tags.matrix, tags.range
        picture.color_primaries, picture.color_trc = tags.primaries, tags.transfer
        self._mux(self._encode(picture))
        self._frames += 1

    def _encode(self, picture: av.VideoFrame | None) -> list[Packet[VideoStream]]:
        try:
            return list(self._video.encode(picture))
        except av.error.FFmpegError as error:
            raise EncoderError(
                f"{self._encoder.name} failed at frame {self._frames}: {error.strerror}.",
                advice="Try another --codec, or fewer encoder options.",
            ) from error

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        try:
            for packet in packets:
                self._container.mux_one(packet)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise output_error(error, self._path) from error

    def _write_packet(self, item: CarriedPacket) -> None:
        lane = self._lanes.get(item.stream_index)
        if lane is None:
            return
        packet = item.packet
        packet.stream = lane.stream
        try:
            self._container.mux_one(packet)
        except OSError as error:
            raise output_error(error, self._path) from error
        except (ValueError, av.error.FFmpegError):
            self._refused += 1


def _chapter(chapter: Any) -> Any:  # noqa: ANN401 - PyAV's TypedDict is not importable at run time
    return {
        "id": chapter.id,
        "start": chapter.start,
        "end": chapter.end,
        "time_base": chapter.time_base,
        "metadata": dict(chapter.metadata),
    }


def _without_encoder(metadata: Mapping[str, str]) -> dict[str, str]:
    """A track's metadata without what described the old encoding."""
    return {k: v for k, v in metadata.items() if k.lower() not in {"encoder", "duration"}}
