"""Is a recording dark? A quick look at a few key frames, for ``--night-only``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import av.error
import numpy as np

from dashcam_pipeline.media.describe import choose_video
from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

PLACES: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where in the recording to look."""

BRIGHT: Final = 0.32
"""Mean luma (0 black, 1 white) above which it may be day."""

SKY: Final = 1 / 3
"""Upper share of the picture that is mostly sky: by day brighter than the whole, by night darker,
also for cameras that lift the night as far as a dull day."""


def is_day(luma: npt.NDArray[np.uint8]) -> bool:
    """Whether a picture was taken by day.

    Of 1080 street pictures of seven cameras, 1 in 100 of those taken after sunset is taken for day,
    and 1 in 4 of those by day for night. That only costs time; the other way round footage would be
    left out, which is why both signs must agree.

    Args:
        luma: shape (height, width), full range.
    """
    mean = float(luma.mean()) / 255
    sky = float(luma[: max(1, round(luma.shape[0] * SKY))].mean()) / 255
    return mean > BRIGHT and sky >= mean


def is_bright(path: Path) -> bool:
    """Whether a recording was taken by day, by most of a few key frames.

    Returns:
        False where it isn't clear, or nothing could be decoded.

    Raises:
        InputError: it can't be opened, or holds no video.
    """
    votes = [is_day(luma) for luma in glimpses(path)]
    return sum(votes) * 2 > len(votes)


def glimpses(path: Path) -> list[npt.NDArray[np.uint8]]:
    """Luma of a few key frames, full range, as many as can be decoded.

    Raises:
        InputError: it can't be opened, or holds no video.
    """
    pictures = []
    with open_source(path) as container:
        stream = choose_video(container, path)
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        duration = container.duration or 0
        for place in PLACES if duration else PLACES[:1]:
            try:
                if duration:
                    container.seek(int(place * duration) + (container.start_time or 0))
                frame = next(container.decode(stream), None)
            except av.error.FFmpegError:
                continue  # damaged there; the other places tell
            if frame is not None:
                pictures.append(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
    return pictures
