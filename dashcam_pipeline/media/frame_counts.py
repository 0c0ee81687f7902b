"""What was read and what could not be: counted once, here, from the reader to the run's report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from dashcam_pipeline.media.side_data import Said

KEPT_MESSAGES: Final = 20
"""Messages kept word for word; the numbers count all of them."""


@dataclass(slots=True)
class FrameCounts:
    """Every frame accounted for, under the names that the report has.

    Args:
        read: pictures decoded from the source and handed on.
        written: in the output; known when a run has ended.
        expected: that the source's index lists; None where there is none or a span was asked for.
        damaged_packets: video packets that the decoder refused.
        damaged_sound: packets of sound, carried as they are, that a decoder refuses; counted where
            somebody listens alone.
        concealed: pictures among those read in which the decoder reported, and patched up, damage.
        missing: pictures that did not come though the container's index promised them; without an
            index, those of packets that came, or as many as fit into the holes. Known at the end.
        converted: pictures of another size or pixel format than the first, converted to it.
        times_repaired: pictures whose time was missing, not later than the one before, jumped and
            came back, or is the first of a clock that was set again.
        truncated: True if the file ends before its own structure says, or reading failed.
    """

    read: int = 0
    written: int = 0
    expected: int | None = None
    damaged_packets: int = 0
    damaged_sound: int = 0
    concealed: int = 0
    missing: int = 0
    converted: int = 0
    times_repaired: int = 0
    truncated: bool = False

    @property
    def damaged(self) -> bool:
        """Whether anything was lost or patched up."""
        lost = self.damaged_packets or self.concealed or self.missing or self.truncated
        return bool(lost or self.damaged_sound)


@dataclass(slots=True)
class ReadCounts:
    """The reader's account; it grows while the reader runs.

    Args:
        frames: every frame accounted for.
        video_packets: packets of the video track that were to show a picture.
        packets_dropped: those that an edit list hides.
        carried_packets: packets of other tracks handed on.
        carried_repaired: those whose time jumped and came back, or didn't rise.
        clock_resets: when the clock of the source was set again, in seconds of the times handed on.
        gaps_closed: those of them where a gap was closed that the output can't hold, as (when, how
            many seconds it lasted).
        errors: the first messages, word for word.
        holes: where pictures are missing, as (from, to) in seconds.
        decoder: the kind of hardware that decodes, or ``none``.
        refused: True if the system refused to read some of the file.
        said: what the source says beside its samples, as far as it was read.
    """

    frames: FrameCounts = field(default_factory=FrameCounts)
    video_packets: int = 0
    packets_dropped: int = 0
    carried_packets: int = 0
    carried_repaired: int = 0
    clock_resets: list[float] = field(default_factory=list)
    gaps_closed: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    holes: list[tuple[float, float]] = field(default_factory=list)
    decoder: str = "none"
    refused: bool = False
    said: Said = field(default_factory=Said)

    @property
    def repaired(self) -> bool:
        """Whether any time, of any track, is another than in the source."""
        return bool(self.frames.times_repaired or self.carried_repaired or self.clock_resets)

    def note(self, message: str) -> None:
        """Keep a message, if there is room and it isn't there already."""
        if len(self.errors) < KEPT_MESSAGES and message not in self.errors:
            self.errors.append(message)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; the keys of ``dashcam probe --json``."""
        frames = self.frames
        return {
            "video_packets": self.video_packets,
            "packets_failed": frames.damaged_packets,
            "packets_dropped": self.packets_dropped,
            "sound_packets_failed": frames.damaged_sound,
            "frames_decoded": frames.read,
            "frames_concealed": frames.concealed,
            "frames_missing": frames.missing,
            "frames_converted": frames.converted,
            "pts_repaired": frames.times_repaired,
            "carried_packets": self.carried_packets,
            "carried_repaired": self.carried_repaired,
            "clock_resets": list(self.clock_resets),
            "gaps_closed": [list(gap) for gap in self.gaps_closed],
            "truncated": frames.truncated,
            "errors": list(self.errors),
            "holes": [list(hole) for hole in self.holes],
            "decoder": self.decoder,
        }
