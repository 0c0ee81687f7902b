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

from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.ramp import ramp
from dashcam_pipeline.stages.shrink import halved

if TYPE_CHECKING:
    import numpy.typing as npt

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
    where = _where_taken(picture, layer)
    if where is None:
        return layer
    side = max(round(AROUND * picture.shape[1]) // 2 * 2 + 1, 3)
    luma = 0.25 * (picture[0] + picture[2]) + 0.5 * picture[1]
    red, blue = (where * _noise(channel - luma, side) for channel in (picture[0], picture[2]))
    changes = np.stack([red, -0.5 * (red + blue), blue])
    changes *= 2 * picture + changes  # of x^2 (x + change)^2 - x^2 less is taken
    changes += layer.floor
    return replace(layer, floor=changes)


def _where_taken(picture: Light, layer: GlareLayer) -> Light | None:
    """How far most of a place's light is taken, (h, w) in [0, 1]; None if it is nowhere.

    Found at half the work size: it is smooth.
    """
    linear = np.square([halved(channel) for channel in picture])
    halves = GlareLayer(halved(layer.share), np.stack([halved(each) for each in layer.floor]))
    where = ramp(halves.of(linear).sum(axis=0) / (linear.sum(axis=0) + 1e-6), *TAKEN)
    return np.asarray(cv2.resize(where, picture.shape[:0:-1])) if where.any() else None


def _noise(color: Light, side: int) -> Light:
    """What to add to a difference of colours (h, w), so that it is as around; 0 at edges."""
    away = cv2.blur(cv2.blur(color, (side, side)), (side, side)) - color
    falls = away * np.float32(1 / LIKE_NOISE)
    falls *= falls
    falls += 1
    falls *= falls
    return np.asarray(away / falls)
