"""Measures of a cleaned picture against its clear twin, by region.

*Glare region* of a pair: where the difference flare - clear, blurred by a Gaussian of sigma 2
pixels, exceeds 10/255 in any channel. *Lamps*: where the clear picture exceeds 0.97 in any
channel; they count nowhere. *Rest*: everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Picture = npt.NDArray[np.floating[Any]]
    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Regions:
    """Masks (H, W) of one pair."""

    glare: Mask
    rest: Mask

    @classmethod
    def of(cls, flare: Picture, clear: Picture) -> Regions:
        """From a pair of (H, W, 3) float32 pictures in [0, 1]."""
        difference = cv2.GaussianBlur(flare - clear, (0, 0), 2)
        lamps = clear.max(axis=2) > 0.97  # noqa: PLR2004 - the definition above
        glare = (difference.max(axis=2) > 10 / 255) & ~lamps
        return cls(glare, ~glare & ~lamps)


def psnr(a: Picture, b: Picture, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 1; NaN where the mask is empty."""
    error = np.square(a.astype(np.float64) - b)
    if mask is not None:
        error = error[mask]
    if error.size == 0:
        return float("nan")
    return float(-10 * np.log10(max(error.mean(), 1e-10)))


@dataclass(frozen=True, slots=True)
class PairScore:
    """PSNR in dB of one picture: in the glare region, elsewhere, and as a whole."""

    glare: float
    rest: float
    whole: float

    @classmethod
    def of(cls, picture: Picture, clear: Picture, regions: Regions) -> PairScore:
        """Score a picture of a pair."""
        return cls(
            psnr(picture, clear, regions.glare),
            psnr(picture, clear, regions.rest),
            psnr(picture, clear),
        )
