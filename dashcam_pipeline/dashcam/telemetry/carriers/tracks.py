"""Telemetry in announced tracks: packets of data and subtitle tracks.

Nothing is put back here: tracks are copied packet for packet by the writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from av.stream import Discard

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media import containers
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.dashcam.telemetry.findings import Findings

_MAX_PACKETS: Final = 500_000
"""Twenty a second for seven hours."""

_MAX_PACKET: Final = 1 << 20
"""Bytes; GoPro's packets, a second each, have less than 100 kB."""


def collect(path: Path, findings: Findings) -> None:
    """Read the packets of data and subtitle tracks; video and sound are passed over unread.

    Args:
        path: the recording, of any container.
        findings: added to.

    Raises:
        FFmpegError, IndexError: reading failed on the way.
    """
    try:
        container = open_source(path)
    except InputError:
        return  # no recording at all; its boxes and sidecars have been looked at
    with container:
        wanted = [s for s in container.streams if s.type in {"data", "subtitle"}]
        if not wanted or containers.identify(container.format.name).telemetry == "packets":
            return  # they would come again, as packets
        for stream in container.streams:
            if stream not in wanted:
                stream.discard = Discard.all  # an MP4's samples are then not even read
        _demux(container, wanted, findings)


def _demux(container: InputContainer, wanted: list[Stream], findings: Findings) -> None:
    for number, packet in enumerate(container.demux(wanted)):
        if number > _MAX_PACKETS:
            findings.note(_("a telemetry track has more packets than a recording can have."))
            return
        if packet.size and packet.size <= _MAX_PACKET:
            if not findings.look(packet.size):
                return
            _packet(packet, findings)


def _packet(packet: Packet[Stream], findings: Findings) -> None:
    data, length = bytes(packet), _length(packet)
    seconds = None if packet.pts is None else float(packet.pts * packet.time_base)
    subtitle = packet.stream.type == "subtitle"
    known = findings.recognise(
        lambda family: (
            family.subtitle(data, seconds)
            if subtitle
            else family.data_packet(data, seconds, length)
        )
    )
    if not known and (subtitle or _is_no_telemetry(packet.stream)):
        return
    findings.keep(f"track {packet.stream_index}", data, "track", seconds, understood=known)


def _is_no_telemetry(stream: Stream) -> bool:
    """True for a data track that is a time code, or of a kind that FFmpeg has no name for."""
    return "timecode" in stream.metadata or stream.name is None


def _length(packet: Packet[Stream]) -> float:
    return float(packet.duration * packet.time_base) if packet.duration else 1.0
