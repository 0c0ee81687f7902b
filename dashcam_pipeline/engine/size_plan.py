"""How an output keeps to the size that it may have: decided before its first picture.

What is carried along is weighed, what the container adds is counted; the rest is for the pictures,
and their number of seconds makes a rate of it. What no rate can do is said here, not after hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.engine.readable import size as readable_size
from dashcam_pipeline.errors import SizeLimitError
from dashcam_pipeline.media import containers
from dashcam_pipeline.media.rate import LEAST, RateLimit, bits_of, rate_for
from dashcam_pipeline.media.weight import weigh
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.media.source import SourceInfo, VideoTrack
    from dashcam_pipeline.translation import Message

_FLOOR: Final = 0.004
"""Bits a pixel below which encoders can't be expected to keep to a rate.

At their coarsest they write 0.011 for a night street (``samples/city``) with H.264's ordinary
steps, and have some beyond those.
"""

_FIXED: Final = 4_096
"""Bytes of headers, metadata and an index without entries."""

MUCH_LARGER: Final = 2.0
"""Times its source from which on an output's size is warned of.

Cards come in powers of two: what was made of a full one doesn't fit on the next larger one.
"""

_WORTH_SAYING: Final = 1_000_000
"""Bytes more than its source has that an output must have for that."""


@dataclass(frozen=True, slots=True)
class SizePlan:
    """What an output may have.

    Args:
        limit: bytes of the file.
        rate: with which it keeps to that.
    """

    limit: int
    rate: RateLimit

    def check(self, nbytes: int, path: Path) -> None:
        """Refuse an output that came out larger after all.

        Raises:
            SizeLimitError: it did.
        """
        if nbytes > self.limit:
            raise SizeLimitError(
                _(
                    "{path} would have {size}, and may have {limit}: at its coarsest the encoder "
                    "still needed more than the rate of {rate} kbit/s. Nothing was written.",
                    path=path,
                    size=readable_size(nbytes),
                    limit=readable_size(self.limit),
                    rate=self.rate.bits_per_second // 1000,
                ),
                advice=_(
                    "Allow more with `max_size`, or take another codec: hevc needs less than h264."
                ),
            )


def plan_size(
    config: CleanConfig,
    info: SourceInfo,
    muxer: str,
    *,
    video: VideoTrack | None = None,
    extra: int = 0,
    piece: float | None = None,
) -> SizePlan:
    """Decide how an output keeps to ``config.max_size``.

    Args:
        config: with a size.
        info: the source.
        muxer: of the output.
        video: the track as it is to be written; None is as it was read.
        extra: bytes that will be added to the file afterwards.
        piece: seconds of each piece that has an encoder of its own; None: there is one.

    Raises:
        SizeLimitError: no encoder could keep to it; says with which size one could.
        InputError: the source can't be read.
    """
    if config.max_size is None:
        raise ValueError("there is no size to keep to")
    carried = [t.index for t in info.others if config.audio or t.kind != "audio"]
    weight = weigh(info, carried, config.start, config.end)
    limit = config.max_size.allowed(of=round(info.size_bytes * weight.share))
    adds = containers.named(muxer).overhead
    track = video or info.video
    seconds = max(weight.seconds, 1e-3)
    packets = weight.pictures + weight.packets
    fixed = _FIXED + extra + adds.packet * packets + adds.second * seconds
    others = fixed + weight.nbytes * (1 + adds.share)
    bits = 8 * (limit - others) / (1 + adds.share)
    least = max(LEAST, _FLOOR * track.width * track.height * weight.pictures / seconds)
    needed = bits_of(least, seconds, weight.pictures, piece)
    if bits >= needed:
        return SizePlan(limit, rate_for(bits, seconds, weight.pictures, piece))
    raise SizeLimitError(
        _(
            "{path} can't become {limit} or less: {others} are for sound, other tracks and the "
            "index, and {pictures} pictures need {needed} at their very coarsest. "
            "The smallest size that can be asked for is {size}.",
            path=info.path,
            limit=readable_size(limit),
            others=readable_size(round(others)),
            pictures=weight.pictures,
            needed=readable_size(math.ceil(needed / 8)),
            size=readable_size(_rounded_up(others + needed / 8 * (1 + adds.share))),
        ),
        advice=_("Ask for that or more with `max_size`, or leave the sound out."),
    )


def is_much_larger(nbytes: int, source: float) -> bool:
    """Whether an output is so much larger than its source that it is to be said."""
    return nbytes > MUCH_LARGER * source and nbytes - source > _WORTH_SAYING


def growth(nbytes: int, source: float) -> Message | None:
    """What to say of an output that is much larger than its source; None where it isn't.

    Args:
        nbytes: of the output.
        source: of the source, or of the part of it that the output is made of.
    """
    if not is_much_larger(nbytes, source):
        return None
    return _(
        "the output is {times:.1f} times as large as its source; `max_size=1x` keeps it from "
        "growing, and a higher `crf` makes it smaller.",
        times=nbytes / max(source, 1.0),
    )


def _rounded_up(nbytes: float) -> int:
    """To what ``readable_size`` shows: what is said there can be asked for."""
    step = 100_000 if nbytes >= 100_000 else 100  # noqa: PLR2004 - from there on it says MB
    return math.ceil(nbytes / step) * step
