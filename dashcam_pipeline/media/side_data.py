"""What a recording says beside its samples, and what of that a written file doesn't say.

::

    source: header, then every packet and picture as they come by -> Said --.
    output: header, first picture, every packet of the file         -> Said --'-> missing

Nothing is looked for by a list: whatever kind of side data, box, message, mark or key turns up in
the source is compared by its name. What can't be carried is therefore named, also if nobody here
has ever heard of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import av
import av.error
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition

from dashcam_pipeline.media import containers, kinds, messages, metadata, mp4_index, riff
from dashcam_pipeline.media.chroma_place import USUAL, chroma_place
from dashcam_pipeline.media.track_ids import programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.sidedata.sidedata import SideData
    from av.stream import Stream
    from av.video.stream import VideoStream

    from dashcam_pipeline.frames import Message

_FRAME_KINDS: Final[Mapping[str, str | None]] = {
    "A53_CC": kinds.CAPTIONS,
    "STEREO3D": kinds.STEREO,
    "DISPLAYMATRIX": kinds.ORIENTATION,
    "AFD": kinds.ACTIVE_FORMAT,
    "MASTERING_DISPLAY_METADATA": kinds.MASTERING,
    "CONTENT_LIGHT_LEVEL": kinds.LIGHT,
    "SPHERICAL": kinds.SPHERICAL,
    "ICC_PROFILE": kinds.PROFILE,
    "S12M_TIMECODE": kinds.TIMECODE,
    "GOP_TIMECODE": kinds.TIMECODE,
    "DYNAMIC_HDR_PLUS": kinds.HDR_PLUS,
    "AMBIENT_VIEWING_ENVIRONMENT": kinds.AMBIENT,
    "DOVI_RPU_BUFFER": kinds.DOLBY_VISION,
    "DOVI_METADATA": kinds.DOLBY_VISION,
    "FILM_GRAIN_PARAMS": kinds.FILM_GRAIN,
    # how the old picture was coded, or what is read as a message
    **dict.fromkeys(("MOTION_VECTORS", "VIDEO_ENC_PARAMS", "REGIONS_OF_INTEREST", "VIDEO_HINT")),
    "SEI_UNREGISTERED": None,
}
_PACKET_KINDS: Final[Mapping[str, str | None]] = {
    "a53_cc": kinds.CAPTIONS,
    "stereo_3d": kinds.STEREO,
    "display_matrix": kinds.ORIENTATION,
    "afd": kinds.ACTIVE_FORMAT,
    "mastering_display_metadata": kinds.MASTERING,
    "content_light_level": kinds.LIGHT,
    "spherical": kinds.SPHERICAL,
    "icc_profile": kinds.PROFILE,
    "s12m_timecode": kinds.TIMECODE,
    "dynamic_hdr10_plus": kinds.HDR_PLUS,
    "ambient_viewing_environment": kinds.AMBIENT,
    "dovi_conf": kinds.DOLBY_VISION,
    "skip_samples": kinds.TRIMS,
    # how the packet came to be, or how its container numbers it
    **dict.fromkeys(
        ("new_extradata", "param_change", "h263_mb_info", "quality_stats", "cpb_properties")
    ),
    **dict.fromkeys(("fallback_track", "mpegts_stream_id", "rtcp_sr", "palette")),
}
_HANDLERS: Final = ("VideoHandler", "SoundHandler", "SubtitleHandler", "DataHandler")
"""Names that muxers give to tracks which have none."""

CHAPTERS: Final = "chapters"
"""Said by a file that has some."""

_FIELD_ORDERS: Final = (2, 3, 4, 5)
"""FFmpeg's AVFieldOrder of interlaced tracks."""

_TELLING: Final = 4
"""Characters of a value of metadata."""


@dataclass(slots=True)
class Said:
    """What a recording says.

    Args:
        file: of itself.
        tracks: by index.
    """

    file: set[str] = field(default_factory=set)
    tracks: dict[int, set[str]] = field(default_factory=dict)

    def say(self, index: int, *said: str | None) -> None:
        """Add what a track says; None is nothing."""
        self.tracks.setdefault(index, set()).update(one for one in said if one)

    def add(self, other: Said) -> None:
        """Add another look at the same recording."""
        self.file |= other.file
        for index, said in other.tracks.items():
            self.say(index, *said)


def of_frame(frame: av.VideoFrame) -> set[str]:
    """What a picture says."""
    said: set[str] = set()
    for kind in by_type(frame):
        name = kind.name if isinstance(kind, SideDataType) else f"of type {kind}"
        known = _FRAME_KINDS.get(name, f"side data {name.lower()}")
        if known is not None:
            said.add(known)
    if frame.interlaced_frame:
        said.add(kinds.INTERLACED)
    return said


