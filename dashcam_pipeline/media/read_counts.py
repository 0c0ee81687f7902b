"""What was read, and what could not be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

KEPT_MESSAGES: Final = 20
"""Messages kept word for word; the numbers count all of them."""


@dataclass(slots=True)
class ReadCounts:
    """The reader's account; it grows while the reader runs.

    Args:
        video_packets: packets of the video track that were to show a picture.
        packets_failed: those that the decoder refused.
        packets_dropped: those that an edit list hides.
        frames_decoded: pictures handed on.
        frames_concealed: those among them in which the decoder reported damage.
        frames_missing: pictures that did not come though the container's index promised them;
            without an index, those of packets that came, or as many as fit into the holes.
            Known at the end.
        frames_converted: pictures of another size or pixel format than the first, converted.
        pts_repaired: pictures whose time was missing or not later than the one before.
        carried_packets: packets of other tracks handed on.
        truncated: True if the file ends before its own structure says, or reading failed.
        errors: the first messages, word for word.
        holes: where pictures are missing, as (from, to) in seconds.
        decoder: the kind of hardware that decodes, or ``none``.
    """

    video_packets: int = 0
    packets_failed: int = 0
    packets_dropped: int = 0
    frames_decoded: int = 0
    frames_concealed: int = 0
    frames_missing: int = 0
    frames_converted: int = 0
    pts_repaired: int = 0
    carried_packets: int = 0
    truncated: bool = False
    errors: list[str] = field(default_factory=list)
    holes: list[tuple[float, float]] = field(default_factory=list)
    decoder: str = "none"

    @property
    def damaged(self) -> bool:
        """True if anything was lost or concealed."""
        return bool(
            self.packets_failed or self.frames_concealed or self.frames_missing or self.truncated
        )

    def note(self, message: str) -> None:
        """Keep a message, if there is room and it isn't there already."""
        if len(self.errors) < KEPT_MESSAGES and message not in self.errors:
            self.errors.append(message)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "video_packets": self.video_packets,
            "packets_failed": self.packets_failed,
            "packets_dropped": self.packets_dropped,
            "frames_decoded": self.frames_decoded,
            "frames_concealed": self.frames_concealed,
            "frames_missing": self.frames_missing,
            "frames_converted": self.frames_converted,
            "pts_repaired": self.pts_repaired,
            "carried_packets": self.carried_packets,
            "truncated": self.truncated,
            "errors": list(self.errors),
            "holes": [list(hole) for hole in self.holes],
            "decoder": self.decoder,
        }
