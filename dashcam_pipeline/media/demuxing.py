"""Packets one by one, without the marks that PyAV puts at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream


def next_packet(packets: Iterator[Packet[Stream]]) -> Packet[Stream] | None:
    """The next packet of PyAV's ``demux``; None at the end.

    PyAV's marks of the end trip over tracks that appeared on the way (IndexError); all packets
    have been given by then.
    """
    try:
        return next(packets, None)
    except IndexError:
        return None


def demux(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """Packets that hold something, in the file's order.

    Args:
        container: an open source.
        streams: of these tracks; of all if none is given.

    Raises:
        av.error.FFmpegError: reading failed.
    """
    packets = container.demux(*streams)
    while (packet := next_packet(packets)) is not None:
        if packet.size:  # FFmpeg's marks of the end are empty; so are pictures that AVI repeats
            yield packet
