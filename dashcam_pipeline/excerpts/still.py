"""A picture of a moment, as a JPEG file's bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.compare.stills import encode
from dashcam_pipeline.engine.rgb import frame_to_rgb
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

ENDING = ".jpg"
"""Added to the output's whole name."""

_EARLIER = (0.0, 1.0, 5.0)
"""Seconds before the moment that are tried where it shows nothing: at the end, or in damage."""


def still(path: Path, second: float) -> bytes | None:
    """The picture of a moment, turned as a player turns it.

    Args:
        path: the recording; only read.
        second: from its first picture on.

    Returns:
        None if nothing can be decoded near it.
    """
    for earlier in _EARLIER:
        try:
            picture = _at(path, max(0.0, second - earlier))
        except DashcamError:
            continue  # another moment may do; the cut itself says what is wrong with the file
        if picture is not None:
            return picture
    return None


def _at(path: Path, second: float) -> bytes | None:
    with Reader(path, start=second, threads=1) as reader:
        turns = round(reader.info.video.rotation / 90)
        for item in reader:
            if isinstance(item, Frame):
                return encode(np.rot90(frame_to_rgb(item), turns), ENDING)
    return None
