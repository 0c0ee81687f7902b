"""Falling rain: thin streaks that catch the light around them. They belong to the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from dashcam_pipeline.simulation.optics import Image
    from dashcam_pipeline.simulation.recipe import Recipe

DROPS = 600
"""Streaks a frame."""


def add_rain(radiance: Image, recipe: Recipe, index: int, time: float) -> Image:
    """Add rain to a picture of a rainy scene; other scenes come back as they are.

    Args:
        radiance: (H, W, 3), linear.
        recipe: of the scene: whether it rains.
        index: of the frame: every frame has other drops.
        time: seconds, for the slowly turning wind.
    """
    if recipe.kind != "rainy-city":
        return radiance
    height, width = radiance.shape[:2]
    rng = np.random.default_rng([500, recipe.seed, index])
    slant = 0.12 + 0.05 * np.sin(time)
    streaks = np.zeros((height, width), np.float32)
    for _ in range(DROPS):
        x, y = rng.uniform(-0.1, 1.1) * width, rng.uniform(-0.1, 1.0) * height
        near = float(rng.random()) ** 3
        long = (0.012 + 0.09 * near) * height
        # Seen from a moving car, drops come from the middle of the view.
        away = (x / width - 0.5) * recipe.speed * 0.05
        a = (round(x * 8), round(y * 8))
        b = (round((x + (slant + away) * long) * 8), round((y + long) * 8))
        thick = 1 if near < 0.8 else 2
        cv2.line(streaks, a, b, float(rng.uniform(0.15, 0.5)), thick, cv2.LINE_AA, 3)
    soft = cv2.GaussianBlur(streaks, (0, 0), 0.6)
    # A drop shows the light of a wide field around it.
    around = cv2.GaussianBlur(np.minimum(radiance, 200.0), (0, 0), 0.06 * width)
    mix = 0.9 * soft[..., None]
    return np.asarray(radiance * (1 - 0.3 * mix) + mix * around, np.float32)