def by_type(frame: av.VideoFrame) -> dict[object, bytes]:
    """A picture's side data by type; of a type that PyAV has no name for only its number."""
    try:
        # The picture's own attribute would hold it in turn: a circle that keeps its samples, three
        # megabytes at 1080p, until Python happens to look for circles.
        found = cast("Callable[[av.VideoFrame], Iterable[SideData]]", SideDataContainer)(frame)
        return {data.type: bytes(data) for data in found}
    except ValueError as error:  # "31 is not a valid Type"
        return {str(error).split()[0]: b""}


def of_packet(packet: Packet[Stream]) -> set[str]:
    """What a packet says by side data of its own."""
    said: set[str] = set()
    for data in packet.iter_sidedata():
        try:
            name = data.data_type
        except IndexError:  # of a type that PyAV has no name for
            name = data.data_desc or "unknown"
        known = _PACKET_KINDS.get(name, f"packet side data {name}")
        if known is not None:
            said.add(known)
    return said


class Listener:
    """Notes what packets and pictures of an open recording say as they come by.

    Args:
        container: the recording.
        said: added to.
    """

    def __init__(self, container: InputContainer, said: Said) -> None:
        self._said = said
        self._readers: dict[int, messages.MessageReader] = {}
        for stream in container.streams.video:
            context = stream.codec_context
            if context is not None:
                self._readers[stream.index] = messages.MessageReader(
                    context.codec.canonical_name, context.extradata or b""
                )

    def packet(self, packet: Packet[Stream]) -> tuple[Message, ...]:
        """Note what a packet says.

        Returns:
            the messages in it that may be carried.
        """
        index = packet.stream_index
        self._said.say(index, *of_packet(packet))
        reader = self._readers.get(index)
        if not reader or not packet.size:
            return ()
        found, strange = reader.read(bytes(packet))
        self._said.say(index, *strange, *map(messages.kind_of, found))
        return messages.carried(found)

    def frame(self, index: int, frame: av.VideoFrame) -> tuple[Message, ...]:
        """Note what a picture of a track says.

        Returns:
            what may be carried and came in another way than as a message.
        """
        said = of_frame(frame)
        self._said.say(index, *said)
        if self._readers.get(index) or kinds.CAPTIONS not in said:
            return ()
        return (messages.captions(by_type(frame)[SideDataType.A53_CC]),)


def of_header(container: InputContainer, path: Path) -> Said:
    """What a recording says before its first packet.

    Args:
        container: open.
        path: where it is.

    Raises:
        OSError: it can't be read.
    """
    found = Said()
    found.file |= {
        f"metadata {key.lower()}" for key in metadata.of_the_recording(container.metadata)
    }
    if container.chapters():
        found.file.add(CHAPTERS)
    if containers.identify(container.format.name).keeps_ids:
        found.file |= {f"program {other.number}" for other in programs(path)[1:]}
    found.file |= {f"chunk {name}" for name in riff.unread(path)}
    indexed, beside = mp4_index.tracks_of(path)
    values = _texts(container.metadata)
    streams = [s for s in container.streams if not s.disposition & Disposition.attached_pic]
    for stream in container.streams:
        found.say(stream.index, *_marks(stream, container), *_keys(stream))
        if isinstance(stream, av.VideoStream):
            found.say(stream.index, *_picture_facts(stream))
    if len(indexed) == len(streams):
        for stream, track in zip(streams, indexed, strict=True):
            found.say(stream.index, *track.says(_texts(stream.metadata) | values))
    found.file |= {
        name for name, content in beside if not any(value in content for value in values)
    }
    return found


def _texts(keys: Mapping[str, str]) -> set[bytes]:
    """Values long enough to tell that a box which holds one has been read."""
    return {value.encode() for value in keys.values() if len(value) >= _TELLING}


def _marks(stream: Stream, container: InputContainer) -> Iterable[str]:
    marks = int(stream.disposition)
    alike = sum(1 for s in container.streams if s.type == stream.type)
    if alike < 2:  # noqa: PLR2004 - the only track of its kind is the default one
        marks &= ~int(Disposition.default)
    for bit in range(marks.bit_length()):
        if marks >> bit & 1:
            yield f"mark {Disposition(1 << bit).name or f'of bit {bit}'}"


def _keys(stream: Stream) -> Iterable[str]:
    for key, value in metadata.for_track(stream.metadata).items():
        name = key.lower()
        made = name == "vendor_id" or value in {*_HANDLERS, "und", ""}
        if not made and name not in {"filename", "mimetype"}:
            yield f"metadata {name}"


def _picture_facts(stream: VideoStream) -> Iterable[str]:
    if stream.codec_context.field_order in _FIELD_ORDERS:  # also where pictures don't say so
        yield kinds.INTERLACED
    ratio = stream.sample_aspect_ratio
    if ratio and ratio != 1:
        yield kinds.ASPECT
    place = chroma_place(stream)
    if place and place != USUAL:
        yield f"{kinds.CHROMA} ({place})"
