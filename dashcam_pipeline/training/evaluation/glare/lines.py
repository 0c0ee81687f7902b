"""Bright lines that belong to the scene: lane marks, verges, posts, wires, the rims of signs.

They are as thin and as bright as streaks of glare, and must keep their light. A *line* is where
luma rises above its grey opening; *how far it rises*, in linear light, is what a cleaned picture is
compared by: haze over it is no part of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.training.evaluation.glare.metrics import LUMA

if TYPE_CHECKING:
    import numpy.typing as npt

    Picture = npt.NDArray[np.floating[Any]]
    Mask = npt.NDArray[np.bool_]

WIDTH = 0.04
"""Of the opening, in picture heights: wider things are no lines."""

RISE = 18 / 255
"""Luma above the opening from which a pixel lies on a line."""

BRIGHTEST = 0.72
"""Luma from which it may be a lamp instead."""

ROWS = (0.45, 0.93)
"""Part of the height that is looked at: below the horizon, above the text at the lower border."""

FEWEST = 50
"""Pixels on lines without which a picture has none."""


@dataclass(frozen=True, slots=True)
class LinesKept:
    """How much of their rise lines keep, over the pictures of a set; NaN where none has lines.

    Args:
        median, least: over the pictures, 1 for all of it.
        pictures: that have lines.
    """

    median: float
    least: float
    pictures: int

    @classmethod
    def of(cls, shares: list[float]) -> LinesKept:
        """From one share a picture, NaN for pictures without lines."""
        known = np.array([s for s in shares if not np.isnan(s)])
        if known.size == 0:
            return cls(float("nan"), float("nan"), 0)
        return cls(float(np.median(known)), float(known.min()), known.size)


def lines_kept(picture: Picture, reference: Picture, apart: Mask | None = None) -> float:
    """How much of their rise the lines of a reference have in a picture.

    Args:
        picture: (H, W, 3) code values in [0, 1].
        reference: of the same shape: the recording, or the truth.
        apart: (H, W), where no line is looked for: lamps and reflections of known place.

    Returns:
        1 for all of it; NaN where there are no lines.
    """
    luma = np.asarray(cv2.GaussianBlur(reference @ LUMA, (0, 0), 0.8), np.float32)
    lamps = cv2.dilate((luma >= BRIGHTEST).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    lines = (_rise(luma) > RISE) & ~lamps
    height = len(luma)
    lines[: round(ROWS[0] * height)] = False
    lines[round(ROWS[1] * height) :] = False
    if apart is not None:
        lines &= ~apart
    if lines.sum() < FEWEST:
        return float("nan")
    before, after = (_rise(np.square(p) @ LUMA)[lines].mean() for p in (reference, picture))
    return float(after / before)


def _rise(luma: Picture) -> Picture:
    """How far (H, W) rises above its opening."""
    side = max(round(WIDTH * len(luma)) | 1, 3)
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(luma - cv2.morphologyEx(luma, cv2.MORPH_OPEN, ball))
