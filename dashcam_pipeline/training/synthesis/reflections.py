"""Lamps mirrored in a wet road: long upright smears that belong to the scene, and stay.

A flat road mirrors a lamp about as far below the horizon as it stands above it; the road's
roughness tilts the mirror mostly along the line of sight, which draws the image out upright.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.training.synthesis.lamps import Lamp

MOST = 12
"""Lamps that are mirrored, the brightest first."""

LARGEST = 0.03
"""Of the frame's height; what is wider is no lamp but a lit wall or car."""

RIPPLE = (2, 24)
"""Height and width of the water's ripples, pixels at the work size: they lie across."""


@glare_kind(
    "reflections", "lamps mirrored in a wet road: no glare, they stay in the target", part="scene"
)
def reflect(
    rng: np.random.Generator, lamps: list[Lamp], height: int, width: int
) -> npt.NDArray[np.float32]:
    """Light of the mirrored lamps, (3, H, W) float32, linear, zero above the horizon."""
    light = np.zeros((3, height, width), np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    horizon = height * rng.uniform(0.42, 0.6)
    gloss = math.exp(rng.uniform(math.log(0.01), math.log(0.2)))
    ripples = rng.normal(1, 0.7, (height // RIPPLE[0] + 1, width // RIPPLE[1] + 1))
    grain = cv2.resize(ripples.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    road = np.clip((y - horizon) / (0.03 * height), 0, 1) * np.clip(grain, 0.2, 2)
    points = [lamp for lamp in lamps if lamp.radius < LARGEST * height]
    for lamp in sorted(points, key=lambda lamp: -lamp.flux)[:MOST]:
        below = horizon + abs(lamp.y - horizon) * rng.uniform(0.9, 1.3)
        wide = max(lamp.radius, 1.0) * rng.uniform(1.0, 2.0)
        long = height * rng.uniform(0.04, 0.15)
        smear = np.exp(-(((x - lamp.x) / wide) ** 2) - ((y - below) / long) ** 2)
        level = gloss * min(lamp.radiance, 20.0) * min(lamp.radius / long, 1.0)
        light += (smear * road * level) * np.array(lamp.color, np.float32)[:, None, None]
    return light
