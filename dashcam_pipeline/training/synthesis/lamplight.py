"""What lamps light up around them: walls, pillars and trees that are bright, and no glare.

Glare adds light to whatever is there; a lamp multiplies what a surface shows. So the same bright
place beside a lamp is the one or the other by its texture and by what stays black in it, and a
network that never sees the other takes every lit wall for haze.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.polar import log_uniform

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.training.synthesis.lamps import Lamp

    Plane = npt.NDArray[np.float32]

STEP = 4
"""Pixels of the frame to a sample of the light, which is smooth."""

NEAREST = (0.04, 0.5)
"""Range of a lamp's distance from what it lights, in frame heights."""

STRONGEST = (1.0, 40.0)
"""Range of what the brightest place gains."""

BRIGHTEST = 0.9
"""Linear light up to which a surface is lit: it is no lamp itself."""


@glare_kind("lamplight", "what lamps light up around them: bright, and no glare", part="scene")
def lamplight(rng: np.random.Generator, scene: Plane, lamps: list[Lamp]) -> Plane:
    """Light a scene by its lamps, as walls and trees beside them would be.

    A lamp at a distance a from a wall lights it by (1 + (r / a)^2)^(-3/2): the inverse square law
    and Lambert's cosine.

    Args:
        rng: seeded generator.
        scene: (H, W, 3) linear light.
        lamps: in it, or beside it.

    Returns:
        (H, W, 3), nowhere darker than ``scene``.
    """
    height, width = scene.shape[:2]
    y = (np.arange(-(-height // STEP), dtype=np.float32)[:, None] + 0.5) * STEP
    x = (np.arange(-(-width // STEP), dtype=np.float32)[None] + 0.5) * STEP
    light = np.zeros((len(y), x.shape[1], 3), np.float32)
    even = rng.uniform(0, 1)  # near and far lamps light what is as near and far as they are
    for lamp in lamps:
        away = height * log_uniform(rng, *NEAREST)
        square = (np.square(y - np.float32(lamp.y)) + np.square(x - np.float32(lamp.x))) / away**2
        strength = np.array(lamp.color, np.float32) * np.float32(lamp.flux ** (1 - even))
        light += np.power(1 + square, -1.5)[..., None] * strength
    gain = log_uniform(rng, *STRONGEST) / (float(light.max()) + 1e-9)
    large = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    lit = scene * (1 + np.float32(gain) * large)
    return np.asarray(np.maximum(scene, np.minimum(lit, BRIGHTEST)), np.float32)
