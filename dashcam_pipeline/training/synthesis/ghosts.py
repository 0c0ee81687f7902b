"""Ghosts: light that is reflected between lens surfaces, opposite the lamp that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from dashcam_pipeline.training.synthesis.kind import glare_kind

if TYPE_CHECKING:
    from torch import Tensor

    from dashcam_pipeline.training.synthesis.lamps import Lamp


@glare_kind(
    "ghosts", "reflections between lens surfaces, mirrored through the centre", part="beside"
)
def ghosts(rng: np.random.Generator, lamps: list[Lamp], height: int, width: int) -> Tensor:
    """Reflections between lens surfaces: tinted discs on the line through the centre."""
    canvas = np.zeros((height, width, 3), np.float32)
    brightest = max(lamps, key=lambda lamp: lamp.flux)
    for _ in range(int(rng.integers(1, 6))):
        k = rng.uniform(-1.2, 0.8)
        x = width / 2 + k * (brightest.x - width / 2)
        y = height / 2 + k * (brightest.y - height / 2)
        tint = np.array(brightest.color) * rng.uniform(0.2, 1, 3) * rng.uniform(0.01, 0.12)
        disc = np.zeros_like(canvas)
        radius = int(height * rng.uniform(0.005, 0.06)) + 1
        cv2.circle(disc, (round(x), round(y)), radius, tint.tolist(), -1, cv2.LINE_AA)
        canvas += cv2.GaussianBlur(disc, (0, 0), radius * rng.uniform(0.05, 0.4) + 0.5)
    return torch.from_numpy(canvas).permute(2, 0, 1)
