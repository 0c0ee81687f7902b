"""The video track of an output whose pictures are copied as they are, packet by packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashcam_pipeline.errors import EncoderError
from dashcam_pipeline.media import containers, destination
from dashcam_pipeline.media.carried_track import CarriedTrack
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

    from dashcam_pipeline.media.source import VideoTrack


class CopiedVideo:
    """Takes the place of ``FrameEncoder`` where nothing is encoded.

    Args:
        container: the output, before its header is written.
        source: a recording of the same parameters, open.
        video: its track.

    Raises:
        EncoderError: the container can't hold its codec.
    """

    def __init__(
        self, container: OutputContainer, source: InputContainer, video: VideoTrack
    ) -> None:
        try:
            stream = destination.add_copy(container, source.streams[video.index])
            held = destination.can_announce(container.format.name, video.codec)
        except ValueError:
            held = False
        if not held:
            muxer, kind = container.format.name, f"{video.codec} video"
            raise EncoderError(
                _("{muxer} can't hold {kind} tracks", muxer=muxer, kind=kind),
                advice=_("{advice}, or take another codec.", advice=containers.TAKE_FALLBACK),
            )
        self._stream, self._track = stream, CarriedTrack(stream)
        self.frames = 0

    @property
    def index(self) -> int:
        """Of the track in the output."""
        return int(self._stream.index)

    @property
    def repaired(self) -> int:
        """Packets whose times had to be moved to be written."""
        return self._track.repaired

    def number(self, track_id: int) -> None:
        """As of ``FrameEncoder``."""
        if track_id:
            self._stream.id = track_id

    def admit(self, packet: Packet[Any]) -> list[Packet[Any]]:
        """Packets to be written now, of the source's next one."""
        self.frames += not packet.is_discard
        return self._track.admit(packet)

    def drain(self) -> list[Packet[Any]]:
        """Those that are still held."""
        return self._track.drain()
