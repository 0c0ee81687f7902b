"""What was written, and what could not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashcam_pipeline.media.source import Track


COPIED: Final = "copied"
"""Takes an encoder's place where nothing was encoded."""


AS_ASKED: Final = _("left out as asked")
"""Why a track isn't carried that nobody wanted."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the source says and the output doesn't.

    Args:
        track: short and human; empty for the file as a whole.
        what: by name.
    """

    track: str
    what: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.track}: {self.what}" if self.track else self.what


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written.

    Args:
        path: the finished file.
        frames: pictures in it, counted in the file itself.
        nbytes: its size.
        container: FFmpeg's muxer.
        encoder: FFmpeg's encoder, with the version of the library that holds it.
        options: the encoder's.
        carried: tracks copied (or, like chapters and timecode, written anew).
        not_carried: tracks that are not in it, with the reason.
        video: which of the file's moving video tracks was written anew, from 0.
        copied: indices in the source of the tracks that are in it with packets, in its own order.
        lost: what could not be kept of them, beside what ``look_back.missing`` finds.
        packets_repaired: carried packets whose times had to be moved to be written at all.
        packets_refused: carried packets that the container refused.
        moved_s: seconds that all times of all tracks were moved by, since the container shows
            nothing that lies before zero.
        differences: what the file holds otherwise than was given to its muxer, a sentence each.
        held: share of the time in which quality was given up for a rate, 0 to 1.
    """

    path: Path
    frames: int
    nbytes: int
    container: str
    encoder: str
    options: Mapping[str, str]
    carried: tuple[Track, ...] = ()
    not_carried: tuple[tuple[Track, str], ...] = ()
    video: int = 0
    copied: tuple[int, ...] = ()
    lost: tuple[Loss, ...] = ()
    packets_repaired: int = 0
    packets_refused: int = 0
    moved_s: float = 0.0
    differences: tuple[str, ...] = ()
    held: float = 0.0
