"""The moon: a small cool disc, and the halo that thin cloud and a misty glass put round it.

The disc is half a degree wide, seen by cameras of 50 to 140 degrees across. The halo is light that
particles scatter forward, by the phase function of Henyey and Greenstein (Astrophysical Journal
93, 1941): (1 - g^2) / (1 + g^2 - 2 g cos(theta))^1.5, g near 1 for particles larger than the
wavelength.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.lamps import CORRELATED, Lamp
from dashcam_pipeline.training.synthesis.polar import REFERENCE_RADIUS

if TYPE_CHECKING:
    import numpy.typing as npt

    Generator = np.random.Generator
    Angles = npt.NDArray[np.floating[Any]]

DIAMETER = 0.52
"""Degrees."""

FORWARD = (0.93, 0.99)
"""Range of the asymmetry g: halos from some degrees to half a degree wide."""

TINT = np.array([1.1, 1.0, 0.9])
"""Halos are a little browner than the moon, as the blue is scattered farther away."""


def sample_moon(rng: Generator, height: int, width: int) -> Lamp:
    """The moon somewhere in the upper part of the frame; its ``halo`` is set."""
    across = rng.uniform(50, 140)  # degrees
    radius = max(DIAMETER / 2 / across * width, 0.7)
    base = np.array(CORRELATED["moon"]) * np.exp(rng.normal(0, 0.05, 3))
    r, g, b = (base / base.max()).tolist()
    x, y = rng.uniform(0, width), rng.uniform(0, 0.4) * height
    radiance = math.exp(rng.uniform(math.log(2), math.log(60)))
    return Lamp(x, y, radius, 1.0, 0.0, (r, g, b), radiance, halo=True)


@glare_kind("moon", "the moon, half a degree wide, with its halo", part="beside")
def halo(rng: Generator, moon: Lamp, height: int, width: int) -> npt.NDArray[np.float32]:
    """Light of the halo, (3, H, W), in the units of ``scatter``: a kernel times the moon's flux.

    The kernel is 1 at ``REFERENCE_RADIUS``, so that halo and lens are of comparable strength, times
    a strength that is drawn.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    per_pixel = math.radians(DIAMETER / 2 / moon.radius)
    theta = np.minimum(np.hypot(x - moon.x, y - moon.y) * per_pixel, math.pi)
    g = rng.uniform(*FORWARD)
    one = float(_phase(np.array(REFERENCE_RADIUS * height * per_pixel), g))
    strength = math.exp(rng.uniform(math.log(0.3), math.log(3))) * moon.flux / one
    color = np.array(moon.color) * TINT * strength
    return np.asarray(_phase(theta, g) * color[:, None, None], np.float32)


def _phase(theta: Angles, g: float) -> Angles:
    """Henyey and Greenstein's phase function over the angle in radians, up to a factor."""
    return np.asarray((1 - g * g) * (1 + g * g - 2 * g * np.cos(theta)) ** -1.5)
