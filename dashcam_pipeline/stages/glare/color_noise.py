"""Noise of colour, where nearly all light was haze.

What is left of a night sky is a tenth of its light; of the noise all of it is left, and in code
values, whose slope is steep near black, it is several times what it was. A camera and its codec
leave most of it in colour, in blotches as wide as a block of its codec: the sky comes out spotted
with blue. So where most of the light goes, colours are first brought nearer to what they are
around, as far as the difference is no more than noise; luma keeps its grain.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.stages.ramp import ramp

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.stages.glare.layer import GlareLayer

    Light = npt.NDArray[np.floating[Any]]

TAKEN: Final = (0.5, 0.8)
"""Share of a place's light that goes, between which its colour is taken for noise."""

AROUND: Final = 0.06
"""Side of the box, passed over twice, that says what colours are around; in frame heights."""

LIKE_NOISE: Final = 0.08
"""Difference of a colour from luma, in code values, beyond which it is more and more the scene's
own: d of it counts d / (1 + (d / this)^2)^2."""


def without_color_noise(picture: Light, layer: GlareLayer) -> GlareLayer:
    """A layer that takes noise of colour away with the haze.

    Args:
        picture: (3, h, w) float32 code values in [0, 1], as the frame is at the work size.
        layer: of it.

    Returns:
        the same layer, its floor changed where it takes most of the light; luma (R/4 + G/2 + B/4)
        keeps what it has.
    """
    linear = np.square(picture)
    taken = layer.of(linear)
    where = ramp(taken.sum(axis=0) / (linear.sum(axis=0) + 1e-6), *TAKEN)
    if not where.any():
        return layer
    side = max(round(AROUND * picture.shape[1]) // 2 * 2 + 1, 3)
    # A streak has a colour of its own: what counts is how colours differ from what is taken.
    left = picture - np.sqrt(taken)
    luma = 0.25 * (left[0] + left[2]) + 0.5 * left[1]
    red, blue = (where * _noise(channel - luma, side) for channel in (left[0], left[2]))
    changes = np.stack([red, -0.5 * (red + blue), blue])
    changes *= 2 * picture + changes  # of x^2 (x + change)^2 - x^2 less is taken
    changes += layer.floor
    return replace(layer, floor=changes)


def _noise(color: Light, side: int) -> Light:
    """What to add to a difference of colours (h, w), so that it is as around; 0 at edges."""
    away = cv2.blur(cv2.blur(color, (side, side)), (side, side)) - color
    falls = away * np.float32(1 / LIKE_NOISE)
    falls *= falls
    falls += 1
    falls *= falls
    return np.asarray(away / falls)
