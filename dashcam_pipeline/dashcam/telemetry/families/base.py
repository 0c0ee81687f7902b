"""What a camera family is: which pieces of a recording it knows, and what it reads from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Fix


@dataclass(frozen=True, slots=True)
class Reading:
    """What a family read from one piece that it knows.

    Args:
        fixes: in the piece's order; none where the receiver had no position.
        accelerations: likewise.
        recorded: when the recording began by the camera's clock, where the piece says it.
    """

    fixes: Sequence[Fix] = ()
    accelerations: Sequence[Acceleration] = ()
    recorded: datetime | None = None


class Family:
    """Cameras that write their telemetry alike.

    A subclass has a name, and a method for each carrier that its cameras use. A method is given one
    piece as it lies in the recording, of any bytes at all, and answers with what it read, or None
    for "not mine"; it never raises. The bytes of a known piece are kept by the carrier, which also
    puts them back: a family says nothing about that.

    Attributes:
        name: in reports and exports, lower case.
        endings: of files beside a recording that have its stem, lower case, with the dot.
        card_logs: names (glob patterns) of files at a card's root that are about all of its clips.
    """

    name: ClassVar[str]
    endings: ClassVar[tuple[str, ...]] = ()
    card_logs: ClassVar[tuple[str, ...]] = ()

    def box(self, place: str, content: bytes) -> Reading | None:
        """A box of an MP4 or MOV, at its top level or in ``moov``.

        Args:
            place: its type, such as ``free`` or ``moov/uuid``.
            content: behind its header; empty if it is longer than telemetry can be.
        """

    def block(self, data: bytes, seconds: float | None) -> Reading | None:
        """A ``freeGPS `` block, as ``moov/gps `` lists them.

        Args:
            data: the whole block.
            seconds: since the recording began.
        """

    def subtitle(self, data: bytes, seconds: float | None) -> Reading | None:
        """A packet of a subtitle track.

        Args:
            data: the packet, in front of its text whatever the container puts there.
            seconds: since the recording began.
        """

    def data_packet(self, data: bytes, seconds: float | None, length: float) -> Reading | None:
        """A packet of a data track.

        Args:
            data: the packet.
            seconds: since the recording began.
            length: of the packet, in seconds.
        """

    def transport_packet(self, payload: bytes, seconds: float | None) -> Reading | None:
        """A private_stream_2 packet that a transport stream's tables don't announce.

        Args:
            payload: behind the header of the PES packet.
            seconds: since the recording began.
        """

    def message(self, data: bytes, seconds: float | None) -> Reading | None:
        """An unregistered message (SEI) of a picture.

        Args:
            data: its UUID and what follows.
            seconds: since the recording began.
        """

    def sidecar(self, ending: str, data: bytes) -> Reading | None:
        """A file beside the recording.

        Args:
            ending: of its name, lower case; one of any family's ``endings``.
            data: the whole file.
        """

    def card_log(self, data: bytes, clip: str) -> tuple[Reading, bytes] | None:
        """One clip's part of a card's log.

        Args:
            data: the whole log.
            clip: the recording's file name, as the camera gave it.

        Returns:
            what was read, and the log's own bytes about this clip; None if it has none.
        """

    def card_log_parts(self, data: bytes) -> Mapping[bytes, bytes] | None:
        """A card's log, parted by clip: so that it is read once for a thousand clips.

        Args:
            data: the whole log.

        Returns:
            by a clip's file name in capitals, what ``card_log`` reads as it would the whole log;
            None for a log that can't be parted.
        """
