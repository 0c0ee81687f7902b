"""Many glasses from one kernel: turned, scaled, drawn out, steeper or flatter.

A bank holds a few hundred lenses, and a long training meets each of them hundreds of times. What a
lens looks like is not to be learnt by heart, so that each use of a kernel is another one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from dashcam_pipeline.training.synthesis import lens
from dashcam_pipeline.training.synthesis.polar import Polar, log_uniform

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

TURN = 0.5
"""Deviation of the turn, radians: the wiper's direction differs, but streaks rarely lie level."""

SCALE = (0.75, 2.0)
"""Range of the enlargement; smaller, and a kernel's end would come into the frame."""

STRETCH = (0.8, 1.25)
"""Range of what one direction is drawn out by."""

STEEPNESS = (0.8, 1.25)
"""Range of the exponent of the light."""


def vary(rng: np.random.Generator, kernel: Tensor, frame_height: int) -> Tensor:
    """Another glass of the same kind.

    Args:
        rng: seeded generator.
        kernel: (3, N, N), of any floating type, as ``lens.sample_lens`` makes them.
        frame_height: of the frames that it serves, pixels.

    Returns:
        float32 of the same shape, not negative, its mean 1 at ``REFERENCE_RADIUS`` again.
    """
    size = kernel.shape[-1]
    turn, scale, stretch = rng.normal(0, TURN), log_uniform(rng, *SCALE), log_uniform(rng, *STRETCH)
    along = rng.uniform(0, math.pi)
    drawn = _turned(along) @ np.diag([stretch, 1 / stretch]) @ _turned(-along)
    matrix = scale * _turned(turn) @ drawn
    centre = np.full(2, size // 2, np.float64)
    # Where each sample of the result comes from; the source stays in the middle.
    back = np.linalg.inv(matrix)
    affine = np.column_stack([back, centre - back @ centre])
    planes = [
        cv2.warpAffine(plane, affine, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        for plane in kernel.float().numpy()
    ]
    varied = torch.from_numpy(np.stack(planes)).clamp_(min=0)
    varied.pow_(log_uniform(rng, *STEEPNESS))
    ring = torch.from_numpy(_ring(size, frame_height))
    return (varied / (varied[:, ring].mean() + 1e-9)).clamp_(max=lens.BRIGHTEST)


@cache
def _ring(size: int, frame_height: int) -> npt.NDArray[np.bool_]:
    """Where a kernel of that size is to be 1 on average, (N, N)."""
    return Polar.square(size, frame_height).ring


def _turned(angle: float) -> npt.NDArray[np.float64]:
    """The matrix of a rotation."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s], [s, c]])
