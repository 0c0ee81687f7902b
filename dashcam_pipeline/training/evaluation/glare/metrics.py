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

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Luma weights of ITU-R BT.709-6, 3.2."""

SSIM_SIGMA = 1.5
"""Of SSIM's Gaussian window, 11x11 pixels (Wang et al. 2004, section III-B)."""

SSIM_FLOOR = (0.01**2, 0.03**2)
"""C1 and C2 of SSIM for a peak of 1 (Wang et al. 2004, section III-B)."""


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


def decibels(square_error: float) -> float:
    """PSNR in dB of a mean squared error, for a peak of 1; at most 100 dB."""
    return float(-10 * np.log10(max(square_error, 1e-10)))


def psnr(a: Picture, b: Picture, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 1; NaN where the mask is empty.

    Args:
        a, b: pictures (H, W, 3) float32 in [0, 1].
        mask: which pixels count, (H, W); all without it.
    """
    error = np.square(a.astype(np.float64) - b)
    if mask is not None:
        error = error[mask]
    if error.size == 0:
        return float("nan")
    return decibels(float(error.mean()))


def weighted_psnr(a: Picture, b: Picture, weight: Picture) -> float:
    """PSNR in dB within a soft mask (H, W): squares of the masked difference over the mask's area.

    So the MIPI 2023 challenge on night-time flare defines G-PSNR and S-PSNR on Flare7K's masks;
    for masks of zeros and ones it is the PSNR of the masked pixels. NaN where the mask is empty.
    """
    area = float(weight.mean(dtype=np.float64))
    if area <= 0:
        return float("nan")
    error = np.square((a - b) * weight[..., None])
    return decibels(float(error.mean(dtype=np.float64) / area))


def ssim_map(a: Picture, b: Picture) -> Picture:
    """Structural similarity of every pixel, the mean over the channels.

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, 2004, equation 13, on R', G' and B'
    with the Gaussian window of that paper (tools that take 7x7 boxes get slightly other values).

    Args:
        a, b: (H, W, 3) float32 in [0, 1].

    Returns:
        (H, W) float32, at most 1.
    """

    def blur(picture: Picture) -> Picture:
        return np.asarray(cv2.GaussianBlur(picture, (11, 11), SSIM_SIGMA))

    c1, c2 = SSIM_FLOOR
    mean_a, mean_b = blur(a), blur(b)
    product = mean_a * mean_b
    squares = np.square(mean_a) + np.square(mean_b)
    covariance = blur(a * b) - product
    variances = blur(np.square(a) + np.square(b)) - squares
    similarity = (2 * product + c1) * (2 * covariance + c2)
    similarity /= (squares + c1) * (variances + c2)
    return np.asarray(similarity.mean(axis=2), np.float32)


def mean_within(values: Picture, mask: Mask) -> float:
    """Mean of a map (H, W) within a mask; NaN where the mask is empty."""
    return float(values[mask].mean(dtype=np.float64)) if mask.any() else float("nan")


@dataclass(frozen=True, slots=True)
class PairScore:
    """PSNR in dB of one picture: in the glare region, elsewhere, and as a whole."""

    glare: float
    rest: float
    whole: float

    @classmethod
    def of(cls, picture: Picture, clear: Picture, regions: Regions) -> PairScore:
        """Score a picture against the clear one, both (H, W, 3) float32 in [0, 1]."""
        return cls(
            psnr(picture, clear, regions.glare),
            psnr(picture, clear, regions.rest),
            psnr(picture, clear),
        )
