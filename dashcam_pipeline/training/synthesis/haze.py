"""Haze over most of the frame: of all lamps together on a film of dust, and even grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.polar import log_uniform

if TYPE_CHECKING:
    from torch import Tensor

    from dashcam_pipeline.training.synthesis.lamps import Lamp

STEP = 8
"""Pixels of the frame to a sample of the film's light, which is smooth."""

LEVEL = (0.004, 0.2)
"""Range of the film's median, linear light: from one twentieth to nearly half of the code range."""


@glare_kind(
    "film", "haze of all lamps over most of the frame, as on a dusty windscreen", part="beside"
)
def film(rng: np.random.Generator, lamps: list[Lamp], height: int, width: int) -> Tensor:
    """The wide light of all lamps, (3, H, W), its median of ``LEVEL``.

    Each lamp's light falls as (r^2 + s^2)^(-p/2), far slower than its bloom: dust scatters by
    many degrees, and a windscreen's own layers reflect to and fro.
    """
    h, w = -(-height // STEP), -(-width // STEP)
    power, soft = rng.uniform(0.3, 1.7), log_uniform(rng, 0.03, 0.5)
    grey = rng.uniform(0, 0.6)
    y = (np.arange(h, dtype=np.float32)[:, None] + 0.5) * STEP
    x = (np.arange(w, dtype=np.float32)[None] + 0.5) * STEP
    light = np.zeros((h, w, 3), np.float32)
    for lamp in lamps:
        square = ((y - lamp.y) ** 2 + (x - lamp.x) ** 2) / height**2
        color = np.array(lamp.color, np.float32)
        color += np.float32(grey) * (color.mean() - color)
        fall = np.power(square + soft * soft, -power / 2) * np.float32(lamp.flux)
        light += fall[..., None] * color
    large = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    gain = np.float32(log_uniform(rng, *LEVEL)) / (np.median(light) + 1e-9)
    return torch.from_numpy(np.minimum(large * gain, 4.0)).permute(2, 0, 1).contiguous()


@glare_kind("haze", "an even grey veil over the whole glass", part="beside")
def haze(rng: np.random.Generator, glare: Tensor) -> Tensor:
    """Lift a picture's codes (3, H, W) by an even light; white stays white."""
    level = float(rng.uniform(0.002, 0.04))
    return torch.maximum(glare, (glare.square() + level * (1 - glare.square())).sqrt())
