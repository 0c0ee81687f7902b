"""An open recording's packets as they lie in the file, and the lock that keeps it open.

Apart from ``Packets``, which holds the generator that runs here: whoever holds a generator that
belongs to itself is part of a circle, and so would be the file and its decoder, with all of its
pictures, until Python happens to look for circles.
"""

from __future__ import annotations

import errno
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import av.error

from dashcam_pipeline.media.demuxing import next_packet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.frame_counts import ReadCounts

_REFUSED: Final = frozenset(
    number
    for name in ("EIO", "ENODEV", "ENXIO", "ESTALE", "ENOTCONN", "EREMOTEIO")
    if (number := getattr(errno, name, None)) is not None
)
"""Errors of the disk or the network, not of the file."""

MAX_READ_ERRORS: Final = 20
"""Failed reads in a row before the file is taken to end there."""


class Demuxer:
    """Gives packets until the file ends, reading has failed too often, or it is closed.

    Args:
        container: of the recording; closed with this.
        counts: told if reading fails.
    """

    def __init__(self, container: InputContainer, counts: ReadCounts) -> None:
        self._container: InputContainer | None = container
        self._counts = counts
        self._demux: Iterator[Packet[Stream]] | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @property
    def closed(self) -> bool:
        """True once ``close`` was called: what is missing then was not lost."""
        return self._closing.is_set()

    def close(self) -> None:
        """Close the file, once nobody is inside it; harmless when repeated."""
        self._closing.set()
        with self._lock:
            if self._container is not None:
                self._container.close()
                self._container = self._demux = None

    @contextmanager
    def held_open(self) -> Iterator[bool]:
        """Keep the file from being closed meanwhile; gives False if it is closed already."""
        with self._lock:
            yield self._container is not None

    def seek(self, time: int, index: int) -> bool:
        """Go on from the key frame at or before a time.

        Args:
            time: in ticks of the track.
            index: of the track.

        Returns:
            False if it is closed.
        """
        with self._lock:
            if self._container is None:
                return False
            self._container.seek(time, stream=self._container.streams[index])
            self._demux = None
            return True

    def packets(self) -> Iterator[Packet[Stream]]:
        """All that hold something, in the file's order, from where it is on."""
        failures = 0
        while not self._closing.is_set() and failures < MAX_READ_ERRORS:
            try:
                while (packet := self._next()) is not None:
                    failures = 0
                    if packet.size:  # only empty ones are skipped: FFmpeg's marks of the end
                        yield packet
            except av.error.FFmpegError as error:
                failures += 1
                self._counts.frames.truncated = True
                self._counts.refused |= error.errno in _REFUSED
                self._counts.note(f"reading: {error.strerror}")
                self._demux = None
            else:
                return

    def _next(self) -> Packet[Stream] | None:
        """The next packet, or None at the end or when closed."""
        with self._lock:
            if self._container is None:
                return None
            if self._demux is None:  # also after a failure, which ends PyAV's generator
                self._demux = self._container.demux()
            return next_packet(self._demux)
