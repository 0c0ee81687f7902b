"""The re-encoded video track: its header, its encoder, and frames on their way through it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av
import av.error
from av.codec.context import Flags
from av.filter import Graph
from av.stream import Disposition
from av.video.frame import PictureType

from dashcam_pipeline.errors import EncoderError
from dashcam_pipeline.media import containers, destination, encoders, metadata, nal, planes
from dashcam_pipeline.media.chroma_place import USUAL
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from dashcam_pipeline.frames import Frame, Message
    from dashcam_pipeline.media.encoders import Encoder
    from dashcam_pipeline.media.segments import EncodedPacket
    from dashcam_pipeline.media.source import VideoTrack

REORDERING: Final = Fraction(1, 2)
"""Seconds before the first picture that reordering may need where times can't be negative.

A recording that begins earlier is written without B-frames, since the muxer would otherwise move
all of its times.
"""

USUAL_RATE: Final = Fraction(25)
"""Told to an encoder that needs some rate where the source has none; times don't rest on it."""


class FrameEncoder:
    """Encodes frames into a new track of an output.

    Args:
        container: the output, before its header is written.
        muxer: its format.
        video: the source's track.
        encoder: decided by ``encoders.resolve``.
        moved: ticks that are added to all times.

    Raises:
        EncoderError: the container can't hold what the encoder writes.
    """

    def __init__(
        self,
        container: OutputContainer,
        muxer: str,
        video: VideoTrack,
        encoder: Encoder,
        *,
        moved: int = 0,
    ) -> None:
        self._video, self._encoder, self._moved = video, encoder, moved
        self._tags = video.color_decision.written
        self._stream = self._add(container, muxer)
        self._pending: Frame | None = None
        self._messages: dict[int, tuple[Message, ...]] = {}
        self._fields = _Fields(video) if video.first_field and encoder.interlaced else None
        self._step = 0
        self.frames = 0

    @property
    def index(self) -> int:
        """Of the track in the output."""
        return self._stream.index

    def number(self, track_id: int) -> None:
        """Give the track a number that the container knows it by; 0 leaves it to the muxer."""
        if track_id:
            self._stream.id = track_id

    def open(self) -> None:
        """Open the encoder.

        Raises:
            EncoderError: it refuses its options, or has no such ones.
        """
        context, encoder = self._stream.codec_context, self._encoder
        try:
            context.open()
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise encoders.refused(encoder) from error
        if context.options:  # what the encoder didn't understand is left here
            raise EncoderError(
                _(
                    "{name} has no option {options}.",
                    name=encoder.name,
                    options=", ".join(sorted(context.options)),
                ),
                advice=_(
                    "Its own options: {options}.",
                    options=", ".join(encoders.option_names(encoder.name)),
                ),
            )

    def encode(self, frame: Frame) -> list[Packet[VideoStream]]:
        """Take a frame; its duration is known when the next one comes.

        Raises:
            EncoderError: encoding failed.
        """
        self.frames += 1
        before, self._pending = self._pending, frame
        if before is None:
            return []
        self._step = frame.pts - before.pts
        return self._send(self._picture(before, self._step))

    @property
    def extradata(self) -> bytes:
        """What a decoder needs before the first packet, empty where packets hold it; once open."""
        return self._stream.codec_context.extradata or b""

    def adopt(self, encoded: EncodedPacket) -> Packet[Stream]:
        """A packet for the track from one that an encoder of the same settings made elsewhere."""
        packet = av.Packet(encoded.payload)
        packet.stream = self._stream
        packet.time_base = self._video.time_base
        packet.pts, packet.dts = encoded.pts + self._moved, encoded.dts + self._moved
        packet.duration = encoded.duration
        packet.is_keyframe = encoded.is_keyframe
        self.frames += 1
        return packet

    def drain(self) -> list[Packet[VideoStream]]:
        """The last frame, and what the encoder still holds.

        Raises:
            EncoderError: encoding failed.
        """
        packets = []
        if self._pending is not None:
            duration = last_duration(self._video, self._pending.pts) or (
                self._step or self._pending.duration
            )
            packets = self._send(self._picture(self._pending, duration))
            self._pending = None
        return packets + self._send(None)

    def _add(self, container: OutputContainer, muxer: str) -> VideoStream:
        video, encoder = self._video, self._encoder
        try:
            stream = container.add_stream(encoder.name, rate=video.frame_rate or USUAL_RATE)
        except ValueError:
            stream = None
        if stream is None or not destination.can_announce(muxer, encoder.codec):
            raise EncoderError(
                _("{muxer} can't hold what {name} writes.", muxer=muxer, name=encoder.name),
                advice=_(
                    "{advice}, or take another codec.",
                    advice=containers.TAKE_FALLBACK,
                ),
            )
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"{encoder.name} gave {stream!r}")
        stream.time_base = video.time_base
        stream.disposition = Disposition(video.disposition)
        stream.metadata.update(metadata.for_track(video.metadata))
        stream.metadata["encoder"] = encoder.label
        if video.display_matrix is not None:
            stream.set_display_matrix(video.display_matrix)
        context = stream.codec_context
        context.width, context.height = video.width, video.height
        context.pix_fmt = encoder.pixel_format
        context.time_base = video.time_base
        context.thread_count = encoder.threads
        # PyAV's default of slice threads costs compression; this lets the encoder choose
        context.thread_type = "AUTO"
        context.flags |= Flags.frame_duration
        context.options = self._own_options() | dict(encoder.options)
        if video.first_field and encoder.interlaced:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        self._tags.put_on(context)
        if video.sample_aspect_ratio:
            context.sample_aspect_ratio = video.sample_aspect_ratio
        facts = containers.named(muxer)
        if encoder.tag and facts.fourcc:
            context.codec_tag = encoder.tag
        early = (video.start_pts or 0) * video.time_base < REORDERING
        if early and not facts.negative_times:
            context.max_b_frames = 0
        return stream

    def _own_options(self) -> dict[str, str]:
        """What keeps the source's ways, and keeps the encoder from carrying things itself."""
        video, options = self._video, {}
        if video.first_field and self._encoder.interlaced:
            options["field_order"] = "tt" if video.first_field == "top" else "bb"
        if video.chroma_place not in {None, USUAL}:
            options["chroma_sample_location"] = video.chroma_place
        if "a53cc" in encoders.option_names(self._encoder.name):
            options["a53cc"] = "0"
        return options

    def _picture(self, frame: Frame, duration: int) -> av.VideoFrame:
        """What the encoder is given: the decoder's own picture wherever nothing has changed."""
        picture = frame.source
        if picture is None or picture.format.name != self._encoder.pixel_format:
            picture = planes.to_video_frame(frame, self._encoder.pixel_format)
        if self._fields is not None:
            picture = self._fields.marked(picture)
        pts = frame.pts + self._moved
        self._messages[pts] = frame.messages
        picture.pts, picture.time_base = pts, frame.time_base
        picture.duration = duration
        # the source's picture types must not force the encoder's
        picture.pict_type = PictureType.NONE
        self._tags.put_on(picture)
        return picture

    def _send(self, picture: av.VideoFrame | None) -> list[Packet[VideoStream]]:
        try:
            return [self._completed(packet) for packet in self._stream.encode(picture)]
        except av.error.FFmpegError as error:
            raise EncoderError(
                _(
                    "{name} failed at frame {frames}: {reason}.",
                    name=self._encoder.name,
                    frames=self.frames,
                    reason=system_reason(error),
                ),
                advice=_("Try another codec, or fewer encoder options."),
            ) from error

    def _completed(self, packet: Packet[VideoStream]) -> Packet[VideoStream]:
        """A packet with what its picture says beside samples, where the codec has messages."""
        said = self._messages.pop(packet.pts, ()) if packet.pts is not None else ()
        if packet.is_keyframe:
            own = {message.kind for message in said}
            said += tuple(m for m in self._video.messages if m.kind not in own)
        if not said or self._encoder.codec not in nal.SYNTAXES:
            return packet
        data = nal.with_messages(bytes(packet), self._encoder.codec, said)
        if data is None:
            return packet
        whole = cast("Packet[VideoStream]", av.Packet(data))
        whole.stream, whole.time_base = packet.stream, packet.time_base
        whole.pts, whole.dts, whole.duration = packet.pts, packet.dts, packet.duration
        whole.is_keyframe = packet.is_keyframe
        return whole


class _Fields:
    """Marks pictures as interlaced, which PyAV's own can't be.

    Args:
        video: the source's track.
    """

    def __init__(self, video: VideoTrack) -> None:
        self._mode = "tff" if video.first_field == "top" else "bff"
        self._graph: Graph | None = None

    def marked(self, picture: av.VideoFrame) -> av.VideoFrame:
        """The same picture, marked; its samples are not copied."""
        if self._graph is None:
            graph = self._graph = Graph()
            source = graph.add_buffer(
                width=picture.width,
                height=picture.height,
                format=picture.format,
                time_base=USUAL_RATE,
            )
            graph.link_nodes(source, graph.add("setfield", self._mode), graph.add("buffersink"))
            graph.configure()
        self._graph.vpush(picture)
        return self._graph.vpull()


def last_duration(video: VideoTrack, pts: int) -> int:
    """The source's word on how long its last picture is shown.

    Args:
        video: the source's track.
        pts: of its last picture, in ticks.

    Returns:
        ticks; 0 where the source doesn't say.
    """
    if video.duration is None:
        return 0
    return max(0, (video.start_pts or 0) + video.duration - pts)
