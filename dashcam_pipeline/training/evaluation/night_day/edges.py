"""Edge displacement: how far the strong edges of a picture moved, in its own pixels.

A directed chamfer distance (Barrow et al., IJCAI 1977): from every strong edge pixel of the source
to the nearest edge pixel of the result that runs the same way. An edge without such a partner
within ``REACH`` isn't moved but lost, and is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from dashcam_pipeline.training.evaluation.night_day.pictures import luma

if TYPE_CHECKING:
    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Mask = npt.NDArray[np.bool_]

REACH: Final = 8.0
"""Pixels; a partner farther away is another edge."""

SIGMA: Final = 1.4
"""Gaussian in pixels before the gradient, as Canny's paper smooths."""

STRONG: Final = (94.0, 97.0)
"""Percentiles of the source's gradient: hysteresis thresholds of its strong edges."""

ANY: Final = (85.0, 92.0)
"""The same for edges of the result: lower, for contrast is spread otherwise there."""

FAINT: Final = 2.0
"""Codes a pixel; weaker gradients are noise in any picture."""

DIRECTIONS: Final = 4


@dataclass(frozen=True, slots=True)
class EdgeShift:
    """What became of strong edges.

    Args:
        moved: mean distance of those found again, pixels of the full size; NaN without any.
        lost: share without a partner; NaN where the source has no strong edges.
    """

    moved: float
    lost: float


def _edges(picture: RGB, percentiles: tuple[float, float]) -> tuple[Mask, npt.NDArray[np.int64]]:
    """Canny's edges and the direction of the gradient, in four bins modulo 180 degrees.

    Args:
        picture: (H, W, 3) uint8.
        percentiles: of the gradient's magnitude, for Canny's two thresholds.

    Returns:
        where edges are, (H, W), and the bins, (H, W) 0 to 3.
    """
    smooth = cv2.GaussianBlur(luma(picture), (0, 0), SIGMA)
    # 16 times finer than codes, for Canny takes integers; Sobel itself weighs by 8.
    dx, dy = (
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=2), np.float32)
        for order in ((1, 0), (0, 1))
    )
    magnitude = np.hypot(dx, dy)
    low, high = (max(float(np.percentile(magnitude, p)), 16 * FAINT) for p in percentiles)
    edges = cv2.Canny(
        np.rint(dx).astype(np.int16), np.rint(dy).astype(np.int16), low, high, L2gradient=True
    )
    angle = np.arctan2(dy, dx) / np.pi * DIRECTIONS
    return edges > 0, np.rint(angle).astype(np.int64) % DIRECTIONS


def edge_shift(before: RGB, after: RGB) -> EdgeShift:
    """How far the strong edges of ``before`` moved in ``after``; both (H, W, 3) of one size."""
    strong, runs = _edges(before, STRONG)
    if not strong.any():
        return EdgeShift(float("nan"), float("nan"))
    found, ways = _edges(after, ANY)
    distance = np.full(strong.shape, np.inf, np.float32)
    for direction in range(DIRECTIONS):
        # Neighbouring bins count too: an edge on the border of two must not be lost.
        apart = (ways - direction) % DIRECTIONS
        partners = found & ((apart <= 1) | (apart == DIRECTIONS - 1))
        here = strong & (runs == direction)
        if partners.any() and here.any():
            away = cv2.distanceTransform(
                (~partners).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
            )
            distance[here] = away[here]
    distances = distance[strong]
    kept = distances <= REACH
    moved = float(distances[kept].mean()) if kept.any() else float("nan")
    return EdgeShift(moved, float(1 - kept.mean()))
